import type { Clock, Log, NetworkParameters, RuleSet, Signer } from "@earshot/protocol";
import type { Hono } from "hono";
import type { Credentials } from "../access/access.ts";
import type { Limits } from "../access/hotspot-limits.ts";
import type { Uplink } from "../broker/uplink.ts";
import type { BundleStore } from "../bundle/bundle-store.ts";
import type { Downlink } from "../downlink/downlink.ts";
import type { RandomBytes } from "../entropy/entropy-source.ts";
import type { RelayAccess } from "../entropy/network-source.ts";
import type { ApiOptions, DiskSpace } from "../http/deps.ts";
import type { VerifyElsewhere } from "../ingest/signature-queue.ts";
import type { KeyRing } from "../keys/key-ring.ts";
import type { LogOptions } from "../log/log-service.ts";
import type { EventHub } from "../monitoring/events.ts";
import type { GatewayMetrics } from "../monitoring/metrics.ts";
import type { OperatorRegistration } from "../registry/assertion.ts";
import type { RegistrationPolicy } from "../registry/registry.ts";
import type { Store } from "../store/store.ts";

export interface GatewayDeps {
  /** As configured: published as a new version where they differ from the newest one in the store. */
  parameters: NetworkParameters;
  /** That it can judge by; `RULE_SETS` when absent. */
  ruleSets?: readonly RuleSet[];
  store: Store;
  clock: Clock;
  /** The network's keys; a single one is the root key of a network without key documents. */
  signer: Signer | KeyRing;
  /** The gateway's own entropy: all of it where the parameters say `local`, else what stands in for a drand chain that is away. */
  entropySource: RandomBytes;
  /** Where the signatures of a drand chain are had; those of `DEFAULT_RELAYS` when absent. */
  drand?: RelayAccess;
  downlink: Downlink;
  registration: RegistrationPolicy;
  /** The operator's list of hotspots; added to the registry at start. */
  listed?: readonly OperatorRegistration[];
  /** Of closed epochs: written once, then published. */
  bundles: BundleStore;
  /** Name and witnesses of the network's log. */
  publicLog?: LogOptions;
  /** Of the disk that holds store and bundles; reported by `/healthz`. */
  disk?(): DiskSpace;
  /** What hotspots may cost; `DEFAULT_LIMITS` when absent. */
  limits?: Limits;
  /** Allows changes through the API; without one the API is read-only. */
  adminToken?: string;
  /** The gateway's own account at another broker, which may check its login here. */
  brokerAccount?: Credentials;
  /** How the API is served, beside `adminToken`. */
  api?: ApiOptions;
  log: Log;
  /** Shared with a broker that counts too; else it has its own. */
  metrics?: GatewayMetrics;
  /**
   * Schedules the flush of a batch of packets that arrive together: `queueMicrotask` by default, which keeps virtual time
   * exact; a server passes `setImmediate`, so that one turn of the event loop makes one transaction.
   */
  scheduleFlush?: (flush: () => void) => void;
  /**
   * Checks signatures of packets that come together in other threads. Without it they are checked at once, one after the
   * other, which keeps virtual time exact.
   */
  verifyElsewhere?: VerifyElsewhere;
}

export interface Gateway extends Uplink {
  /** Publishes entropy, judges and closes epochs until aborted; rejects only on a failure that it cannot outlive: `StoreLostError`. */
  run(signal: AbortSignal): Promise<void>;
  /** API and page. */
  readonly app: Hono;
  readonly events: EventHub;
  readonly metrics: GatewayMetrics;
}
