import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_RECEIPT_RANGES, type PacketType } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import type { Outbox } from "../outbox/outbox.ts";
import type { OutboxLimits } from "../outbox/outbox-index.ts";

/** One place where an outbox lives. */
export interface OutboxPlace {
  /** Opens an outbox there; again after `close()`, or without it as after a crash. */
  open(limits: OutboxLimits, clock: ManualClock): Outbox;
}

const WIDE: OutboxLimits = { maxBytes: 1_000_000, maxAgeMs: 86_400_000 };
const sequencesOf = (entries: readonly { sequence: number }[]) => entries.map(({ sequence }) => sequence);
const packet = (sequence: number, length = 10) => new Uint8Array(length).fill(sequence);

/** What every outbox promises (see `Outbox`), as tests. */
export function outboxContract(name: string, makePlace: () => OutboxPlace): void {
  const setUp = (limits = WIDE) => {
    const place = makePlace();
    const clock = new ManualClock();
    const outbox = place.open(limits, clock);
    const add = async (type: PacketType, length = 10) => {
      const entry = outbox.add(type, clock.now(), (sequence) => packet(sequence, length));
      await clock.resolve(entry);
      return (await entry).sequence;
    };
    return { place, clock, outbox, add };
  };

  describe(`${name} keeps the outbox contract`, () => {
    test("numbers from 1 without gaps, each with its bytes", async () => {
      const { outbox, clock } = setUp();
      const added = ["status", "witness", "beacon"].map((type) =>
        outbox.add(type as PacketType, clock.now(), packet),
      );
      const entries = await clock.resolve(Promise.all(added));
      assert.deepEqual(sequencesOf(entries), [1, 2, 3]);
      assert.deepEqual(entries[1]?.bytes, packet(2));
      assert.equal(outbox.state().queued, 3);
      assert.equal(outbox.state().bytes, 30);
      outbox.close();
    });

    test("a packet that cannot be made takes no number", async () => {
      const { outbox, clock } = setUp();
      const bad = outbox.add("status", 0, () => {
        throw new RangeError("cannot");
      });
      const good = outbox.add("status", 0, packet);
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

    test("handed over is not published again; a receipt forgets it or queues it again", async () => {
      const { outbox, clock, add } = setUp();
      for (let i = 0; i < 4; i++) await add("witness");
      const atMs = clock.now();
      outbox.handedOver([1, 2], atMs);
      outbox.handedOver([3], atMs + 50);
      assert.deepEqual(sequencesOf(outbox.next(10)), [4]);
      assert.equal(outbox.state().handedOver, 3);
      // 2 is stored; 1 is lacking; 3 was handed over too late to be known of; 4 is stored though never acknowledged.
      outbox.confirm(
        [
          { first: 2, last: 2 },
          { first: 4, last: 4 },
        ],
        atMs + 10,
      );
      assert.deepEqual(sequencesOf(outbox.next(10)), [1]);
      assert.equal(outbox.state().handedOver, 1);
      outbox.close();
    });

    test("a full receipt says nothing of what lies before its first range", async () => {
      const { outbox, clock, add } = setUp();
      for (let i = 0; i < 3; i++) await add("witness");
      outbox.handedOver([1, 2, 3], clock.now());
      const ranges = Array.from({ length: MAX_RECEIPT_RANGES }, (_, i) => ({
        first: 3 + 2 * i,
        last: 3 + 2 * i,
      }));
      outbox.confirm(ranges, clock.now() + 1);
      assert.deepEqual(outbox.next(10), []);
      assert.equal(outbox.state().handedOver, 2);
      outbox.close();
    });

    test("a gateway that knows higher numbers moves the numbering on", async () => {
      const { outbox, clock, add } = setUp();
      await add("status");
      outbox.confirm([{ first: 1, last: 700 }], clock.now());
      assert.equal(await add("status"), 701);
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
      outbox.handedOver([2], clock.now());
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

    for (const how of ["closed", "killed"] as const) {
      test(`${how} and opened again: same packets, same facts, next number`, async () => {
        const { place, outbox, clock, add } = setUp();
        for (let i = 0; i < 3; i++) await add("witness");
        outbox.remember("window", "12");
        outbox.remember("window", "13");
        outbox.handedOver([1], clock.now());
        outbox.confirm([{ first: 2, last: 2 }], clock.now());
        if (how === "closed") outbox.close();
        const again = place.open(WIDE, clock);
        // After a crash what a receipt cleared may come back: the gateway knows it by its id.
        assert.deepEqual(sequencesOf(again.next(10)), how === "closed" ? [3, 1] : [3, 2, 1]);
        assert.equal(again.recall("window"), "13");
        assert.equal(again.recall("other"), undefined);
        const entry = await clock.resolve(again.add("status", clock.now(), packet));
        assert.equal(entry.sequence, 4);
        again.close();
      });
    }

    test("close() keeps what was being added", async () => {
      const { place, outbox, clock } = setUp();
      const added = outbox.add("status", clock.now(), packet);
      outbox.close();
      assert.equal((await added).sequence, 1);
      await assert.rejects(outbox.add("status", clock.now(), packet), TypeError);
      const again = place.open(WIDE, clock);
      assert.deepEqual(sequencesOf(again.next(10)), [1]);
      again.close();
      await clock.advance(1000);
      assert.equal(clock.pending, 0);
    });
  });
}
