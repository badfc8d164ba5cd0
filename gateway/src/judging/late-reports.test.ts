import { expect, test } from "bun:test";
import { ChainChecker, encodePacket, sha256, silentLog } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import { EventHub } from "../monitoring/events.ts";
import { newMetrics } from "../monitoring/metrics.ts";
import { publishedParameters } from "../parameters/parameters-log.ts";
import type { StoredPacket, StoredVerdict } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { beaconOf, FIRST_EPOCH, idOf, PARAMETERS, signers, witnessOf } from "../testing/test-network.ts";
import { Progress } from "../time/progress.ts";
import { Judging } from "./judging.ts";

/** Reports that come when their index has been judged: many at once, and more than are kept. */

const beacon = beaconOf("a", FIRST_EPOCH, 10);

const report = (sequence: number): StoredPacket => {
  const bytes = encodePacket(witnessOf(beacon, sequence), signers.b, PARAMETERS.network);
  return {
    id: sha256(bytes).toHex(),
    hotspotId: idOf("b"),
    type: "witness",
    sequence,
    receivedAtMs: beacon.index * 2000 + 60_000,
    bytes,
    entropyIndex: beacon.index,
    epoch: FIRST_EPOCH,
    isLate: true,
  };
};
const reports = Array.from({ length: 10_300 }, (_, i) => report(i + 1));

/** Judging over a store that holds these reports, of which some have verdicts. */
function bench(filed: readonly StoredPacket[]) {
  const verdicts = new Map<string, StoredVerdict>();
  const portions: number[] = [];
  const reads: number[] = [];
  const state = { pauses: 0, fails: false };
  const store = {
    judgedAmong: async (ids: readonly string[]) => new Set(ids.filter((id) => verdicts.has(id))),
    async addLateVerdicts(added: readonly StoredVerdict[]) {
      if (state.fails) throw new Error("disk full");
      portions.push(added.length);
      for (const verdict of added) verdicts.set(verdict.packetId, verdict);
    },
    async unjudgedReports(epoch: number, throughIndex: number, limit: number) {
      const open = filed.filter(({ id }) => !verdicts.has(id));
      expect([epoch, throughIndex]).toEqual([FIRST_EPOCH, beacon.index]);
      reads.push(Math.min(limit, open.length));
      return open.slice(0, limit);
    },
  };
  const mutex = new Mutex();
  const told: number[] = [];
  const judging = new Judging({
    store: store as unknown as Store,
    progress: new Progress(PARAMETERS, beacon.index, FIRST_EPOCH),
    clock: new ManualClock(beacon.index * 2000 + 70_000),
    events: new EventHub(),
    metrics: newMetrics(),
    notices: { verdicts: (judged) => void told.push(judged.length) },
    mutex,
    drained: async () => undefined,
    closeEpoch: () => Promise.reject(new Error("Not closed here")),
    parameters: {
      inForce: () => publishedParameters({ parameters: PARAMETERS, message: new Uint8Array() }),
      problem: () => undefined,
    },
    registry: { hotspotsById: async () => new Map() },
    denials: { inForce: () => new Map() },
    pause: async () => void state.pauses++,
    chains: new ChainChecker("testnet-1"),
    log: silentLog,
  });
  const settled = async () => {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    await mutex.run(async () => undefined);
  };
  return { judging, mutex, verdicts, portions, reads, told, state, settled };
}

test("are judged a portion at a time, with a pause after each, and nobody is told twice", async () => {
  const { judging, mutex, verdicts, portions, told, state, settled } = bench([]);
  const busy = Promise.withResolvers<void>();
  const work = mutex.run(() => busy.promise);
  for (const each of reports.slice(0, 600)) judging.late(each);
  busy.resolve();
  await work;
  await settled();
  expect(portions).toEqual([256, 256, 88]);
  expect(told).toEqual(portions);
  expect(state.pauses).toBeGreaterThanOrEqual(3);
  expect([...verdicts.values()].every(({ reason }) => reason === "report_late")).toBe(true);
  judging.late(reports[0] as StoredPacket);
  judging.late(reports[700] as StoredPacket);
  await settled();
  expect([verdicts.size, told.reduce((sum, count) => sum + count, 0)]).toEqual([601, 601]);
});

test("beyond so many that wait the others are found in the store, page by page", async () => {
  const { judging, mutex, verdicts, portions, reads, state, settled } = bench(reports);
  const busy = Promise.withResolvers<void>();
  const work = mutex.run(() => busy.promise);
  for (const each of reports) judging.late(each);
  busy.resolve();
  await work;
  while (verdicts.size < 10_000) await settled();
  await settled();
  expect(verdicts.size).toBe(10_000);
  await judging.recover();
  expect([verdicts.size, reads]).toEqual([reports.length, [300]]);
  verdicts.clear();
  const before = { pauses: state.pauses, portions: portions.length };
  await judging.recover();
  expect([verdicts.size, reads]).toEqual([reports.length, [300, 10_000, 300]]);
  expect(Math.max(...portions)).toBe(256);
  expect(state.pauses - before.pauses).toBeGreaterThanOrEqual(portions.length - before.portions);
});

test("whose verdicts cannot be stored wait in the store, and those that come after are judged", async () => {
  const { judging, verdicts, state, settled } = bench([]);
  state.fails = true;
  judging.late(reports[0] as StoredPacket);
  await settled();
  state.fails = false;
  judging.late(reports[1] as StoredPacket);
  await settled();
  expect([...verdicts.keys()]).toEqual([reports[1]?.id as string]);
});
