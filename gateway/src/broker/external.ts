import type { Duplex } from "node:stream";
import { allUpFilter, type Clock, type Log, type MqttVersion, MqttVersions } from "@earshot/protocol";
import {
  abortAfter,
  Backoff,
  type BrokerSocketOptions,
  connectSocket,
  errorCode,
  errorText,
  OutageLog,
  pause,
  readTlsFiles,
  type TlsPaths,
} from "@earshot/protocol/runtime";
import type { Downlink } from "../downlink/downlink.ts";
import { BrokerError } from "./client/broker-errors.ts";
import { BrokerSession } from "./client/broker-session.ts";
import type { Uplink } from "./uplink.ts";

export interface ExternalBrokerOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: string;
  /** Who vouches for the broker (else the system's list), and our own certificate if it wants one; read for each connection. */
  files?: TlsPaths;
  /** The only version that is spoken; else 5, and 3.1.1 where the broker does not know that. */
  version?: MqttVersion;
  username?: string;
  password?: string;
  /** Also names the session: the broker keeps its messages while the gateway is away. */
  clientId: string;
  network: string;
  clock: Pick<Clock, "sleep" | "now" | "elapsedMs">;
  log: Log;
  /** Of the machine by default. */
  openSocket?: (options: BrokerSocketOptions, signal: AbortSignal) => Promise<Duplex>;
}

export interface ExternalBroker extends Downlink {
  /** Takes packets from now on, whenever the broker is there. Resolves after the first attempt, however that ends. */
  serve(uplink: Uplink): Promise<void>;
  close(): Promise<void>;
}

/** For the socket, TLS, CONNACK and SUBACK together. */
const CONNECT_LIMIT_MS = 10_000;
const RETRY = { firstMs: 1000, maxMs: 30_000 };

const FILE_NAMES = { ca: "broker.ca_file", cert: "broker.cert_file", key: "broker.key_file" };

const VERSION_NAMES: Readonly<Record<MqttVersion, string>> = { 4: "3.1.1", 5: "5.0" };

const isPowerOfTwo = (count: number): boolean => (count & (count - 1)) === 0;

/**
 * Any other MQTT broker. The gateway is one of its clients, with a session that outlasts connections; its own PUBACK
 * goes out only after the packet is stored, so that a broker that keeps its sessions loses none. A broker that is away
 * is waited for.
 */
export function openExternalBroker(options: ExternalBrokerOptions): ExternalBroker {
  const connection = new Connection(options);
  return {
    serve: (uplink) => connection.serve(uplink),
    publish: (topic, bytes, { retain = false } = {}) => connection.publish(topic, bytes, retain),
    problem: () => connection.problem(),
    close: () => connection.close(),
  };
}

/** Connects again and again. */
class Connection {
  readonly #options: ExternalBrokerOptions;
  readonly #stop = new AbortController();
  #session: BrokerSession | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #versions: MqttVersions;
  /** Spoken last. */
  #version: MqttVersion = 5;
  /** Connections that failed or did not last, since the last that did. */
  #failures = 0;
  readonly #backoff = new Backoff(RETRY);
  /** Since the last failure. */
  #wasConnected = true;
  readonly #outages: OutageLog;
  #lastProblem = "has not been asked yet";

  constructor(options: ExternalBrokerOptions) {
    this.#options = options;
    this.#versions = new MqttVersions(options.version, options.clock);
    this.#outages = new OutageLog("The connection to the broker", options.clock, options.log);
  }

  async serve(uplink: Uplink): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.#running = this.#run(uplink, first.resolve);
    await first.promise;
  }

  async publish(topic: string, bytes: Uint8Array, retain: boolean): Promise<void> {
    // Not queued for a broker that is away: messages would come later and later.
    if (this.#session === undefined) throw new Error(`Broker ${this.#options.url} is not connected`);
    return this.#session.publish(topic, bytes, retain);
  }

  problem(): string | undefined {
    if (this.#session !== undefined) return undefined;
    return `The broker ${this.#options.url} is not connected: ${this.#lastProblem}`;
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("The gateway stops"));
    await this.#running;
  }

  async #run(uplink: Uplink, onFirst: () => void): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const error = await this.#attempt(uplink, onFirst);
      if (signal.aborted) break;
      this.#lastProblem = error.message;
      onFirst();
      this.#failures++;
      const retryMs = this.#backoff.nextMs();
      const { message } = error;
      const next = { failures: this.#failures, retryMs, mqtt: VERSION_NAMES[this.#version] };
      this.#logFailure({ url: this.#options.url, error: message, ...next });
      await pause(clock, retryMs, signal);
    }
    onFirst();
  }

  /** One connection, from the first byte to its end. */
  async #attempt(uplink: Uplink, onOpen: () => void): Promise<BrokerError> {
    try {
      this.#session = await this.#openInSomeVersion(uplink);
    } catch (error) {
      return error instanceof BrokerError ? error : new BrokerError("closed", errorText(error));
    }
    const session = this.#session;
    const { url } = this.#options;
    this.#wasConnected = true;
    this.#outages.up("info", "Broker connected", { url, mqtt: VERSION_NAMES[this.#version] });
    this.#announce(uplink);
    onOpen();
    const error = await this.#untilEnded(session);
    this.#session = undefined;
    if (session.isSteady) {
      this.#failures = 0;
      this.#backoff.reset();
    }
    return error;
  }

  /** Both versions that may be spoken, one after the other, where the broker does not know the first. */
  async #openInSomeVersion(uplink: Uplink): Promise<BrokerSession> {
    const { log, url } = this.#options;
    const [first, other] = this.#versions.next();
    let why = "";
    if (other !== undefined) {
      try {
        const session = await this.#open(uplink, first);
        this.#versions.worked(first);
        return session;
      } catch (error) {
        if (!isOldBroker(error) || this.#stop.signal.aborted) throw error;
        why = error.message;
      }
    }
    const session = await this.#open(uplink, other ?? first);
    if (this.#versions.worked(other ?? first)) {
      log.warn("Broker speaks no MQTT 5; going on with 3.1.1", {
        url,
        why,
        orSet: 'mqtt_version = "3.1.1"',
      });
    }
    return session;
  }

  async #open(uplink: Uplink, version: MqttVersion): Promise<BrokerSession> {
    this.#version = version;
    const { clock, files = {}, network, openSocket = connectSocket, url } = this.#options;
    const silent = new Error(`no answer within ${CONNECT_LIMIT_MS} ms`);
    let doubts: string[] = [];
    try {
      const { doubts: found, ...pems } = await readTlsFiles(files, FILE_NAMES, clock.now());
      doubts = found;
      const take = (topic: string, payload: Uint8Array) => uplink.ingest(topic, payload);
      const session = { ...this.#options, version, filter: allUpFilter(network), take };
      return await abortAfter(clock, CONNECT_LIMIT_MS, silent, this.#stop.signal, async (giveUp) =>
        BrokerSession.open(await openSocket({ url, ...pems }, giveUp), session, giveUp),
      );
    } catch (error) {
      throw withDoubts(error, doubts);
    }
  }

  async #untilEnded(session: BrokerSession): Promise<BrokerError> {
    const { signal } = this.#stop;
    const goodbye = () => session.close();
    signal.addEventListener("abort", goodbye, { once: true });
    if (signal.aborted) goodbye();
    const error = await session.ended;
    signal.removeEventListener("abort", goodbye);
    return error;
  }

  /** A broker that was restarted may have lost what it retained. */
  #announce(uplink: Uplink): void {
    uplink.announce().catch((error: Error) => {
      this.#options.log.warn("Cannot publish the entropy again", { err: error });
    });
  }

  /** Each outage, and less and less often while it lasts, for the reason may be another by then. */
  #logFailure(fields: Record<string, unknown>): void {
    const message = "Broker not connected; trying again";
    if (this.#wasConnected) this.#outages.down("warn", message, fields);
    else if (isPowerOfTwo(this.#failures) && !this.#outages.isFlapping)
      this.#options.log.warn(message, fields);
    this.#wasConnected = false;
  }
}

/** A certificate that is not valid now may be why a broker that was reached does not let the gateway in. */
function withDoubts(error: unknown, doubts: readonly string[]): unknown {
  const isReached = error instanceof BrokerError || /SSL|TLS|CERT/.test(errorCode(error));
  if (doubts.length === 0 || !isReached || !(error instanceof Error)) return error;
  const message = [...doubts, error.message].join("; ");
  return error instanceof BrokerError
    ? new BrokerError(error.code, message, { cause: error })
    : new Error(message);
}

/** It refused the version, or closed or stayed silent before any CONNACK. */
const isOldBroker = (error: unknown): error is BrokerError =>
  error instanceof BrokerError && (error.code === "version_refused" || error.code === "silent");
