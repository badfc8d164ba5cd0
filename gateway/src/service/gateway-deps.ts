import type { Clock, Log, LoginRefusal, NetworkParameters, Signer } from "@earshot/protocol";
import type { Hono } from "hono";
import type { Limits } from "../access/hotspot-limits.ts";
import type { Downlink } from "../downlink/downlink.ts";
import type { VerifyElsewhere } from "../ingest/signature-queue.ts";
import type { EventHub } from "../monitoring/events.ts";
import type { GatewayMetrics } from "../monitoring/metrics.ts";
import type { OperatorsWord } from "../registry/assertion.ts";
import type { Store } from "../store/store.ts";

/** 32 unpredictable bytes for the entropy with this index. The demo seeds it; a beacon of public randomness may replace it. */
export type EntropySource = (index: number) => Uint8Array;

/** `open`: any admissible key joins at the position it asserts. `listed`: only hotspots in the registry. */
export type RegistrationPolicy = "open" | "listed";

/** Who may read `/metrics`: anybody, who has the token, or nobody. */
export type MetricsAccess = "open" | "off" | { token: string };

export interface ApiOptions {
  /** "open" when left out. */
  metricsAccess?: MetricsAccess;
  /** Event streams open at once, from all addresses together; 500 when left out. */
  maxEventStreams?: number;
  /** Brokers that may ask about logins, as address or address/bits; this machine's when left out. */
  brokerAddresses?: readonly string[];
}

export interface DiskSpace {
  freeBytes: number;
  totalBytes: number;
}

export interface GatewayDeps {
  /** As configured: published as a new version where they differ from the newest one in the store. */
  parameters: NetworkParameters;
  store: Store;
  clock: Clock;
  /** Holds the network key: entropy, verdicts, receipts and manifests are signed with it. */
  signer: Signer;
  entropySource: EntropySource;
  downlink: Downlink;
  registration: RegistrationPolicy;
  /** The operator's list of hotspots; added to the registry at start. */
  listed?: readonly OperatorsWord[];
  /** Folder that epoch bundles are written to. */
  bundlesDir: string;
  /** Of where store and bundles are kept; told by `/healthz`. */
  disk?(): DiskSpace;
  /** What hotspots may cost; `DEFAULT_LIMITS` when absent. */
  limits?: Limits;
  /** Allows changes through the API; without one the API is read-only. */
  adminToken?: string;
  /** The gateway's own account at another broker, which may ask about it. */
  brokerAccount?: Credentials;
  /** How the API is served, beside `adminToken`. */
  api?: ApiOptions;
  log: Log;
  /** Shared with a broker that counts too; else it has its own. */
  metrics?: GatewayMetrics;
  /**
   * Calls back when packets that arrive together have been gathered into a batch: `queueMicrotask` by default, which
   * keeps virtual time exact; a server passes `setImmediate`, so that one turn of the event loop makes one transaction.
   */
  gather?: (flush: () => void) => void;
  /**
   * Checks signatures of packets that come together in other threads. Without it they are checked at once, one after the
   * other, which keeps virtual time exact.
   */
  verifyElsewhere?: VerifyElsewhere;
}

/**
 * `stored` and `duplicate` mean that the packet is in the store. `noted`: an offline will, which leaves a mark and
 * no packet. A refused packet must be acknowledged too, or its sender repeats it for ever.
 */
export type IngestOutcome =
  | { ok: true; outcome: "stored" | "duplicate" | "noted"; packetId: string }
  | { ok: false; reason: string; packetId: string };

export type LoginOutcome =
  | { ok: true; hotspotId: string }
  | { ok: false; code: LoginRefusal | "unknown_user" | "inadmissible_key" | "unknown_hotspot" };

/** What a client of a broker logs in with. */
export interface Credentials {
  clientId: string;
  username: string;
  password: string;
}

/** What a broker asks of the gateway. */
export interface Uplink {
  /** `sender`: the hotspot that logged in, when the broker knows it. Resolves once the packet is durable; rejects if the store fails. */
  ingest(topic: string, bytes: Uint8Array, sender?: string): Promise<IngestOutcome>;
  /** @param username hotspot id @param password login token */
  login(username: string, password: string): LoginOutcome;
  mayPublish(hotspotId: string, topic: string): boolean;
  maySubscribe(hotspotId: string, filter: string): boolean;
  /** A session opened or ended, however it ended. */
  presence(hotspotId: string, online: boolean): void;
  /** Publishes the newest entropy again: for a broker that has just been reached and may not hold it. */
  announce(): Promise<void>;
}

export interface Gateway extends Uplink {
  /** Publishes entropy, judges and closes epochs until aborted; rejects only on a failure that it cannot outlive: `StoreLostError`. */
  run(signal: AbortSignal): Promise<void>;
  /** API and page. */
  readonly app: Hono;
  readonly events: EventHub;
  readonly metrics: GatewayMetrics;
}
