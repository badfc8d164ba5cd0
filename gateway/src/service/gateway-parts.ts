import { ChainChecker, entropyMessage, type Log } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import { KeyCache } from "../access/key-cache.ts";
import { DenialLog } from "../denials/denial-log.ts";
import { EntropyPublisher } from "../downlink/entropy-publisher.ts";
import { Notices } from "../downlink/notices.ts";
import { StateTeller } from "../entropy/announced-state.ts";
import { DEFAULT_RELAYS, NetworkSource } from "../entropy/network-source.ts";
import { closeEpoch } from "../epochs/close-epoch.ts";
import type { CheckedPacket } from "../ingest/check-packet.ts";
import { Ingest } from "../ingest/ingest.ts";
import { StatusIntake } from "../ingest/status-intake.ts";
import { Judging } from "../judging/judging.ts";
import { reapply } from "../judging/revoke-future.ts";
import { revokeUnannounced } from "../judging/revoke-unannounced.ts";
import { KeyRing } from "../keys/key-ring.ts";
import { LogService } from "../log/log-service.ts";
import { EventHub } from "../monitoring/events.ts";
import { countReading, type GatewayMetrics, newMetrics } from "../monitoring/metrics.ts";
import { ParametersLog } from "../parameters/parameters-log.ts";
import type { OperatorRegistration } from "../registry/assertion.ts";
import { Commitments } from "../registry/commitments.ts";
import { CopyWatch } from "../registry/copy-watch.ts";
import { Registry } from "../registry/registry.ts";
import { StoreRefusedError } from "../store/owner.ts";
import type { StoredPacket } from "../store/records.ts";
import { loadProgress, type Progress } from "../time/progress.ts";
import { SteadyClock } from "../time/steady-clock.ts";
import type { GatewayDeps } from "./gateway-deps.ts";

export interface GatewayParts extends Base {
  entropy: EntropyPublisher;
  source: NetworkSource;
  ingest: Ingest;
  statuses: StatusIntake;
  judging: Judging;
  publicLog: LogService;
}

type SteadyDeps = GatewayDeps & { clock: SteadyClock; signer: KeyRing };

interface Base {
  deps: SteadyDeps;
  keys: KeyCache;
  events: EventHub;
  metrics: GatewayMetrics;
  parameters: ParametersLog;
  progress: Progress;
  registry: Registry;
  commitments: Commitments;
  denials: DenialLog;
  copies: CopyWatch;
  notices: Notices;
  mutex: Mutex;
  /** Held while it is announced what there is, and while that changes. */
  announcing: Mutex;
}

/** Makes the parts and ties them together; the only place that knows all of them. */
export async function buildParts(given: GatewayDeps): Promise<GatewayParts> {
  const base = await buildBase(await steadied(given));
  const { deps, parameters } = base;
  const statuses = new StatusIntake({
    store: deps.store,
    sendReceipt: (...status) => base.notices.receipt(...status),
    log: deps.log.child({ component: "ingest" }),
  });
  // Ingest and judging call each other: ingest hands late reports on, judging waits until all is stored.
  const ingest: Ingest = buildIngest(base, statuses, (packet) => judging.late(packet));
  const judging = buildJudging(base, () => ingest.drained());
  const { store, clock, signer, entropySource: random, downlink } = deps;
  const { fixed } = parameters;
  const source = new NetworkSource({
    ...{ parameters, random, relays: deps.drand ?? DEFAULT_RELAYS, clock },
    log: deps.log.child({ component: "entropy" }),
  });
  const states = new StateTeller({ ...base, store });
  const entropy = new EntropyPublisher({
    ...{ parameters: fixed, store, clock, signer, source, downlink, states },
    progress: base.progress,
    announcing: base.announcing,
    async takeBack(latest, epoch) {
      const revoked = await revokeUnannounced(latest, epoch, { ...base, states });
      // Not awaited: it may have to wait for judging, and entropy does not.
      if (revoked !== undefined)
        void reapply(revoked, base).catch((err: unknown) =>
          deps.log.error("Cannot apply again what was revoked", { err }),
        );
    },
  });
  return { ...base, entropy, source, ingest, statuses, judging, publicLog: buildLog(base) };
}

function buildLog({ deps, parameters, denials, metrics }: Base): LogService {
  const { store, bundles, signer, clock, publicLog: options = {} } = deps;
  return new LogService({
    ...{ store, bundles, signer, clock, metrics, options },
    parameters: parameters.fixed,
    statements: () => [
      ...signer.documents,
      ...[...parameters.versions, ...denials.all].map(({ message }) => message),
    ],
    log: deps.log.child({ component: "log" }),
  });
}

/** All parts use the steady clock; only that one reads the machine's. */
async function steadied(given: GatewayDeps): Promise<SteadyDeps> {
  const { entropyPeriodMs } = given.parameters;
  const newest = await given.store.latestEntropy();
  const newestEntropyMs = newest?.entropy.atMs;
  const clock = new SteadyClock({
    clock: given.clock,
    entropyPeriodMs,
    newestEntropyMs,
    log: given.log.child({ component: "clock" }),
  });
  const { signer, parameters } = given;
  const ring = signer instanceof KeyRing ? signer : KeyRing.ofRoot(parameters.network, signer, clock);
  if (newest !== undefined) checkPast(newest.message, ring);
  return { ...given, clock, signer: ring };
}

/** Keys that were put back from an old copy, or are another network's, would sign what nobody takes. @throws {StoreRefusedError} */
function checkPast(newestEntropy: Uint8Array, ring: KeyRing): void {
  const opened = entropyMessage.open(newestEntropy, ring.keys.network, ring);
  if (opened.ok) return;
  const why = `its newest entropy was not signed by ${ring.keys.describe("entropy")} (${opened.code})`;
  throw new StoreRefusedError(
    `The keys do not fit the database: ${why}. Put back the newest network.key or keys.cbor, which each epoch's bundle has`,
  );
}

async function buildBase(deps: SteadyDeps): Promise<Base> {
  const { store, clock, signer, downlink, registration: policy } = deps;
  const log = deps.log.child({ component: "registry" });
  const { metrics = newMetrics() } = deps;
  const mutex = new Mutex();
  const { ruleSets } = deps;
  const parameters = await ParametersLog.load(deps.parameters, { store, clock, signer, ruleSets });
  const progress = await loadProgress(store, parameters.fixed, clock.now());
  warnOfRules(parameters, progress.openEpoch - 1, log);
  const announcing = new Mutex();
  const common = { store, progress, clock, signer, mutex, announcing };
  const denials = await DenialLog.load(common);
  const copies = new CopyWatch({ store, clock });
  const notices = new Notices({
    ...{ parameters, signer, clock, downlink, store, metrics },
    copied: (hotspotId) => copies.copied(hotspotId),
    log: deps.log.child({ component: "downlink" }),
  });
  const registry = await Registry.load({
    ...common,
    keys: signer,
    policy,
    parameters,
    limits: deps.limits ?? DEFAULT_LIMITS,
    log,
    onRefused: (...refused) => notices.refusal(...refused),
  });
  const onRefused: typeof notices.refusal = (...refused) => notices.refusal(...refused);
  const commitments = new Commitments({ ...common, parameters, log, onRefused });
  for (const hotspot of deps.listed ?? []) await list(hotspot, registry, log);
  metrics.entropyIndex = (await store.latestEntropy())?.entropy.index ?? -1;
  metrics.judgedThrough = progress.judgedThrough;
  metrics.closedEpoch = progress.openEpoch - 1;
  const keys = new KeyCache();
  const logs = { parameters, registry, commitments, denials };
  return {
    deps,
    keys,
    events: new EventHub(),
    metrics,
    ...logs,
    progress,
    copies,
    notices,
    mutex,
    announcing,
  };
}

/** Told at start and whenever an epoch closes, since updating a gateway takes its operator time. */
function warnOfRules(parameters: ParametersLog, closedEpoch: number, log: Log): void {
  const why = parameters.announcedProblem(closedEpoch);
  if (why !== undefined) log.error("Rules are announced by which this program cannot judge", { why });
}

/** An owner may contradict the list: then the assertion stands, and the log says so. */
async function list(hotspot: OperatorRegistration, registry: Registry, log: Log): Promise<void> {
  const added = await registry.add(hotspot);
  if (added.ok) return;
  if (added.code === "inadmissible_key") throw new RangeError(`Cannot list hotspot: ${added.message}`);
  log.warn("A listed hotspot was not changed", { reason: added.code, problem: added.message });
}

function buildIngest(base: Base, statuses: StatusIntake, onLate: (packet: StoredPacket) => void): Ingest {
  const { copies, deps, keys, metrics, progress, registry, notices } = base;
  const { clock, store } = deps;
  return new Ingest({
    progress,
    clock,
    keys,
    metrics,
    store,
    log: deps.log.child({ component: "ingest" }),
    scheduleFlush: deps.scheduleFlush,
    verifyElsewhere: deps.verifyElsewhere,
    limits: deps.limits ?? DEFAULT_LIMITS,
    isAllowed: (hotspotId) => registry.isAllowed(hotspotId),
    onStored(checked, stored) {
      const { packet } = checked.decoded;
      if (packet.type === "reading") countReading(packet, metrics);
      notices.stored(stored);
      if (packet.type === "status") copies.note(stored.hotspotId, packet);
      noteStatus(checked, stored, base, statuses);
      if (stored.entropyIndex !== null && stored.entropyIndex <= progress.judgingThrough) onLate(stored);
    },
    onKnown(checked, stored) {
      notices.stored(stored);
      // The store may have failed, or the gateway ended, after it was written and before its sender was registered.
      noteWords(checked, stored, base);
    },
    onWill: (hotspotId) => store.markOffline(hotspotId, clock.now()),
    onRefused(reason, packetId, hotspotId, measurements) {
      if (hotspotId !== undefined) notices.refusal(hotspotId, packetId, reason, measurements);
    },
  });
}

function noteStatus(checked: CheckedPacket, stored: StoredPacket, base: Base, statuses: StatusIntake): void {
  const { packet } = checked.decoded;
  if (packet.type !== "status") return;
  const { hotspotId, id: packetId, receivedAtMs } = stored;
  statuses.note({ hotspotId, packetId, status: packet, receivedAtMs });
  noteWords(checked, stored, base);
}

/** What a status packet asserts, and what it commits to: a new hotspot is registered first. */
function noteWords(
  { decoded: { packet, bytes: evidence }, hotspotId: id }: CheckedPacket,
  { receivedAtMs }: StoredPacket,
  { registry, commitments: accepted }: Base,
): void {
  if (packet.type !== "status") return;
  const { assertion, commitments, sequence } = packet;
  if (assertion !== null) registry.assert({ id, assertion, sequence, receivedAtMs, evidence });
  if (commitments !== null) accepted.note({ id, commitments, receivedAtMs, evidence });
}

/** Long work lets packets, timers and requests have their turn; where there are none, as in virtual time, it just goes on. */
const pauseOf =
  ({ scheduleFlush = queueMicrotask }: Pick<GatewayDeps, "scheduleFlush">) =>
  (): Promise<void> =>
    new Promise((resolve) => scheduleFlush(resolve));

function buildJudging(base: Base, drained: () => Promise<void>): Judging {
  const { deps, denials, events, mutex, metrics, notices, parameters, progress, registry } = base;
  const { bundles, clock, signer, store } = deps;
  const log = deps.log.child({ component: "judging" });
  const pause = pauseOf(deps);
  const closing = {
    keyDocuments: () => signer.documents,
    ...{ store, parameters: parameters.fixed, signer, clock, bundles, pause, ruleSets: deps.ruleSets },
    log: deps.log.child({ component: "epochs" }),
  };
  return new Judging({
    store,
    progress,
    parameters,
    registry,
    denials,
    clock,
    events,
    metrics,
    notices,
    mutex,
    drained,
    pause,
    log,
    chains: new ChainChecker(parameters.fixed.network),
    async closeEpoch(epoch) {
      const closed = await closeEpoch(epoch, closing);
      warnOfRules(parameters, epoch, log);
      while (await registry.forgetUnheard()) await pause();
      return closed;
    },
  });
}
