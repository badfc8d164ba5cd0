/** The service that takes reports in, judges them, pays them in epochs and publishes how. */

export type { LoginOutcome } from "./access/access.ts";
export { DEFAULT_LIMITS, type Limits } from "./access/hotspot-limits.ts";
export { type EmbeddedBroker, type EmbeddedBrokerOptions, openEmbeddedBroker } from "./broker/embedded.ts";
export type { Uplink } from "./broker/uplink.ts";
export { bundleFolder } from "./bundle/bundle-folder.ts";
export type { BundleStore } from "./bundle/bundle-store.ts";
export type { Downlink } from "./downlink/downlink.ts";

export type { RandomBytes } from "./entropy/entropy-source.ts";
export { createGateway } from "./gateway.ts";
export { type HttpOptions, type HttpServer, serveHttp } from "./http/serve.ts";
export type { IngestOutcome } from "./ingest/ingest.ts";
export { EventHub, type GatewayEvent, type Listener } from "./monitoring/events.ts";
export type { GatewayMetrics } from "./monitoring/metrics.ts";
export type { RegistrationPolicy } from "./registry/registry.ts";
export type { Gateway, GatewayDeps } from "./service/gateway-deps.ts";
export { openStore } from "./store/open-store.ts";
export * from "./store/records.ts";
export * from "./store/store.ts";
export { bundlePaths } from "./verify/bundle-source.ts";
export { type CarriedOver, carriedOver } from "./verify/verify-bundle.ts";
export { type VerifyReport, verifyBundle, verifySeries } from "./verify/verify-epoch.ts";
