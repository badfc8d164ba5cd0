import { describe, expect, test } from "bun:test";
import { u32 } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import { Quota } from "./quota.ts";

const LIMITS = { ...DEFAULT_LIMITS, packetsAtOnce: 3, packetsPerSecond: 2, bytesPerDay: 1000 };

function quota(limits: Partial<typeof LIMITS> = {}) {
  const clock = new ManualClock(1_767_225_600_000);
  const progress = { judgingThrough: 100 };
  const made = new Quota({ limits: { ...LIMITS, ...limits }, clock, progress });
  const admitted = (id: string, tries: number, bytes = 1) =>
    Array.from({ length: tries }, () => made.admits(id, bytes)).filter(Boolean).length;
  return { quota: made, clock, progress, admitted };
}

describe("packets", () => {
  test("so many at once, then so many a second, each hotspot its own", async () => {
    const { admitted, clock } = quota();
    expect(admitted("a", 9)).toBe(3);
    expect(admitted("b", 9)).toBe(3);
    await clock.advance(1000);
    expect(admitted("a", 9)).toBe(2);
    await clock.advance(3_600_000);
    expect(admitted("a", 9)).toBe(3);
  });

  test("so many bytes a day, whatever they are in", async () => {
    const { admitted, clock } = quota({ packetsAtOnce: 100 });
    expect(admitted("a", 9, 300)).toBe(3);
    expect(admitted("a", 100, 10)).toBe(10);
    await clock.advance(43_200_000);
    expect(admitted("a", 9, 250)).toBe(2);
  });

  test("a full outbox of an agent goes through at once", () => {
    const { admitted } = quota(DEFAULT_LIMITS);
    const outboxBytes = 16_777_216;
    const packets = Math.ceil(outboxBytes / 180);
    expect(admitted("a", packets, 180)).toBe(packets);
  });
});

describe("nobody gets a new allowance by making the old one forgotten", () => {
  const others = (from: number, count: number) => Array.from({ length: count }, (_, i) => `k${from + i}`);

  test("while keys that have used theirs are kept, further ones share one", async () => {
    const { admitted, clock } = quota();
    expect(admitted("a", 9)).toBe(3);
    for (const id of others(0, 65_535)) admitted(id, 1);
    // All are in use now: whatever keys come, they get one allowance together.
    expect(others(100_000, 50).reduce((sum, id) => sum + admitted(id, 9), 0)).toBe(3);
    expect(admitted("a", 9)).toBe(0);
    await clock.advance(86_400_000);
    expect(others(200_000, 50).reduce((sum, id) => sum + admitted(id, 9), 0)).toBe(150);
  });
});

describe("room for another", () => {
  const MAX_HOTSPOTS = 65_536;
  const asksAnother = (admitted: ReturnType<typeof quota>["admitted"]) => [
    admitted("x", 9),
    admitted("y", 9),
  ];

  /** As many as are kept, the first of which have used most of their day's bytes; the others' are whole again soon. */
  async function full(heavy: number) {
    const made = quota();
    for (let i = 0; i < heavy; i++) made.admitted(`k${i}`, 1, 900);
    for (let i = heavy; i < MAX_HOTSPOTS; i++) made.admitted(`k${i}`, 1);
    await made.clock.advance(100_000);
    return made;
  }

  test("is looked for among those longest not used, a few at a time", async () => {
    expect(asksAnother((await full(7)).admitted)).toEqual([3, 3]);
    expect(asksAnother((await full(8)).admitted)).toEqual([3, 0]);
  });

  test("is not blocked by those who came first and are in use", async () => {
    const { admitted } = await full(8);
    for (let i = 0; i < 8; i++) admitted(`k${i}`, 1);
    expect(asksAnother(admitted)).toEqual([3, 3]);
  });
});

describe("reports on one period", () => {
  let packets = 0;
  const report = (type: "beacon" | "witness", entropyIndex: number, id = u32(packets++)) => ({
    id,
    type,
    entropyIndex,
  });
  const taken = (made: Quota, type: "beacon" | "witness", index: number, tries: number) =>
    Array.from({ length: tries }, () => made.admitsReport("a", report(type, index))).filter(Boolean).length;

  test("64 of what was heard and 4 of an own beacon, of each hotspot and period", () => {
    const { quota: made } = quota();
    expect(taken(made, "witness", 101, 100)).toBe(64);
    expect(taken(made, "beacon", 101, 100)).toBe(4);
    expect(taken(made, "witness", 102, 100)).toBe(64);
    expect(made.admitsReport("b", report("witness", 101))).toBe(true);
  });

  test("what comes again takes no further place, and what is not stored gives its back", () => {
    const { quota: made } = quota();
    const first = report("witness", 101);
    expect(made.admitsReport("a", first)).toBe(true);
    expect(taken(made, "witness", 101, 100)).toBe(63);
    expect(made.admitsReport("a", first)).toBe(true);
    made.releaseReport("a", first);
    expect(taken(made, "witness", 101, 100)).toBe(1);
    expect(made.admitsReport("a", first)).toBe(false);
    made.releaseReport("nobody", first);
    made.releaseReport("a", report("witness", 101));
    expect(taken(made, "witness", 101, 1)).toBe(0);
  });

  test("are counted for a while after the period was judged, then forgotten", () => {
    const { quota: made, progress } = quota();
    expect(taken(made, "witness", 101, 64)).toBe(64);
    progress.judgingThrough = 110;
    expect(taken(made, "witness", 101, 1)).toBe(0);
    progress.judgingThrough = 117;
    expect(taken(made, "witness", 118, 1)).toBe(1);
    // Long judged: only the packets' own allowance is left.
    expect(taken(made, "witness", 101, 100)).toBe(100);
  });
});
