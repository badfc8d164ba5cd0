/**
 * One measurement of `judging.ts` in a process of its own: `judging-run.ts REGISTERED INDEXES LEAST MOST` prints one
 * line of JSON.
 */

import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ChainChecker,
  CONTACT_KINDS,
  entropyMessage,
  hotspotId,
  sha256,
  shortId,
  signerFromSeed,
  u32,
} from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/virtual-time";
import { type JudgeReportsDeps, judgeReports } from "../src/judging/judge-reports.ts";
import { publishedParameters } from "../src/parameters/parameters-log.ts";
import { openStore } from "../src/store/open-store.ts";
import type { Store } from "../src/store/store.ts";
import {
  EPOCH,
  entropyOf,
  FIRST_INDEX,
  makeStations,
  NOW_MS,
  PARAMETERS,
  reportsOfIndex,
} from "./judging-fleet.ts";

export interface JudgingRun {
  registered: number;
  beacons: number;
  reports: number;
  paid: number;
  /** CPU of all threads, user and system: reading, judging, writing verdicts; signatures apart. */
  cpuMs: number;
  wallMs: number;
  /** Of this process, before and after judging. */
  rssBeforeMiB: number;
  rssAfterMiB: number;
}

/** Every one of them reports in every period: fewer than the smallest registry. */
const STATIONS = 4100;
const MIB = 2 ** 20;

async function main([registered = 0, indexes = 0, least = 0, most = 0]: number[]): Promise<JudgingRun> {
  const folder = mkdtempSync(join(process.env.EARSHOT_BENCH_DIR ?? tmpdir(), "earshot-judging-"));
  try {
    const path = join(folder, "store.sqlite");
    await fill(path, registered, indexes, [least, most]);
    return { registered, ...(await measure(path, indexes)) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(path: string, registered: number, indexes: number, witnesses: [number, number]) {
  const store = await openStore(`sqlite://${path}`);
  const stations = makeStations(STATIONS);
  for (const { hotspot } of stations) {
    await store.putHotspot(hotspot);
    await store.addCommitments(hotspot.id, hotspot.commitments);
  }
  // Nobody is a newcomer: each was heard, and heard another, in the period before.
  const met = { index: FIRST_INDEX - 1, epoch: EPOCH - 1 };
  const contacts = stations.flatMap(({ hotspot: { id } }) =>
    CONTACT_KINDS.map((kind) => ({ hotspotId: id, kind, ...met })),
  );
  await store.addJudgement(FIRST_INDEX - 1, [], [], contacts);
  const random = seededRandom(1);
  const [least, most] = witnesses;
  const heard = () => least + Math.floor(random() * (most - least + 1));
  await addEntropy(store, indexes);
  for (let i = 0; i < indexes; i++) {
    await store.addPackets(reportsOfIndex(stations, FIRST_INDEX + i, random, heard));
  }
  await store.close();
  register(path, registered - STATIONS);
}

async function addEntropy(store: Store, indexes: number): Promise<void> {
  const signer = signerFromSeed(new Uint8Array(32).fill(1));
  for (let index = FIRST_INDEX; index < FIRST_INDEX + indexes + 30; index++) {
    const entropy = {
      index,
      atMs: NOW_MS,
      value: entropyOf(index),
      previousHash: new Uint8Array(32),
      periodMs: PARAMETERS.entropyPeriodMs,
      validityMs: PARAMETERS.entropyValidityMs,
      windowPeriods: PARAMETERS.windowPeriods,
      windowValue: entropyOf(index),
      reportDeadlineMs: PARAMETERS.reportDeadlineMs,
      revealDeadlineMs: PARAMETERS.revealDeadlineMs,
      source: null,
      state: null,
    };
    await store.addEntropy(entropy, entropyMessage.seal(entropy, signer, PARAMETERS.network));
  }
}

/** Registers more hotspots that have been met and stay silent now: rows as the store's own, written past it, for its way takes minutes. */
function register(path: string, count: number): void {
  const database = new Database(path, { strict: true });
  const row = database.query("SELECT * FROM hotspots LIMIT 1").get() as Record<
    string,
    string | number | null
  >;
  const names = Object.keys(row);
  const insert = database.prepare(
    `INSERT INTO hotspots (${names.join()}) VALUES (${names.map((name) => `$${name}`).join()})`,
  );
  const meet = database.prepare(
    "INSERT INTO contacts (hotspot_id, kind, epoch, entropy_index) VALUES (?, ?, ?, ?)",
  );
  database.transaction(() => {
    for (let i = 0; i < count; i++) {
      const publicKey = sha256(u32(1_000_000 + i));
      const id = hotspotId(publicKey);
      insert.run({ ...row, id, public_key: publicKey, short_id: shortId(publicKey).toHex() });
      for (const kind of CONTACT_KINDS) meet.run(id, kind, EPOCH - 1, FIRST_INDEX - 1);
    }
  })();
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

async function measure(path: string, indexes: number): Promise<Omit<JudgingRun, "registered">> {
  const store = await openStore(`sqlite://${path}`);
  const deps: JudgeReportsDeps = {
    parameters: {
      inForce: () => publishedParameters({ parameters: PARAMETERS, message: new Uint8Array() }),
    },
    // Without the gateway's cache: each lookup goes to the store, as it does for most of a million.
    registry: store,
    denials: { inForce: () => new Map() },
    store,
    chains: new ChainChecker(PARAMETERS.network),
    pause: () => Promise.resolve(),
  };
  const result = { beacons: 0, reports: 0, paid: 0 };
  const judge = async (index: number) => {
    const packets = await store.reportsOfIndex(index);
    const about = { entropyIndex: index, epoch: EPOCH, packets };
    const { verdicts, proven, contacts } = await judgeReports(about, NOW_MS, deps);
    await store.addJudgement(index, verdicts, proven, contacts);
    result.beacons += proven.length;
    result.reports += verdicts.length;
    result.paid += verdicts.filter(({ outcome }) => outcome === "paid").length;
  };
  // The first one warms up and is not counted.
  await judge(FIRST_INDEX);
  Object.assign(result, { beacons: 0, reports: 0, paid: 0 });
  Bun.gc(true);
  const rssBeforeMiB = process.memoryUsage.rss() / MIB;
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  for (let i = 1; i < indexes; i++) await judge(FIRST_INDEX + i);
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - start;
  const rssAfterMiB = process.memoryUsage.rss() / MIB;
  await store.close();
  return { ...result, cpuMs: (user + system) / 1000, wallMs, rssBeforeMiB, rssAfterMiB };
}

console.log(JSON.stringify(await main(process.argv.slice(2).map(Number))));
