import { verify } from "node:crypto";
import { bundleFolder, createGateway, DEFAULT_LIMITS, type Gateway, openStore } from "@earshot/gateway";
import {
  DEFAULT_PARAMETERS,
  type Entropy,
  entropyMessage,
  importKey,
  signerFromSeed,
  silentLog,
} from "@earshot/protocol";
import type { Downlink } from "../src/downlink/downlink.ts";
import { openSignaturePool } from "../src/verify/signature-pool.ts";
import { type GatewayLoad, NETWORK, NOW_MS } from "./load.ts";

/** Verifies one signature per packet, over as many bytes, with keys imported beforehand: the least that ingest must do. */
export function bareVerifier({ packets }: GatewayLoad): () => void {
  const keys = new Map(packets.map(({ sender, signer }) => [sender, importKey(signer.publicKey)]));
  const jobs = packets.map(({ bytes, sender, signer }) => {
    const key = keys.get(sender);
    if (key === undefined) throw new TypeError(`No key for ${sender}`);
    return { bytes, key, signature: signer.sign(bytes) };
  });
  return () => {
    let held = 0;
    for (const { bytes, key, signature } of jobs) if (verify(null, bytes, key, signature)) held++;
    if (held !== jobs.length) throw new Error(`Only ${held} of ${jobs.length} signatures hold`);
  };
}

const { entropyPeriodMs, entropyValidityMs, windowPeriods } = DEFAULT_PARAMETERS;
const NOTHING = new Uint8Array(32);
const SIGNER = signerFromSeed(new Uint8Array(32).fill(1));
const ENTROPY: Entropy = {
  index: NOW_MS / entropyPeriodMs,
  atMs: NOW_MS,
  value: NOTHING,
  previousHash: NOTHING,
  periodMs: entropyPeriodMs,
  validityMs: entropyValidityMs,
  windowPeriods,
  windowValue: NOTHING,
  reportDeadlineMs: null,
  revealDeadlineMs: null,
  source: null,
  state: null,
};

export interface BenchGateway extends AsyncDisposable {
  gateway: Gateway;
  /** Hands these in by the group; resolves once all are durable, throws unless all are new. */
  take(load: GatewayLoad, groupSize: number): Promise<void>;
  /** Resolves when so many more new packets are durable. */
  untilStored(count: number): Promise<void>;
}

/**
 * The gateway as it ships, with its store on disk.
 * @param downlink without it, what it sends goes nowhere
 * @param threads beside this one that check signatures
 */
export async function openBenchGateway(
  path: string,
  { downlink = { publish: async () => undefined }, threads = 0 }: { downlink?: Downlink; threads?: number },
): Promise<BenchGateway> {
  const store = await openStore(`sqlite://${path}`);
  // Reports about what is not published are refused.
  await store.addEntropy(ENTROPY, entropyMessage.seal(ENTROPY, SIGNER, NETWORK));
  const signatures = threads < 1 ? undefined : openSignaturePool(threads);
  let awaited = { left: 0, done: () => {} };
  const gateway = await createGateway({
    parameters: { ...DEFAULT_PARAMETERS, network: NETWORK },
    store: {
      ...store,
      async addPackets(packets) {
        const added = await store.addPackets(packets);
        awaited.left -= added.size;
        if (awaited.left <= 0) awaited.done();
        return added;
      },
    },
    clock: {
      now: () => NOW_MS,
      elapsedMs: () => 0,
      // No time passes here.
      sleep: (_ms, signal) =>
        new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
    },
    signer: SIGNER,
    entropySource: () => new Uint8Array(32),
    downlink,
    registration: "open",
    // A few hotspots send what many do.
    limits: {
      ...DEFAULT_LIMITS,
      packetsAtOnce: 1e9,
      bytesPerDay: 1e12,
      witnessReportsPerPeriod: 1e6,
      beaconReportsPerPeriod: 1e6,
    },
    bundles: bundleFolder("unused"),
    log: silentLog,
    scheduleFlush: setImmediate,
    ...(signatures && { verifyElsewhere: async (jobs) => signatures.start(jobs).answers() }),
  });
  return {
    gateway,
    async take({ packets }, groupSize) {
      for (let from = 0; from < packets.length; from += groupSize) {
        const group = packets.slice(from, from + groupSize);
        const outcomes = await Promise.all(
          group.map(({ topic, bytes, sender }) => gateway.ingest(topic, bytes, sender)),
        );
        const other = outcomes.find((outcome) => !outcome.ok || outcome.outcome !== "stored");
        if (other !== undefined) throw new Error(`A packet was not stored: ${JSON.stringify(other)}`);
      }
    },
    untilStored(left) {
      const { promise, resolve } = Promise.withResolvers<void>();
      awaited = { left, done: resolve };
      return promise;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      signatures?.close();
    },
  };
}
