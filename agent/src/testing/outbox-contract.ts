import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type PacketType, sha256 } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import type { Outbox } from "../outbox/outbox.ts";
import type { OutboxLimits } from "../outbox/outbox-index.ts";
import { RESERVED_NUMBERS } from "../outbox/outbox-storage.ts";

/** One place where an outbox lives. */
export interface OutboxPlace {
  /** Opens an outbox there; again after `close()`, or without it as after a crash. */
  open(limits: OutboxLimits, clock: ManualClock): Outbox;
}

const DAY_MS = 86_400_000;
const WIDE: OutboxLimits = { maxBytes: 1_000_000, maxAgeMs: 86_400_000 };
const sequencesOf = (entries: readonly { sequence: number }[]) => entries.map(({ sequence }) => sequence);
const packet = (sequence: number, length = 10) => new Uint8Array(length).fill(sequence);
const idOf = (sequence: number) => sha256(packet(sequence));

/** What every outbox promises (see `Outbox`), as tests. */
export function outboxContract(name: string, makePlace: () => OutboxPlace): void {
  const setUp = (limits = WIDE) => {
    const place = makePlace();
    const clock = new ManualClock();
    const outbox = place.open(limits, clock);
    const add = async (type: PacketType, length = 10) => {
      const entry = outbox.add(type, (sequence) => packet(sequence, length));
      await clock.resolve(entry);
      return (await entry).sequence;
    };
    return { place, clock, outbox, add };
  };

  describe(`${name} keeps the outbox contract`, () => {
    test("numbers from 1 without gaps, each with its bytes", async () => {
      const { outbox, clock } = setUp();
      const added = ["status", "witness", "beacon"].map((type) => outbox.add(type as PacketType, packet));
      const entries = await clock.resolve(Promise.all(added));
      assert.deepEqual(sequencesOf(entries), [1, 2, 3]);
      assert.deepEqual(entries[1]?.bytes, packet(2));
      assert.equal(outbox.state().queued, 3);
      assert.equal(outbox.state().bytes, 30);
      outbox.close();
    });

    test("a packet that cannot be made uses no number", async () => {
      const { outbox, clock } = setUp();
      const bad = outbox.add("status", () => {
        throw new RangeError("cannot");
      });
      const good = outbox.add("status", packet);
      await assert.rejects(clock.resolve(bad), RangeError);
      assert.equal((await clock.resolve(good)).sequence, 1);
      outbox.close();
    });

    test("freshest reports first, then the rest from the oldest", async () => {
      const { outbox, add } = setUp();
      for (const type of ["status", "witness", "reading", "beacon", "witness", "status"] as const)
        await add(type);
      assert.deepEqual(sequencesOf(outbox.next(10)), [5, 4, 2, 1, 3, 6]);
      assert.deepEqual(sequencesOf(outbox.next(2)), [5, 4]);
      outbox.close();
    });

    test("acknowledged is not published again until its receipt should have come and did not", async () => {
      const { outbox, clock, add } = setUp();
      for (let i = 0; i < 4; i++) await add("witness");
      const atMs = clock.elapsedMs();
      outbox.acknowledge([1, 2], atMs);
      outbox.acknowledge([3], atMs + 50);
      assert.deepEqual(sequencesOf(outbox.next(10)), [4]);
      assert.equal(outbox.state().acknowledged, 3);
      // 2 is stored; 1 is lacking; 3 was acknowledged too late to be in the receipt; 4 is stored though never acknowledged.
      assert.equal(outbox.remove(2, idOf(2)), true);
      assert.equal(outbox.remove(4, idOf(4)), true);
      outbox.requeue(atMs + 10);
      assert.deepEqual(sequencesOf(outbox.next(10)), [1]);
      assert.equal(outbox.state().acknowledged, 1);
      outbox.close();
    });

    test("is forgotten or postponed only by its own id: another packet with its number does not count", async () => {
      const { outbox, add } = setUp();
      for (const type of ["witness", "status"] as const) await add(type);
      for (const sequence of [1, 2, 3]) {
        assert.equal(outbox.remove(sequence, sha256(Uint8Array.of(sequence))), false);
        assert.equal(outbox.postpone(sequence, sha256(Uint8Array.of(sequence))), false);
      }
      assert.equal(outbox.remove(1, idOf(2)), false);
      assert.equal(outbox.state().queued, 2);
      assert.equal(outbox.remove(2, idOf(2)), true);
      assert.equal(outbox.remove(2, idOf(2)), false);
      assert.deepEqual(sequencesOf(outbox.next(10)), [1]);
      outbox.close();
    });

    test("postponed comes again after a wait that grows, also when it is acknowledged meanwhile", async () => {
      const { outbox, clock, add } = setUp();
      await add("witness");
      const waitsMs: number[] = [];
      for (let i = 0; i < 9; i++) {
        assert.equal(outbox.postpone(1, idOf(1)), true);
        outbox.acknowledge([1], clock.elapsedMs());
        assert.equal(outbox.state().postponed, 1);
        const fromMs = clock.elapsedMs();
        while (outbox.next(10).length === 0) await clock.advance(5_000);
        waitsMs.push(clock.elapsedMs() - fromMs);
      }
      assert.deepEqual(waitsMs.slice(0, 3), [30_000, 60_000, 120_000]);
      assert.deepEqual(waitsMs.slice(-2), [3_600_000, 3_600_000]);
      assert.equal(outbox.remove(1, idOf(1)), true);
      assert.deepEqual(outbox.state().bytes, 0);
      outbox.close();
    });

    test("numbers that are in use already are passed by", async () => {
      const { outbox, add } = setUp();
      await add("status");
      assert.equal(outbox.skipUsed([{ first: 1, last: 1 }]).state, "kept");
      assert.equal(outbox.skipUsed([{ first: 1, last: 700 }]).state, "moved");
      assert.equal(await add("status"), 701);
      assert.equal(await add("witness"), 702);
      outbox.close();
    });

    test("over its bytes, the dispensable goes first and beacons last", async () => {
      const { outbox, add } = setUp({ maxBytes: 40, maxAgeMs: WIDE.maxAgeMs });
      for (const type of ["beacon", "witness", "status", "reading"] as const) await add(type);
      const left: number[][] = [];
      for (let i = 0; i < 4; i++) {
        await add("beacon");
        left.push(sequencesOf(outbox.next(10)).sort((a, b) => a - b));
      }
      assert.deepEqual(left, [
        [1, 2, 3, 5],
        [1, 2, 5, 6],
        [1, 5, 6, 7],
        [5, 6, 7, 8],
      ]);
      assert.equal(outbox.state().dropped, 4);
      assert.ok(outbox.state().bytes <= 40);
      outbox.close();
    });

    test("over its bytes, what the broker has goes before anything else and is not counted as dropped", async () => {
      const { outbox, clock, add } = setUp({ maxBytes: 30, maxAgeMs: WIDE.maxAgeMs });
      await add("reading");
      await add("beacon");
      outbox.acknowledge([2], clock.elapsedMs());
      await add("status");
      await add("status");
      assert.deepEqual(sequencesOf(outbox.next(10)), [1, 3, 4]);
      assert.equal(outbox.state().dropped, 0);
      outbox.close();
    });

    test("what is too old is dropped", async () => {
      const { outbox, clock, add } = setUp({ maxBytes: WIDE.maxBytes, maxAgeMs: 1000 });
      await add("beacon");
      await clock.advance(2000);
      await add("status");
      assert.deepEqual(sequencesOf(outbox.next(10)), [2]);
      assert.equal(outbox.state().dropped, 1);
      outbox.close();
    });

    test("a clock that is set drops nothing, however far; time that passed does", async () => {
      const { outbox, clock, add } = setUp();
      await add("beacon");
      for (const stepMs of [60 * DAY_MS, -3600_000, -120 * DAY_MS, 57 * 365 * DAY_MS]) {
        clock.stepWall(stepMs);
        await add("reading");
      }
      assert.equal(outbox.state().queued, 5);
      await clock.advance(WIDE.maxAgeMs + 1);
      await add("reading");
      assert.equal(outbox.state().queued, 1);
      assert.equal(outbox.state().dropped, 5);
      outbox.close();
    });

    describe("over a restart a packet is as old as is certain", () => {
      /** The clock agrees with the network's entropy, each minute for a quarter of an hour. */
      const confirm = async (outbox: Outbox, clock: ManualClock) => {
        for (let minute = 0; minute <= 15; minute++) {
          outbox.confirmTime();
          await clock.advance(60_000);
        }
      };
      const restart = (place: OutboxPlace, outbox: Outbox, clock: ManualClock) => {
        outbox.close();
        return place.open(WIDE, clock);
      };

      test("the time was confirmed when it was stored, and is now: what is too old goes, and nothing else", async () => {
        const { place, outbox, clock, add } = setUp();
        await confirm(outbox, clock);
        await add("witness");
        await clock.advance(WIDE.maxAgeMs / 2);
        await add("witness");
        const again = restart(place, outbox, clock);
        await clock.advance(WIDE.maxAgeMs / 2);
        assert.equal(again.state().queued, 2);
        await confirm(again, clock);
        assert.deepEqual(sequencesOf(again.next(10)), [2]);
        assert.equal(again.state().dropped, 1);
        again.close();
      });

      test("only one of them was confirmed: the packet is as old as this run", async () => {
        const { place, outbox, clock, add } = setUp();
        await add("witness");
        const again = restart(place, outbox, clock);
        clock.stepWall(60 * DAY_MS);
        await confirm(again, clock);
        assert.equal(again.state().queued, 1);
        await clock.resolve(again.add("witness", packet));
        const unconfirmed = restart(place, again, clock);
        clock.stepWall(60 * DAY_MS);
        await clock.resolve(unconfirmed.add("reading", packet));
        assert.equal(unconfirmed.state().queued, 3);
        await clock.advance(WIDE.maxAgeMs + 1);
        await clock.resolve(unconfirmed.add("reading", packet));
        assert.equal(unconfirmed.state().queued, 1);
        unconfirmed.close();
      });

      test("clock and network were wrong together for a moment, after the start or when it was stored", async () => {
        const { place, outbox, clock, add } = setUp();
        await confirm(outbox, clock);
        clock.stepWall(-60 * DAY_MS);
        outbox.confirmTime();
        await add("witness");
        clock.stepWall(60 * DAY_MS);
        await confirm(outbox, clock);
        await add("witness");
        const again = restart(place, outbox, clock);
        clock.stepWall(60 * DAY_MS);
        for (let second = 0; second < 4; second++) {
          again.confirmTime();
          await clock.advance(1000);
        }
        clock.stepWall(-60 * DAY_MS);
        await confirm(again, clock);
        assert.equal(again.state().queued, 2);
        again.close();
      });

      test("one of unknown age is older than those after it", async () => {
        const { place, outbox, clock, add } = setUp();
        await add("witness");
        await confirm(outbox, clock);
        await add("witness");
        const again = restart(place, outbox, clock);
        await clock.advance(WIDE.maxAgeMs - 60_000);
        await confirm(again, clock);
        assert.equal(again.state().dropped, 2);
        again.close();
      });
    });

    for (const how of ["closed", "killed"] as const) {
      test(`${how} and opened again: same packets, same facts, next number`, async () => {
        const { place, outbox, clock, add } = setUp();
        for (let i = 0; i < 3; i++) await add("witness");
        outbox.remember("window", "12");
        outbox.remember("window", "13");
        outbox.acknowledge([1], clock.elapsedMs());
        outbox.remove(2, idOf(2));
        if (how === "closed") outbox.close();
        const again = place.open(WIDE, clock);
        // After a crash what a receipt cleared may come back: the gateway knows it by its id.
        assert.deepEqual(sequencesOf(again.next(10)), how === "closed" ? [3, 1] : [3, 2, 1]);
        assert.equal(again.recall("window"), "13");
        assert.equal(again.recall("other"), undefined);
        // After a crash the few numbers that statuses may have had are left out.
        const entry = await clock.resolve(again.add("witness", packet));
        assert.equal(entry.sequence, how === "closed" ? 4 : 4 + RESERVED_NUMBERS);
        again.close();
      });

      test(`${how} in the middle of statuses: none of their numbers is used twice`, async () => {
        const { place, clock, outbox } = setUp();
        const given = new Set<number>();
        let current = outbox;
        const take = async (type: PacketType) => {
          const { sequence } = await clock.resolve(current.add(type, packet));
          assert.ok(!given.has(sequence), `${sequence} twice`);
          given.add(sequence);
        };
        for (const firstType of ["status", "witness"] as const) {
          for (const statuses of [3, 40, 0, RESERVED_NUMBERS - 1, RESERVED_NUMBERS, RESERVED_NUMBERS + 1]) {
            await take(firstType);
            for (let i = 0; i < statuses; i++) await take("status");
            if (how === "closed") current.close();
            current = place.open(WIDE, clock);
          }
        }
        await take("status");
        if (how === "closed") assert.equal(Math.max(...given), given.size);
        current.close();
      });
    }

    test("statuses wait in memory, a few at most, and are kept only where it is closed properly", async () => {
      const { place, clock, outbox, add } = setUp();
      await add("witness");
      const { writes } = outbox.state();
      for (let i = 0; i < 10; i++) await add("status");
      assert.equal(outbox.state().writes, writes);
      for (let i = 0; i < 30; i++) await add("status");
      assert.ok(outbox.state().queued <= 17);
      const waiting = sequencesOf(outbox.next(100));
      const crashed = place.open(WIDE, clock);
      assert.deepEqual(sequencesOf(crashed.next(100)), [1]);
      const { sequence } = await clock.resolve(crashed.add("status", packet));
      assert.ok(sequence > Math.max(...waiting));
      crashed.close();
      const again = place.open(WIDE, clock);
      assert.deepEqual(sequencesOf(again.next(100)), [1, sequence]);
      again.close();
    });

    test("close() keeps what was being added", async () => {
      const { place, outbox, clock } = setUp();
      const added = outbox.add("witness", packet);
      outbox.close();
      assert.equal((await added).sequence, 1);
      await assert.rejects(outbox.add("status", packet), TypeError);
      const again = place.open(WIDE, clock);
      assert.deepEqual(sequencesOf(again.next(10)), [1]);
      again.close();
      await clock.advance(1000);
      assert.equal(clock.pending, 0);
    });
  });
}
