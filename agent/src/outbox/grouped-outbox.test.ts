import { describe, expect, test } from "bun:test";
import { logTo, sha256 } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { GroupedOutbox } from "./grouped-outbox.ts";
import { memoryStorage } from "./memory-outbox.ts";
import { type OutboxStorage, RESERVED_NUMBERS, type StorageChange } from "./outbox-storage.ts";

const INTERVAL_MS = 200;
const LIMITS = { maxBytes: 1_000_000, maxAgeMs: 86_400_000 };

function outboxOn(storage: OutboxStorage, clock = new ManualClock()) {
  const outbox = new GroupedOutbox({ storage, clock, commitIntervalMs: INTERVAL_MS, ...LIMITS });
  const add = () => outbox.add("witness", (sequence) => Uint8Array.of(sequence));
  return { clock, outbox, add };
}

/** A storage whose `write` goes through `how`. */
function storageThat(how: (change: StorageChange, write: () => void) => void) {
  const inner = memoryStorage();
  return { ...inner, write: (change: StorageChange) => how(change, () => inner.write(change)) };
}

describe("writes", () => {
  function counted() {
    const groups: number[] = [];
    const storage = storageThat(({ insert }, write) => {
      groups.push(insert.length);
      write();
    });
    return { groups, ...outboxOn(storage) };
  }

  test("a packet that comes after a pause is durable at once", async () => {
    const { groups, clock, add } = counted();
    for (let i = 0; i < 5; i++) {
      const beforeMs = clock.now();
      await add();
      expect(clock.now()).toBe(beforeMs);
      await clock.advance(1000);
    }
    expect(groups).toEqual([1, 1, 1, 1, 1]);
  });

  test("many that come closely share few writes, whose first is at once", async () => {
    const { groups, clock, add, outbox } = counted();
    const added: Promise<unknown>[] = [];
    for (let i = 0; i < 100; i++) {
      added.push(add());
      await clock.advance(10);
    }
    await clock.advance(INTERVAL_MS);
    await Promise.all(added);
    expect(groups).toEqual([1, 19, 20, 20, 20, 20]);
    outbox.close();
    expect(outbox.state().writes).toBe(groups.length);
  });

  test("a step of the wall clock makes none wait longer", async () => {
    const { clock, add } = counted();
    await add();
    clock.stepWall(-86_400_000);
    const added = add();
    await clock.advance(INTERVAL_MS);
    await added;
  });
});

describe("a storage that fails", () => {
  const failure = new Error("disk I/O error");

  test("and wrote nothing: the packet is lost and reported so, its number is used again", async () => {
    let isFailing = false;
    const { clock, add, outbox } = outboxOn(
      storageThat((_, write) => {
        if (isFailing) throw failure;
        write();
      }),
    );
    expect((await add()).sequence).toBe(1);
    isFailing = true;
    const lost = add().catch((error: unknown) => error);
    await clock.advance(INTERVAL_MS);
    expect(await lost).toBe(failure);
    expect(outbox.state().failure).toEqual({ why: "disk I/O error", sinceElapsedMs: INTERVAL_MS, lost: 1 });
    isFailing = false;
    const next = add();
    await clock.advance(INTERVAL_MS);
    expect((await next).sequence).toBe(2);
    expect(outbox.state().queued).toBe(2);
    expect(outbox.state().failure).toBeUndefined();
  });

  test("and wrote it though it reported an error: it counts as written, and no number is used twice", async () => {
    const { clock, add, outbox } = outboxOn(
      storageThat(({ insert }, write) => {
        write();
        if (insert[0]?.sequence === 2) throw failure;
      }),
    );
    await add();
    const second = add();
    await clock.advance(INTERVAL_MS);
    expect((await second).sequence).toBe(2);
    expect(outbox.state().failure).toBeUndefined();
    const third = add();
    await clock.advance(INTERVAL_MS);
    expect((await third).sequence).toBe(3);
    expect(outbox.next(10).map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
  });

  test("and cannot be asked: the number is not given again", async () => {
    let isFailing = false;
    const storage = storageThat((_, write) => {
      if (isFailing) throw failure;
      write();
    });
    const { read } = storage;
    const { clock, add, outbox } = outboxOn({
      ...storage,
      read: (sequence) => {
        if (isFailing) throw failure;
        return read(sequence);
      },
    });
    await add();
    isFailing = true;
    const lost = add().catch((error: unknown) => error);
    await clock.advance(INTERVAL_MS);
    expect(await lost).toBe(failure);
    // What cannot be read stays queued, and ends no session.
    expect(outbox.next(10)).toEqual([]);
    expect(outbox.state()).toMatchObject({ queued: 1, failure: { lost: 1 } });
    isFailing = false;
    expect(outbox.next(10)).toHaveLength(1);
    const next = add();
    await clock.advance(INTERVAL_MS);
    expect((await next).sequence).toBe(3);
  });

  test.each([
    ["wrote nothing: the error is told", false],
    ["wrote them though it said not: there is nothing to tell", true],
  ])("with the statuses that wait at the end, and %s; it is closed all the same", async (_, isWritten) => {
    const inner = memoryStorage();
    let closedWith = 0;
    const { outbox } = outboxOn({
      ...inner,
      write(change) {
        if (isWritten) inner.write(change);
        throw failure;
      },
      close(nextSequence) {
        closedWith = nextSequence;
        inner.close(nextSequence);
      },
    });
    for (let i = 0; i < 2; i++) await outbox.add("status", (sequence) => Uint8Array.of(sequence));
    if (isWritten) outbox.close();
    else expect(() => outbox.close()).toThrow(failure);
    expect(closedWith).toBe(3);
    expect(outboxOn(inner).outbox.state().queued).toBe(isWritten ? 2 : 0);
  });

  test.each([
    ["wrote nothing", false],
    ["wrote it though it said not", true],
  ])(
    "while statuses are numbered, and %s: those with a reserved number go out, the next is refused until it works, none is given twice",
    async (_, isWritten) => {
      const inner = memoryStorage();
      let isFailing = false;
      const storage: OutboxStorage = {
        ...inner,
        write(change) {
          if (!isFailing || isWritten) inner.write(change);
          if (isFailing) throw failure;
        },
      };
      const { clock, add, outbox } = outboxOn(storage);
      const addStatus = async () =>
        (await outbox.add("status", (sequence) => Uint8Array.of(sequence))).sequence;
      const given = [(await add()).sequence];
      isFailing = true;
      // Each tries to write, and notes that it cannot.
      const lost = add().catch((error: unknown) => error);
      await clock.advance(INTERVAL_MS);
      if (isWritten) given.push(((await lost) as { sequence: number }).sequence);
      else expect(await lost).toBe(failure);
      for (let i = 0; i < RESERVED_NUMBERS; i++) given.push(await addStatus());
      for (let i = 0; i < 3; i++) await expect(addStatus()).rejects.toBe(failure);
      expect(outbox.state().failure).toMatchObject({ why: "disk I/O error" });
      isFailing = false;
      given.push(await addStatus());
      expect(outbox.state().failure).toBeUndefined();
      // After a crash too.
      given.push((await outboxOn(inner).add()).sequence);
      expect(new Set(given).size).toBe(given.length);
      expect(given).toEqual(given.toSorted((one, other) => one - other));
    },
  );

  test.each([
    ["wrote nothing: it is lost", false],
    ["wrote it though it said not: it is there after a restart", true],
  ])("with what was being added when it is closed, and %s", async (_, isWritten) => {
    const inner = memoryStorage();
    let isFailing = false;
    const { add, outbox } = outboxOn({
      ...inner,
      write(change) {
        if (!isFailing || isWritten) inner.write(change);
        if (isFailing) throw failure;
      },
    });
    isFailing = true;
    const added = add().catch((error: unknown) => error);
    outbox.close();
    if (isWritten) expect(await added).toMatchObject({ sequence: 1 });
    else expect(await added).toBe(failure);
    const again = outboxOn(inner);
    expect(again.outbox.state().queued).toBe(Number(isWritten));
    expect((await again.add()).sequence).toBe(isWritten ? 2 : 1);
  });

  test("loses all of a group that was to be written together, and numbers the next as the first of them", async () => {
    let isFailing = false;
    const { clock, add, outbox } = outboxOn(
      storageThat((_, write) => {
        if (isFailing) throw failure;
        write();
      }),
    );
    await add();
    isFailing = true;
    const lost = [add(), add(), add()].map((one) => one.catch((error: unknown) => error));
    await clock.advance(INTERVAL_MS);
    expect(await Promise.all(lost)).toEqual([failure, failure, failure]);
    expect(outbox.state()).toMatchObject({ queued: 1, failure: { lost: 3 } });
    isFailing = false;
    const next = [add(), add()];
    await clock.advance(INTERVAL_MS);
    expect((await Promise.all(next)).map(({ sequence }) => sequence)).toEqual([2, 3]);
  });

  test("what was forgotten meanwhile is deleted once it works again, and once only", async () => {
    let isFailing = false;
    const removed: number[] = [];
    const { clock, add, outbox } = outboxOn(
      storageThat((change, write) => {
        if (isFailing) throw failure;
        removed.push(...change.remove);
        write();
      }),
    );
    await add();
    isFailing = true;
    expect(outbox.remove(1, sha256(Uint8Array.of(1)))).toBe(true);
    const lost = add().catch((error: unknown) => error);
    await clock.advance(INTERVAL_MS);
    expect(await lost).toBe(failure);
    isFailing = false;
    for (let i = 0; i < 2; i++) {
      const next = add();
      await clock.advance(INTERVAL_MS);
      await next;
    }
    expect(removed).toEqual([1]);
  });
});

test("what is dropped for its age is told by its number, at debug", async () => {
  const lines: unknown[] = [];
  const log = logTo((level, message, fields) => lines.push([level, message, fields]));
  const clock = new ManualClock();
  const options = { storage: memoryStorage(), clock, log, commitIntervalMs: INTERVAL_MS, ...LIMITS };
  const outbox = new GroupedOutbox(options);
  const { sequence } = await outbox.add("witness", () => Uint8Array.of(1));
  await clock.advance(LIMITS.maxAgeMs + 1);
  await outbox.add("witness", () => Uint8Array.of(2));
  expect(lines).toEqual([["debug", "Packet dropped, for want of room or for its age", { sequence }]]);
});

test("receipts are written before their reports leave the storage", async () => {
  const kept: unknown[] = [];
  const written: string[] = [];
  const storage = storageThat(({ remove }, write) => {
    written.push(`storage ${remove}`);
    write();
  });
  const clock = new ManualClock();
  const receipts = {
    append: (...records: unknown[]) => {
      kept.push(records);
      written.push("receipts");
    },
  };
  const outbox = new GroupedOutbox({ storage, clock, receipts, commitIntervalMs: INTERVAL_MS, ...LIMITS });
  for (const type of ["witness", "reading", "beacon"] as const)
    await clock.resolve(outbox.add(type, (sequence) => Uint8Array.of(sequence)));
  const receipt = Uint8Array.of(99);
  for (const sequence of [1, 2, 3]) outbox.remove(sequence, sha256(Uint8Array.of(sequence)), receipt);
  expect(kept).toEqual([]);
  outbox.close();
  // Not the reading: no bundle has it.
  expect(kept).toEqual([
    [[{ keptAtMs: undefined, receipt, packets: [Uint8Array.of(1), Uint8Array.of(3)] }], undefined],
  ]);
  expect(written.slice(-2)).toEqual(["receipts", "storage 1,2,3"]);
});
