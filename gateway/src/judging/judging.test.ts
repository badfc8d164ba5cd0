/** A whole gateway in virtual time: what judging, closing and ending wait for. */

import { describe, expect, test } from "bun:test";
import { logTo } from "@earshot/protocol";
import type { IngestOutcome } from "../ingest/ingest.ts";
import { assertions, registeredStore, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { beaconOf, FIRST_EPOCH, idOf, statusPacket, witnessOf } from "../testing/test-network.ts";
import { runVerifyEpoch } from "../verify/verify-command.ts";

const startMs = FIRST_EPOCH * 8000;

const verified = async ({ bundlesDir }: TestGateway): Promise<number> =>
  runVerifyEpoch([bundlesDir], { out: () => undefined, err: () => undefined, isTerminal: false });

describe("while the store is still busy with a report", () => {
  const beacon = beaconOf("a", FIRST_EPOCH, 10);

  /** What is sent after this call is stored when `release` is called. */
  function busyStore({ store }: TestGateway): () => void {
    const { addPackets } = store;
    const { promise, resolve } = Promise.withResolvers<void>();
    store.addPackets = (packets) => promise.then(() => addPackets(packets));
    return resolve;
  }

  /** When the beacon may be revealed. */
  async function inTime(afterMs = 5000): Promise<TestGateway> {
    const run = await startTestGateway(startMs + 10, { store: await registeredStore() });
    await run.play(assertions(startMs + 20), beacon.index * 2000 + afterMs);
    return run;
  }

  test("nothing is judged, though nothing else was reported", async () => {
    await using run = await inTime();
    const release = busyStore(run);
    const taking = run.sendAs("a", beacon.packet);
    await run.clock.advance(12_000);
    expect(await run.store.judgedThrough()).toBeLessThan(beacon.index);
    release();
    const { packetId } = await taking;
    await run.clock.advance(2000);
    expect(await run.store.verdict(packetId)).toMatchObject({ reason: "not_heard" });
  });

  test("that came while the epoch's last index was judged, the epoch is not closed", async () => {
    await using run = await inTime();
    const release = busyStore(run);
    const { addJudgement } = run.store;
    const sent = Promise.withResolvers<IngestOutcome>();
    run.store.addJudgement = (index, ...judgement) => {
      if (index === FIRST_EPOCH * 4 + 3) sent.resolve(run.sendAs("a", beacon.packet));
      return addJudgement(index, ...judgement);
    };
    await run.clock.advance(16_000);
    expect(await run.store.judgedThrough()).toBeGreaterThanOrEqual(FIRST_EPOCH * 4 + 3);
    expect(await run.store.epoch(FIRST_EPOCH)).toBeUndefined();
    release();
    const { packetId } = await sent.promise;
    await run.clock.advance(4000);
    expect(await run.store.verdict(packetId)).toMatchObject({ reason: "report_late", epoch: FIRST_EPOCH });
    expect(await verified(run)).toBe(0);
  });

  test("about a beacon, its index is not judged, and it counts", async () => {
    await using run = await inTime(3900);
    const release = busyStore(run);
    const taking = run.sendAs("b", witnessOf(beacon, 1));
    await run.clock.advance(1000);
    void run.sendAs("a", beacon.packet);
    await run.clock.advance(12_000);
    release();
    const { packetId } = await taking;
    await run.clock.advance(2000);
    expect(await run.store.verdict(packetId)).toMatchObject({ outcome: "paid", reason: "ok" });
  });

  test("the gateway does not end", async () => {
    await using run = await inTime();
    const release = busyStore(run);
    const taking = run.sendAs("a", beacon.packet);
    let hasEnded = false;
    const ending = run.stop().then(() => {
      hasEnded = true;
    });
    await run.clock.advance(0);
    expect(hasEnded).toBe(false);
    release();
    await ending;
    const { packetId } = await taking;
    expect(await run.store.packetsBySequence(idOf("a"), [10])).toMatchObject([{ id: packetId }]);
  });

  /** What the gateway asks of the store now ends when `release` is called. */
  function held(run: TestGateway, name: "addJudgement" | "putStatuses") {
    const call = run.store[name] as (...given: unknown[]) => Promise<unknown>;
    const [asked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isWritten = false;
    const slow = async (...given: unknown[]) => {
      asked.resolve();
      await release.promise;
      await call(...given);
      isWritten = true;
    };
    Object.assign(run.store, { [name]: slow });
    return { asked: asked.promise, release: release.resolve, isWritten: () => isWritten };
  }

  /** Nothing is left to do at once. */
  const settled = async (run: TestGateway) => {
    for (let i = 0; i < 20; i++) await run.clock.advance(0);
  };

  test.each(["addJudgement", "putStatuses"] as const)(
    "with %s under way the gateway does not end",
    async (name) => {
      await using run = await inTime();
      const work = held(run, name);
      if (name === "putStatuses") await run.sendAs("a", statusPacket(9, run.clock.now()));
      else {
        await run.sendAs("a", beacon.packet);
        await run.clock.advance(12_000);
      }
      await work.asked;
      let hasEnded = false;
      const ending = run.stop().then(() => {
        hasEnded = true;
      });
      await settled(run);
      expect(hasEnded).toBe(false);
      work.release();
      await ending;
      expect(work.isWritten()).toBe(true);
    },
  );
});

test("each refused report is told at debug, with hotspot, packet and reason", async () => {
  const lines: unknown[] = [];
  const log = logTo((level, message, fields) => {
    if (level === "debug" && message === "Report refused") lines.push(fields);
  });
  await using run = await startTestGateway(startMs + 10, { log });
  const beacon = beaconOf("a", FIRST_EPOCH, 10);
  await run.play([], beacon.index * 2000 + 1000);
  const { packetId: packet } = await run.sendAs("a", beacon.packet);
  await run.clock.advance(16_000);
  expect(lines).toEqual([
    {
      ...{ component: "judging", hotspot: idOf("a"), packet, reason: "unknown_hotspot" },
      ...{ entropyIndex: beacon.index, epoch: FIRST_EPOCH },
    },
  ]);
});
