/**
 * The gateway of `api.ts`, in a process of its own: `api-gateway.ts HOTSPOTS`. Every hotspot has a status, a payment and
 * 50 verdicts; the first 50 have status packets of an hour, too, and those are the ones that are read.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  bundleFolder,
  createGateway,
  openEmbeddedBroker,
  openStore,
  type Store,
  serveHttp,
} from "@earshot/gateway";
import {
  beaconKey,
  DEFAULT_PARAMETERS,
  encodePacket,
  epochOf,
  type StatusPacket,
  sha256,
  shortId,
  silentLog,
  utf8,
} from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { seededRandom } from "@earshot/protocol/virtual-time";
import { type FleetMember, member, NETWORK_SIGNER, statusOf } from "../src/testing/seeded-fleet.ts";
import { NETWORK } from "./load.ts";

export interface ApiGateway {
  httpPort: number;
  mqttPort: number;
  /** Those that are read: their ids, and packet ids of their verdicts. */
  ids: string[];
  packetIds: string[];
}

const READ = 50;
const VERDICTS = 50;
const HOST = "127.0.0.1";
const PARAMETERS = { ...DEFAULT_PARAMETERS, network: NETWORK };
const NOW_MS = systemClock.now();
const INDEX = Math.floor(NOW_MS / PARAMETERS.entropyPeriodMs);

async function fill(store: Store, members: readonly FleetMember[]): Promise<string[]> {
  for (const { hotspot } of members) await store.putHotspot(hotspot);
  await store.putStatuses(
    members.map(({ hotspot }) => ({
      hotspotId: hotspot.id,
      status: statusOf(hotspot, NOW_MS - 30_000, "online"),
      receivedAtMs: NOW_MS - 30_000,
    })),
  );
  for (const { hotspot, signer } of members.slice(0, READ)) {
    await store.addPackets(
      Array.from({ length: 61 }, (_, i) => {
        const atMs = NOW_MS - 3_700_000 + i * 60_000;
        const status: StatusPacket = { ...statusOf(hotspot, atMs, "online"), sequence: i + 1 };
        const bytes = encodePacket(status, signer, NETWORK);
        const filed = { entropyIndex: null, beaconKey: null, epoch: null, isLate: false };
        const id = sha256(bytes).toHex();
        return {
          id,
          hotspotId: hotspot.id,
          type: "status",
          sequence: i + 1,
          receivedAtMs: atMs,
          bytes,
          ...filed,
        };
      }),
    );
  }
  return [...(await judge(store, members)), ...(await pay(store, members))];
}

/** In each period every hotspot hears its neighbour. */
async function judge(store: Store, members: readonly FleetMember[]): Promise<string[]> {
  const packetIds: string[] = [];
  for (let back = VERDICTS; back > 0; back--) {
    const entropyIndex = INDEX - 20 - back;
    const verdicts = members.map(({ hotspot }, i) => {
      const sender = members[(i + back) % members.length] ?? (members[0] as FleetMember);
      const packetId = sha256(utf8(`${entropyIndex} ${hotspot.id}`)).toHex();
      if (i < READ) packetIds.push(packetId);
      return {
        packetId,
        hotspotId: hotspot.id,
        beaconKey: beaconKey(entropyIndex, shortId(sender.hotspot.publicKey)),
        type: "witness" as const,
        outcome: back % 5 === 0 ? ("refused" as const) : ("paid" as const),
        reason: back % 5 === 0 ? "too_close" : "ok",
        measurements:
          back % 5 === 0
            ? [
                { name: "distanceM", value: 120 },
                { name: "minDistanceM", value: 300 },
              ]
            : [],
        epoch: epochOf(entropyIndex, PARAMETERS),
        entropyIndex,
        judgedAtMs: NOW_MS - 600_000,
      };
    });
    const proven = verdicts.slice(0, 10).map((verdict, i) => ({
      beaconKey: verdict.beaconKey,
      beaconer: members[(i + back) % members.length]?.hotspot.id ?? "",
      witnesses: [verdict.hotspotId],
      epoch: verdict.epoch,
      entropyIndex,
    }));
    await store.addJudgement(entropyIndex, verdicts, proven, []);
  }
  return packetIds;
}

async function pay(store: Store, members: readonly FleetMember[]): Promise<string[]> {
  const epoch = epochOf(INDEX, PARAMETERS) - 1;
  const empty = new Uint8Array(32);
  const payee = new Uint8Array(20);
  const sums = {
    pool: 1n,
    paid: 1n,
    unallocated: 0n,
    root: empty,
    manifestHash: empty,
    parametersHash: empty,
    registryHash: empty,
  };
  const times = { fromMs: NOW_MS - 2, toMs: NOW_MS - 1, closedAtMs: NOW_MS };
  const payments = members.map(({ hotspot: { id: hotspotId } }) => ({
    epoch,
    hotspotId,
    payee,
    cumulative: 1n,
    delta: 1n,
  }));
  await store.addEpoch({ epoch, ...times, ...sums, bundle: "none" }, payments, [], 0, []);
  return [];
}

async function serve(hotspots: number, folder: string): Promise<void> {
  const store = await openStore(`sqlite://${join(folder, "gateway.db")}`);
  const random = seededRandom(7);
  const members = Array.from({ length: hotspots }, (_, i) => member(i, random));
  const packetIds = await fill(store, members);
  const broker = await openEmbeddedBroker({
    host: HOST,
    port: 0,
    maxConnections: 1000,
    clock: systemClock,
    log: silentLog,
  });
  const gateway = await createGateway({
    parameters: PARAMETERS,
    store,
    clock: systemClock,
    signer: NETWORK_SIGNER,
    entropySource: () => new Uint8Array(32),
    downlink: broker,
    registration: "open",
    bundles: bundleFolder(folder),
    log: silentLog,
    scheduleFlush: setImmediate,
  });
  broker.serve(gateway);
  const limits = { max: 500, maxPerAddress: 500 };
  const http = await serveHttp({ host: HOST, port: 0, limits, trustedProxies: [], fetch: gateway.app.fetch });
  const ids = members.slice(0, READ).map(({ hotspot }) => hotspot.id);
  process.send?.({ httpPort: http.port, mqttPort: broker.port, ids, packetIds } satisfies ApiGateway);
}

const folder = mkdtempSync(join(process.env.EARSHOT_BENCH_DIR ?? tmpdir(), "earshot-bench-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
process.on("disconnect", () => process.exit(0));
process.on("message", (asked) => {
  if (asked === "cpu") process.send?.(process.cpuUsage());
});
await serve(Number(process.argv[2]), folder);
