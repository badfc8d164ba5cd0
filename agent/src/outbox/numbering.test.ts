import { describe, expect, test } from "bun:test";
import { MAX_RECEIPT_RANGES, type SequenceRange } from "@earshot/protocol";
import fc from "fast-check";
import { FREE_RANGE, JUMP_CEILING, MAX_JUMP, numberingAfter } from "./numbering.ts";

const LAST = 2 ** 32 - 1;

describe("numbering", () => {
  test("stays where it is while the gateway has only what was counted", () => {
    for (const used of [
      [],
      [{ first: 1, last: 9 }],
      [
        { first: 1, last: 3 },
        { first: 5, last: 9 },
      ],
    ]) {
      expect(numberingAfter(used, 10)).toEqual({ state: "kept" });
    }
  });

  test("continues after what the gateway has of a lost outbox, or of a copy put back", () => {
    const used = [{ first: 1, last: 5_000_000 }];
    expect(numberingAfter(used, 1)).toMatchObject({ state: "moved", to: 5_000_001 });
    expect(numberingAfter(used, 4_999_000)).toMatchObject({ state: "moved", to: 5_000_001 });
  });

  test("is not moved by numbers far away or at the end: there is room before them", () => {
    expect(numberingAfter([{ first: LAST, last: LAST }], 7)).toEqual({ state: "kept" });
    const both = [
      { first: 1, last: 5000 },
      { first: LAST, last: LAST },
    ];
    expect(numberingAfter(both, 7)).toMatchObject({ state: "moved", to: 5001 });
  });

  test("is moved by bounded steps, and never into the upper half", () => {
    const used = [{ first: 1, last: MAX_JUMP * 3 }];
    const steps: number[] = [];
    let next = 1;
    for (;;) {
      const step = numberingAfter(used, next);
      if (step.state !== "moved") break;
      expect(step.to - step.from).toBeLessThanOrEqual(MAX_JUMP);
      steps.push(step.to);
      next = step.to;
    }
    expect(steps.at(-1)).toBe(MAX_JUMP * 3 + 1);
    expect(steps.length).toBeLessThanOrEqual(4);
    next = 1;
    for (;;) {
      const step = numberingAfter([{ first: 1, last: LAST }], next);
      if (step.state !== "moved") break;
      next = step.to;
    }
    expect(next).toBeLessThanOrEqual(JUMP_CEILING);
  });

  test("below a full list nothing is known to be unused", () => {
    const used = Array.from({ length: MAX_RECEIPT_RANGES }, (_, i) => ({
      first: 2 * FREE_RANGE + i * 10,
      last: 2 * FREE_RANGE + i * 10 + 5,
    }));
    expect(numberingAfter(used, 1)).toMatchObject({ to: (used.at(-1)?.last ?? 0) + 1 });
    expect(numberingAfter(used.slice(1), 1)).toEqual({ state: "kept" });
  });

  test("continues at the first free range, and uses none of those in use", () => {
    const around = (edge: number) => fc.integer({ min: Math.max(0, edge - 2), max: edge + 2 });
    const runs = fc.array(
      fc.record({ gap: fc.oneof(around(2), around(FREE_RANGE)), length: fc.integer({ min: 1, max: 4 }) }),
      { maxLength: MAX_RECEIPT_RANGES - 1 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 20 }), runs, (next, gaps) => {
        const used: SequenceRange[] = [];
        let end = 0;
        for (const { gap, length } of gaps) {
          const first = end + 1 + gap;
          end = first + length - 1;
          used.push({ first, last: end });
        }
        const hasRoom = (at: number) =>
          used.every(({ first, last }) => last < at || first >= at + FREE_RANGE);
        const expected = [next, ...used.map(({ last }) => last + 1)].find((at) => at >= next && hasRoom(at));
        const told = numberingAfter(used, next);
        expect(told.state === "kept" ? next : told.target).toBe(expected as number);
      }),
    );
  });

  test("the ceiling itself may be given by a receipt's word, nothing beyond", () => {
    const next = JUMP_CEILING - 10;
    const after = (last: number) => numberingAfter([{ first: 1, last }], next);
    expect(after(JUMP_CEILING - 1)).toMatchObject({ state: "moved", to: JUMP_CEILING });
    expect(after(JUMP_CEILING)).toMatchObject({ state: "blocked", target: JUMP_CEILING + 1 });
  });

  test("whatever the receipt lists, the next number is none below, at most one step on, and never beyond the ceiling", () => {
    const range = fc
      .tuple(fc.nat({ max: LAST }), fc.nat({ max: LAST }))
      .map(([a, b]) => ({ first: a, last: b }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), fc.integer({ min: 1, max: LAST }), (used, next) => {
        const told = numberingAfter(used as SequenceRange[], next);
        if (told.state !== "moved") return;
        expect(told.to).toBeGreaterThan(next);
        expect(told.to).toBeLessThanOrEqual(Math.min(JUMP_CEILING, next + MAX_JUMP));
      }),
    );
  });
});
