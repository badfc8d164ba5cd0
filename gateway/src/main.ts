/** `bun run gateway [--config FILE]` and `bun run gateway verify-epoch PATH`. */

import { randomBytes } from "node:crypto";
import { statfsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { hotspotId } from "@earshot/protocol";
import {
  errorCode,
  errorText,
  ProgramLog,
  systemClock,
  systemOutput,
  unmountedDisk,
} from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { descriptorLimit, sharedConnections } from "./access/connections.ts";
import { openEmbeddedBroker } from "./broker/embedded.ts";
import { openExternalBroker } from "./broker/external.ts";
import type { Uplink } from "./broker/uplink.ts";
import { bundleFolder } from "./bundle/bundle-folder.ts";
import { limitsOf, loadConfig, parametersOf, wantedConnections } from "./config/config.ts";
import type { GatewayConfig } from "./config/schema.ts";
import type { Downlink } from "./downlink/downlink.ts";
import { createGateway } from "./gateway.ts";
import type { MetricsAccess } from "./http/deps.ts";
import { type HttpOptions, type HttpServer, type RequestEnvironment, serveHttp } from "./http/serve.ts";
import type { VerifyElsewhere } from "./ingest/signature-queue.ts";
import { keyFiles, keyPlacesOf, rootOf } from "./keys/key-files.ts";
import { KeyRing } from "./keys/key-ring.ts";
import { runKeys } from "./keys/keys-command.ts";
import type { LogOptions } from "./log/log-service.ts";
import { readPolicyFile } from "./log/policy-file.ts";
import { type GatewayMetrics, newMetrics } from "./monitoring/metrics.ts";
import { PROGRAM } from "./monitoring/program.ts";
import { readHotspotsFile } from "./registry/hotspots-file.ts";
import { documentCheck } from "./service/document-check.ts";
import type { GatewayDeps } from "./service/gateway-deps.ts";
import { Startup } from "./service/startup.ts";
import { openStore } from "./store/open-store.ts";
import { StoreLostError, StoreRefusedError } from "./store/owner.ts";
import type { Store } from "./store/store.ts";
import { runCompareRules } from "./verify/compare-rules.ts";
import { openSignaturePool } from "./verify/signature-pool.ts";
import { runVerifyEpoch, type VerifyCommandIo } from "./verify/verify-command.ts";
import { runWitness } from "./witness/witness-command.ts";

const USAGE = `Usage: gateway [--config FILE]       take reports in, judge, pay, show
       gateway verify-epoch PATH     recompute a bundle, a folder of bundles or a gateway's from the packets
       gateway keys ACTION           who signs for the network: show, init, rotate ROLE, revoke KEY
       gateway compare-rules PATH    judge bundles by another rule set, side by side
       gateway witness --name NAME   cosign the logs of other networks
       gateway --version             of this program
`;

/** Exit code of a gateway that another one has taken the store over from. */
const STORE_LOST = 3;
/** How long a clean stop may take before the process ends anyway. */
const STOP_LIMIT_MS = 2500;

const output = systemOutput((exitCode) => {
  // A command is there only to print. The gateway itself goes on: it takes reports in, read or not.
  if (command !== undefined) process.exit(exitCode);
});
const programLog = new ProgramLog({ clock: systemClock, reader: output.logReader, write: output.err });
const { log } = programLog;

const terminal: VerifyCommandIo = {
  ...output,
  isTerminal: process.stderr.isTTY,
  clock: systemClock,
  threads: availableParallelism(),
};

const COMMANDS: Readonly<Record<string, (args: string[], io: VerifyCommandIo) => Promise<number>>> = {
  "verify-epoch": runVerifyEpoch,
  "compare-rules": runCompareRules,
  keys: async (args, io) => runKeys(args, { ...io, clock: systemClock, environment: process.env }),
};

const [name = "", ...rest] = process.argv.slice(2);
const command = process.argv.includes("--version")
  ? printVersion
  : Object.hasOwn(COMMANDS, name)
    ? COMMANDS[name]
    : undefined;
process.exitCode = await (command === undefined ? main(process.argv.slice(2)) : command(rest, terminal));

/** Of every command. */
async function printVersion(): Promise<number> {
  output.out(`gateway ${PROGRAM.version}\n`);
  return 0;
}

async function main(args: string[]): Promise<number> {
  try {
    return args[0] === "witness" ? await witness(args.slice(1)) : await serve(args);
  } catch (error) {
    const isToldByItsMessage = [ConfigError, StoreLostError, StoreRefusedError].some(
      (one) => error instanceof one,
    );
    if (error instanceof ConfigError) output.err(`${error.message}\n`);
    else log.error("The gateway ends", isToldByItsMessage ? { why: errorText(error) } : { err: error });
    return error instanceof ConfigError ? 2 : error instanceof StoreLostError ? STORE_LOST : 1;
  }
}

async function serve(args: string[]): Promise<number> {
  const options = readArguments(args);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const ignored: string[] = [];
  const config = loadConfig(options.config, process.env, (what) => ignored.push(what));
  programLog.configure(config.log);
  for (const what of ignored) log.warn(what);
  return untilStopped((signal) => runServices(config, signal));
}

function witness(args: readonly string[]): Promise<number> {
  return untilStopped((signal) => runWitness(args, { out: output.out, clock: systemClock, log, signal }));
}

async function untilStopped(run: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stopSoon(stop));
  const telling = programLog.run(stop.signal);
  try {
    await run(stop.signal);
  } catch (error) {
    // Told to stop while it waited for something.
    if (error !== stop.signal.reason) throw error;
  } finally {
    stop.abort();
    await telling;
  }
  return 0;
}

function readArguments(args: string[]): { config?: string | undefined; help?: boolean | undefined } {
  try {
    return parseArgs({ args, options: { config: { type: "string" }, help: { type: "boolean" } } }).values;
  } catch (error) {
    throw new ConfigError([`${errorText(error)}\n${USAGE}`]);
  }
}

function stopSoon(stop: AbortController): void {
  stop.abort(new Error("Stopped by a signal"));
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
}

interface Broker extends Downlink {
  serve(uplink: Uplink): void | Promise<void>;
  close(): Promise<void>;
  readonly address: string;
}

async function runServices(config: GatewayConfig, signal: AbortSignal): Promise<void> {
  // Closed in reverse order, also when a later one does not open: nothing may keep the process alive.
  await using opened = new AsyncDisposableStack();
  const limits = sharedConnections(await descriptorLimit(), wantedConnections(config));
  if (limits.problem !== undefined) log.warn(limits.problem);
  const starting = new Startup<RequestEnvironment>(
    { clock: systemClock, log: log.child({ component: "start" }) },
    signal,
  );
  await showSoon(config.http, limits.http, starting, opened);
  const signer = await starting.open("The state folder", () => openState(config));
  const storeOptions = { log: log.child({ component: "store" }), check: documentCheck(config.network) };
  const store = await starting.open("The store", () => openStore(storeUrl(config), storeOptions));
  opened.defer(() => store.close());
  const metrics = newMetrics();
  const clientId = brokerClientId(signer.keys.root);
  const broker = await starting.open("The broker", () =>
    openBroker(config, limits.broker, clientId, metrics),
  );
  opened.defer(() => broker.close());
  const maxEventStreams = Math.ceil(limits.http / 2);
  const deps = await starting.open("The list of hotspots or of witnesses", () =>
    gatewayDeps(config, { store, broker, signer, clientId, metrics, maxEventStreams }),
  );
  const verifyElsewhere = openSignatureThreads(opened);
  const gateway = await createGateway({ ...deps, ...(verifyElsewhere && { verifyElsewhere }) });
  starting.answerWith(gateway.app.fetch);
  await broker.serve(gateway);
  console.log(`MQTT broker  ${broker.address}`);
  console.log(`Network      ${config.network}, public key ${hotspotId(signer.keys.root)}`);
  await gateway.run(signal);
}

/** Takes requests before anything else, or as soon as the address can be had; resolves after the first attempt. */
async function showSoon(
  config: GatewayConfig["http"],
  max: number,
  starting: Startup<RequestEnvironment>,
  opened: AsyncDisposableStack,
): Promise<void> {
  const tried = Promise.withResolvers<void>();
  const open = async () => {
    const http = await openHttp(config, max, starting.fetch);
    console.log(`Fleet page   ${http.url}`);
    return http;
  };
  const listening = starting.open("The HTTP address", open, tried.resolve).catch(() => undefined);
  opened.defer(async () => {
    starting.stop();
    await (await listening)?.close();
  });
  await tried.promise;
}

async function openState(config: GatewayConfig): Promise<KeyRing> {
  const { state_dir: folder } = config;
  // A key made in its place would be another network's.
  const missing = unmountedDisk(resolve(folder));
  if (missing !== undefined)
    throw new Error(`${folder} is on ${missing}, which is not mounted yet (/etc/fstab)`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const places = keyPlacesOf(config, process.env);
  return KeyRing.load(parametersOf(config), rootOf(places), keyFiles(places), systemClock);
}

function storeUrl({ store_url: url, state_dir: folder }: GatewayConfig): string {
  return url ?? `sqlite://${join(folder, "gateway.db")}`;
}

/** Two check as many signatures as this thread can take in; on a single core nobody would check sooner. */
function openSignatureThreads(opened: AsyncDisposableStack): VerifyElsewhere | undefined {
  const threads = Math.min(2, availableParallelism() - 1);
  if (threads < 1) return undefined;
  const pool = openSignaturePool(threads);
  opened.defer(() => pool.close());
  return async (jobs) => pool.start(jobs).answers();
}

interface Opened {
  store: Store;
  broker: Broker;
  signer: KeyRing;
  /** At another broker. */
  clientId: string;
  metrics: GatewayMetrics;
  maxEventStreams: number;
}

async function gatewayDeps(
  config: GatewayConfig,
  { store, broker, signer, clientId, metrics, maxEventStreams }: Opened,
): Promise<GatewayDeps> {
  const { hotspots_file: file, policy } = config.registration;
  return {
    parameters: parametersOf(config),
    store,
    clock: systemClock,
    signer,
    entropySource: () => new Uint8Array(randomBytes(32)),
    drand: { urls: config.entropy.urls, fetch },
    downlink: broker,
    registration: policy,
    limits: limitsOf(config),
    ...(file === undefined ? {} : { listed: readHotspotsFile(file) }),
    ...(config.http.admin_token === undefined ? {} : { adminToken: config.http.admin_token }),
    api: {
      maxEventStreams,
      metricsAccess: metricsAccess(config.http),
      brokerAddresses: config.http.broker_addresses,
    },
    publicLog: logOptions(config.public_log),
    ...brokerAccount(config.broker, clientId),
    bundles: bundleFolder(join(config.state_dir, "epochs")),
    disk: () => {
      const { bavail, blocks, bsize } = statfsSync(config.state_dir);
      return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    },
    scheduleFlush: setImmediate,
    log,
    metrics,
  };
}

function logOptions({ origin, policy_file: file }: GatewayConfig["public_log"]): LogOptions {
  return {
    ...(origin !== undefined && { origin }),
    ...(file !== undefined && { policy: readPolicyFile(file) }),
  };
}

function brokerClientId(root: Uint8Array): string {
  return `earshot-gateway-${hotspotId(root).slice(-12)}`;
}

function brokerAccount({ url, username, password }: GatewayConfig["broker"], clientId: string) {
  if (url === undefined || username === undefined || password === undefined) return {};
  return { brokerAccount: { clientId, username, password } };
}

function metricsAccess({ metrics, metrics_token: token }: GatewayConfig["http"]): MetricsAccess {
  if (!metrics) return "off";
  return token === undefined ? "open" : { token };
}

async function openHttp(
  {
    host,
    port,
    trusted_proxies: trustedProxies,
    max_connections_per_address: maxPerAddress,
  }: GatewayConfig["http"],
  max: number,
  fetch: HttpOptions["fetch"],
): Promise<HttpServer> {
  const limits = { max, maxPerAddress };
  return serveHttp({ host, port, limits, trustedProxies, fetch }).catch((cause) => {
    throw listenProblem("http", host, port, cause);
  });
}

function listenProblem(table: string, host: string, port: number, cause: unknown): Error {
  const what = errorCode(cause) === "EADDRINUSE" ? "another program listens there" : errorText(cause);
  return new Error(`Cannot listen on ${host}:${port}: ${what}. Set ${table}.host and ${table}.port`, {
    cause,
  });
}

async function openBroker(
  { broker, network }: GatewayConfig,
  maxConnections: number,
  clientId: string,
  metrics: GatewayMetrics,
): Promise<Broker> {
  const brokerLog = log.child({ component: "broker" });
  if (broker.url !== undefined) {
    const { url, mqtt_version, ca_file: ca, cert_file: cert, key_file: key, username, password } = broker;
    const version = mqtt_version === undefined ? {} : ({ version: mqtt_version === "5" ? 5 : 4 } as const);
    const external = openExternalBroker({
      ...{ url, files: { ca, cert, key }, network, clock: systemClock, log: brokerLog, ...version },
      clientId,
      ...(username === undefined || password === undefined ? {} : { username, password }),
    });
    return { ...external, address: url };
  }
  const { tls_cert_file: cert, tls_key_file: key } = broker;
  const tls = cert === undefined || key === undefined ? {} : { tls: { cert, key } };
  const { host, port } = broker;
  const embedded = await openEmbeddedBroker({
    host,
    port,
    maxConnections,
    maxConnectionsPerAddress: broker.max_connections_per_address,
    clock: systemClock,
    log: brokerLog,
    metrics,
    ...tls,
  }).catch((cause) => {
    throw listenProblem("broker", host, port, cause);
  });
  const scheme = tls.tls === undefined ? "mqtt" : "mqtts";
  return { ...embedded, address: `${scheme}://${host}:${embedded.port}` };
}
