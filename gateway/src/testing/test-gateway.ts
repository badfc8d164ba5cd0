import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  chainOf,
  decodePacket,
  encodePacket,
  hotspotId,
  type PacketToSign,
  sha256,
  silentLog,
  upTopic,
  utf8,
} from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { bundleFolder } from "../bundle/bundle-folder.ts";
import { createGateway } from "../gateway.ts";
import type { IngestOutcome } from "../ingest/ingest.ts";
import type { Gateway, GatewayDeps } from "../service/gateway-deps.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import {
  chains,
  committedBefore,
  FIRST_EPOCH,
  HOTSPOTS,
  idOf,
  type Name,
  networkSigner,
  PARAMETERS,
  type SentPacket,
  signers,
  statusPacket,
} from "./test-network.ts";

/** What the gateway sent, in order. */
interface SentMessage {
  topic: string;
  bytes: Uint8Array;
  retain: boolean;
  atMs: number;
}

export interface TestGateway extends AsyncDisposable {
  gateway: Gateway;
  store: Store;
  clock: ManualClock;
  sent: SentMessage[];
  bundlesDir: string;
  /** Takes a packet in at the present time, from its own hotspot. */
  send(bytes: Uint8Array): Promise<IngestOutcome>;
  sendAs(name: Name, packet: PacketToSign): Promise<IngestOutcome>;
  /** Runs until this time of the virtual clock, taking each packet in at its time. */
  play(packets: readonly SentPacket[], untilMs: number): Promise<void>;
  /** Ends the gateway; the store stays. */
  stop(): Promise<void>;
  /** A new gateway over the same store, from now on configured with these changes. */
  restart(changes?: Partial<GatewayDeps>): Promise<void>;
}

/**
 * The test network's gateway in virtual time, with its entropy; all parts but broker and pages are the real ones. Its
 * hotspots committed to their beacons before, and register now.
 */
export async function startTestGateway(
  startMs: number,
  changes: Partial<GatewayDeps> = {},
): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), "earshot-gateway-"));
  const bundlesDir = join(folder, "epochs");
  const clock = changes.clock instanceof ManualClock ? changes.clock : new ManualClock(startMs);
  const store = changes.store ?? (await openStore("sqlite://:memory:"));
  await commitAll(store, Math.floor(startMs / EPOCH_MS));
  const sent: SentMessage[] = [];
  const deps: GatewayDeps = {
    parameters: PARAMETERS,
    store,
    clock,
    signer: networkSigner,
    entropySource: (index) => sha256(utf8(`entropy ${index}`)),
    downlink: {
      publish: async (topic, bytes, { retain = false } = {}) =>
        void sent.push({ topic, bytes, retain, atMs: clock.now() }),
    },
    registration: "open",
    bundles: bundleFolder(bundlesDir),
    log: silentLog,
    ...changes,
  };
  let running = await start(deps);
  const test: TestGateway = {
    gateway: running.gateway,
    store,
    clock,
    sent,
    bundlesDir,
    send: (bytes) => test.gateway.ingest(topicOf(bytes), bytes, senderOf(bytes)),
    sendAs: (name, packet) => test.send(encodePacket(packet, signers[name], PARAMETERS.network)),
    async play(packets, untilMs) {
      for (const { bytes, receivedAtMs } of [...packets].sort((a, b) => a.receivedAtMs - b.receivedAtMs)) {
        await clock.advance(receivedAtMs - clock.now());
        await test.send(bytes);
      }
      await clock.advance(untilMs - clock.now());
    },
    stop: () => running.stop(),
    async restart(changed = {}) {
      await running.stop();
      Object.assign(deps, changed);
      running = await start(deps);
      test.gateway = running.gateway;
    },
    async [Symbol.asyncDispose]() {
      await running.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return test;
}

const EPOCH_MS = PARAMETERS.epochPeriods * PARAMETERS.entropyPeriodMs;

/** The test network's hotspots committed to the beacons of this epoch, and of a while after it. */
async function commitAll(store: Pick<Store, "addCommitments">, epoch: number): Promise<void> {
  for (const name of ["a", "b", "c", "near"] as const)
    await store.addCommitments(idOf(name), committedBefore(epoch, name));
}

async function start(deps: GatewayDeps) {
  const stop = new AbortController();
  const gateway = await createGateway(deps);
  const run = gateway.run(stop.signal);
  // Whoever stops it is told; one that ends by itself must not end the tests.
  run.catch(() => undefined);
  return {
    gateway,
    stop: () => {
      stop.abort();
      return run;
    },
  };
}

function senderOf(bytes: Uint8Array): string {
  const result = decodePacket(bytes);
  if (!result.ok) throw new TypeError(`Test packet cannot be decoded: ${result.code}`);
  return hotspotId(result.decoded.publicKey);
}

function topicOf(bytes: Uint8Array): string {
  const result = decodePacket(bytes);
  if (!result.ok) throw new TypeError(`Test packet cannot be decoded: ${result.code}`);
  return upTopic(PARAMETERS.network, senderOf(bytes), result.decoded.packet.type);
}

/** As if an earlier run had registered the test network's hotspots: they count in its first epoch already. */
export async function registeredStore(): Promise<Store> {
  const store = await openStore("sqlite://:memory:");
  for (const hotspot of HOTSPOTS) await store.putHotspot(hotspot);
  await commitAll(store, FIRST_EPOCH);
  return store;
}

/** Status packets in which the test network's hotspots assert where they stand, and commit to their beacons. */
export const assertions = (atMs: number): SentPacket[] =>
  (["a", "b", "c", "near"] as const).map((name, i) => {
    const { latE7, lonE7, elevationM, antennaGainDdbi, region, payee } = HOTSPOTS.find(
      ({ id }) => id === idOf(name),
    ) as (typeof HOTSPOTS)[number];
    const assertion = { latE7, lonE7, elevationM, antennaGainDdbi, region, payee };
    const chain = chainOf(Math.floor(atMs / EPOCH_MS));
    const commitments = [chain, chain + 1].map((one) => chains[name].commitment(one));
    const packet = { ...statusPacket(1, atMs, assertion), commitments };
    return { bytes: encodePacket(packet, signers[name], PARAMETERS.network), receivedAtMs: atMs + i };
  });
