import { join } from "node:path";
import {
  bundleFolder,
  createGateway,
  type Gateway,
  openEmbeddedBroker,
  openStore,
  type Store,
  serveHttp,
} from "@earshot/gateway";
import type { Clock, Log } from "@earshot/protocol";
import { DEMO_PARAMETERS, seededEntropy } from "./demo-network.ts";
import { networkSigner } from "./plan-fleet.ts";

interface RealGatewayOptions {
  clock: Clock;
  log: Log;
  seed: number;
  stateDir: string;
  httpPort: number;
  mqttPort: number;
}

interface RealGateway {
  gateway: Gateway;
  store: Store;
  bundlesDir: string;
  pageUrl: string;
  brokerUrl: string;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const MAX_CONNECTIONS = 2000;
const HTTP_LIMITS = { max: 500, maxPerAddress: 250 };

/** The gateway as it ships, on loopback, with the network key and the entropy of the seed. */
export async function startRealGateway(options: RealGatewayOptions): Promise<RealGateway> {
  const { clock, log, seed, stateDir, httpPort, mqttPort } = options;
  await using opened = new AsyncDisposableStack();
  const store = await openStore(`sqlite://${join(stateDir, "gateway.db")}`);
  opened.defer(() => store.close());
  const broker = await openEmbeddedBroker({
    host: HOST,
    port: mqttPort,
    maxConnections: MAX_CONNECTIONS,
    clock,
    log,
  });
  opened.defer(() => broker.close());
  const bundlesDir = join(stateDir, "epochs");
  const gateway = await createGateway({
    parameters: DEMO_PARAMETERS,
    store,
    clock,
    signer: networkSigner(seed),
    entropySource: seededEntropy(seed),
    downlink: broker,
    registration: "open",
    bundles: bundleFolder(bundlesDir),
    log,
    scheduleFlush: setImmediate,
  });
  const { fetch } = gateway.app;
  const http = await serveHttp({
    host: HOST,
    port: httpPort,
    limits: HTTP_LIMITS,
    trustedProxies: [],
    fetch,
  });
  opened.defer(() => http.close());
  broker.serve(gateway);
  const closing = opened.move();
  return {
    gateway,
    store,
    bundlesDir,
    pageUrl: http.url,
    brokerUrl: `mqtt://${HOST}:${broker.port}`,
    close: () => closing.disposeAsync(),
  };
}
