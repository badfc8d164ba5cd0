import { keysTopic } from "@earshot/protocol";
import { OutageLog } from "@earshot/protocol/runtime";
import type { Hono } from "hono";
import { type LoginOutcome, login, mayPublish, maySubscribe } from "../access/access.ts";
import { ExternalBrokerAccess } from "../access/external-broker-access.ts";
import { createApp } from "../http/app.ts";
import type { AppDeps } from "../http/deps.ts";
import type { IngestOutcome } from "../ingest/ingest.ts";
import { reapply, revokeFuture } from "../judging/revoke-future.ts";
import { count } from "../monitoring/metrics.ts";
import type { Gateway } from "./gateway-deps.ts";
import type { GatewayParts } from "./gateway-parts.ts";

/** How often a clock in doubt is checked. */
const DOUBT_POLL_MS = 1000;

/** The running gateway, over its parts. */
export class GatewayCore implements Gateway {
  readonly app: Hono;
  readonly #parts: GatewayParts;
  readonly #stopped = new AbortController();
  readonly #connected = new Set<string>();
  #advancing: Promise<void> = Promise.resolve();
  #logging: Promise<void> = Promise.resolve();
  #isAdvancing = false;
  /** Of repeated work, by its name. */
  readonly #outages = new Map<string, OutageLog>();

  constructor(parts: GatewayParts) {
    this.#parts = parts;
    const { clock, brokerAccount: account, log, parameters } = parts.deps;
    const { network } = parameters;
    const mqttAccess = new ExternalBrokerAccess({
      uplink: this,
      network,
      account,
      clock,
      metrics: parts.metrics,
      log: log.child({ component: "access" }),
    });
    this.app = createApp({ ...appDeps(parts, this.#stopped.signal), mqttAccess });
  }

  get events() {
    return this.#parts.events;
  }

  get metrics() {
    return this.#parts.metrics;
  }

  ingest(topic: string, bytes: Uint8Array, sender?: string): Promise<IngestOutcome> {
    return this.#parts.ingest.ingest(topic, bytes, sender);
  }

  login(username: string, password: string): LoginOutcome {
    const { deps, keys, metrics, registry } = this.#parts;
    const outcome = login(username, password, {
      network: deps.parameters.network,
      keys,
      now: () => deps.clock.now(),
      isAllowed: (id) => registry.isAllowed(id),
    });
    if (!outcome.ok) count(metrics.loginsRefused, outcome.code);
    return outcome;
  }

  mayPublish(hotspotId: string, topic: string): boolean {
    return mayPublish(this.#parts.deps.parameters.network, hotspotId, topic);
  }

  maySubscribe(hotspotId: string, filter: string): boolean {
    return maySubscribe(this.#parts.deps.parameters.network, hotspotId, filter);
  }

  presence(hotspotId: string, online: boolean): void {
    const { deps, events, metrics } = this.#parts;
    if (online) this.#connected.add(hotspotId);
    else this.#connected.delete(hotspotId);
    metrics.connectedClients = this.#connected.size;
    events.emit({ kind: "hotspot", hotspotId, online, atMs: deps.clock.now() });
  }

  async announce(): Promise<void> {
    const { downlink, parameters, signer } = this.#parts.deps;
    const { newest } = signer.keys;
    // First: an agent that does not know the keys refuses what they sign.
    if (newest !== undefined) {
      await downlink.publish(keysTopic(parameters.network), newest.message, { retain: true });
    }
    await this.#parts.entropy.announce();
  }

  async run(stop: AbortSignal): Promise<void> {
    const { deps, ingest, judging, publicLog, statuses } = this.#parts;
    const { lost } = deps.store;
    const signal = AbortSignal.any([stop, lost]);
    const witnessing = publicLog.run(signal);
    try {
      await judging.recover();
      // What an earlier run did not get to.
      this.#appendToLog();
      // An earlier process may have published for this period, to a broker that forgets.
      void this.#try("publish entropy", () => this.announce());
      while (!signal.aborted) await this.#period(signal);
    } finally {
      this.#stopped.abort();
      this.#parts.deps.clock.close();
      await this.#advancing;
      await this.#logging;
      await witnessing;
      await ingest.drained();
      await statuses.idle();
    }
    lost.throwIfAborted();
  }

  /** Publishes this period's entropy, sets judging off and waits for the next period. */
  async #period(signal: AbortSignal): Promise<void> {
    const { clock, store } = this.#parts.deps;
    await this.#try("keep the ownership of the store", async () => void (await store.checkOwner()));
    await this.#try("read the key documents", () => this.#refreshKeys());
    if (clock.isNew) await this.#try("revoke what was made in the future", () => this.#adoptNewTime());
    if (clock.doubt === undefined) await this.#try("make entropy", () => this.#publishDue(signal));
    if (clock.isSettled) this.#advance(signal);
    try {
      await this.#untilNextPeriod(signal);
    } catch {
      // Aborted.
    }
  }

  /** At most a period: then the clock is checked again, sooner when it is in doubt. */
  async #untilNextPeriod(signal: AbortSignal): Promise<void> {
    const { deps, entropy } = this.#parts;
    const { clock } = deps;
    const wasInDoubt = clock.doubt !== undefined;
    // A timer may fire a little early by this clock.
    for (const index = entropy.index(); entropy.index() === index; ) {
      const leftMs = entropy.nextPeriodMs() - clock.now();
      await clock.sleep(wasInDoubt ? Math.min(leftMs, DOUBT_POLL_MS) : leftMs, signal);
      if (wasInDoubt) return;
    }
  }

  /** Judging uses the same mutex, and pending writes are awaited: nothing is filed by the old progress. */
  async #adoptNewTime(): Promise<void> {
    const { deps, mutex, ingest, statuses } = this.#parts;
    const revoked = await mutex.run(async () => {
      await ingest.drained();
      await statuses.idle();
      return revokeFuture(this.#parts);
    });
    if (revoked !== undefined) await reapply(revoked, this.#parts);
    deps.clock.resume();
  }

  /** Between two values of entropy, so that a document counts from its epoch's first value on. */
  async #refreshKeys(): Promise<void> {
    const { log, signer, store } = this.#parts.deps;
    const latest = await store.latestEntropy();
    if (!signer.refresh(latest?.entropy.atMs ?? 0)) return;
    log.info("New key document", { version: signer.keys.version });
    void this.#try("publish entropy", () => this.announce());
  }

  async #publishDue(signal: AbortSignal): Promise<void> {
    const { entropy, events, metrics } = this.#parts;
    const made = await entropy.makeDue(signal);
    if (made === undefined) return;
    metrics.entropyIndex = made.index;
    if (made.source?.signature === null) metrics.entropyUnproven++;
    events.emit({ kind: "entropy", index: made.index, atMs: made.atMs });
    this.#appendToLog();
    // Not awaited: a broker that is away answers when it is back, and the next period does not wait for that.
    void this.#try("publish entropy", () => entropy.announce());
  }

  /** Not awaited by the periods: however long judging takes, entropy stays on time. */
  #advance(signal: AbortSignal): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    const advance = this.#try("judge", () => this.#parts.judging.advance(signal));
    this.#advancing = advance.then(() => {
      this.#isAdvancing = false;
      this.#appendToLog();
    });
  }

  /** After whatever may have made something that belongs into it. Not awaited: nothing waits for the log. */
  #appendToLog(): void {
    this.#logging = this.#try("append to the network's log", () => this.#parts.publicLog.advance());
  }

  /** What fails here (a store or broker that is down) is tried again in the next period, and logged once. */
  async #try(what: string, work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#parts.deps;
    const outages =
      this.#outages.get(what) ?? new OutageLog(`"${what}"`, clock, log.child({ component: "gateway" }));
    this.#outages.set(what, outages);
    try {
      await work();
      outages.works(`Can ${what} again`);
    } catch (error) {
      outages.down("error", `Cannot ${what}`, { err: error });
    }
  }
}

function appDeps(parts: GatewayParts, signal: AbortSignal): AppDeps {
  const { deps, denials, events, metrics, parameters, publicLog, registry } = parts;
  const { store, clock, registration, signer, bundles, adminToken: token } = deps;
  const admin = token === undefined ? undefined : { token, add: registry.add.bind(registry) };
  return {
    store,
    parameters: parameters.fixed,
    versions: parameters,
    denials,
    clock,
    events,
    metrics,
    problems: () => problemsOf(parts),
    registration,
    changeKey: (message) => registry.changeKey(message),
    keys: () => signer.keys,
    bundles,
    publicLog,
    ...(deps.disk === undefined ? {} : { disk: deps.disk }),
    log: deps.log.child({ component: "http" }),
    signal,
    ...deps.api,
    ...(admin === undefined ? {} : { admin }),
  };
}

function problemsOf(parts: GatewayParts): string[] {
  const { deps, parameters, progress, publicLog, source } = parts;
  const { clock, downlink, signer, store } = deps;
  const own = [clock.doubt, downlink.problem?.(), store.problem(), signer.problem()];
  const rules = parameters.problem(progress.openEpoch);
  return [...own, rules, source.problem, ...publicLog.problems].filter((problem) => problem !== undefined);
}
