import type { Clock, Log, NetworkKeys } from "@earshot/protocol";
import type { ExternalBrokerAccess } from "../access/external-broker-access.ts";
import type { BundleStore } from "../bundle/bundle-store.ts";
import type { DenialLog } from "../denials/denial-log.ts";
import type { LogService } from "../log/log-service.ts";
import type { EventHub } from "../monitoring/events.ts";
import type { GatewayMetrics } from "../monitoring/metrics.ts";
import type { FixedParameters, ParametersLog } from "../parameters/parameters-log.ts";
import type { OperatorRegistration } from "../registry/assertion.ts";
import type { KeyChangeOutcome } from "../registry/key-changes.ts";
import type { RegistrationPolicy } from "../registry/registry.ts";
import type { Store } from "../store/store.ts";

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

/** Why the registry did not take a hotspot. */
interface RegistrationRefusal {
  ok: false;
  /** Stable identifier, such as `inadmissible_key`. */
  code: string;
  /** What is wrong and what is allowed. */
  message: string;
}

/** Changes of the registry by the operator, through the API. */
interface RegistryAdmin {
  /** Sent as `Authorization: Bearer <token>`. */
  token: string;
  /** Adds a hotspot or changes it, by the registry's own rules. */
  add(registration: OperatorRegistration): Promise<{ ok: true } | RegistrationRefusal>;
}

export interface AppDeps extends ApiOptions {
  store: Store;
  /** What all versions of the parameters share. */
  parameters: FixedParameters;
  /** All versions. */
  versions: Pick<ParametersLog, "versions" | "inForce" | "next" | "problem" | "announcedProblem">;
  denials: Pick<DenialLog, "all" | "inForce" | "deny" | "revoke">;
  clock: Clock;
  events: EventHub;
  metrics: Readonly<GatewayMetrics>;
  /** Problems beside those of the store: a sentence each. */
  problems(): readonly string[];
  /** Of where the state is kept. */
  disk?(): DiskSpace;
  registration: RegistrationPolicy;
  /** Takes in a hotspot's signed change of its key, from anybody; without it none is. */
  changeKey?(message: Uint8Array): Promise<KeyChangeOutcome>;
  /** Without one the operator changes nothing through the API. */
  admin?: RegistryAdmin;
  /** What a broker that asks over HTTP is answered. */
  mqttAccess?: Pick<ExternalBrokerAccess, "mayLogIn" | "mayUse">;
  /** Who signs for the network. */
  keys(): NetworkKeys;
  /** Of closed epochs. */
  bundles: Pick<BundleStore, "file">;
  publicLog: Pick<LogService, "checkpoint" | "verifierKeys" | "tile" | "prove">;
  log: Log;
  /** Ends the event streams when the gateway stops. */
  signal?: AbortSignal;
}
