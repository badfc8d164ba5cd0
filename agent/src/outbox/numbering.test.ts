import { describe, expect, test } from "bun:test";
import { MAX_RECEIPT_RANGES, type SequenceRange } from "@earshot/protocol";
import fc from "fast-check";
import { JUMP_CEILING, MAX_JUMP, numberingBeside } from "./numbering.ts";

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
      expect(numberingBeside(used, 10)).toEqual({ state: "kept" });
    }
  });

  test("goes on beyond what the gateway has of a lost outbox, or of a copy put back", () => {
    const used = [{ first: 1, last: 5_000_000 }];
    expect(numberingBeside(used, 1)).toMatchObject({ state: "moved", to: 5_000_001 });
    expect(numberingBeside(used, 4_999_000)).toMatchObject({ state: "moved", to: 5_000_001 });
  });

  test("is not moved by numbers far away or at the end: there is room before them", () => {
    expect(numberingBeside([{ first: LAST, last: LAST }], 7)).toEqual({ state: "kept" });
    const both = [
      { first: 1, last: 5000 },
      { first: LAST, last: LAST },
    ];
    expect(numberingBeside(both, 7)).toMatchObject({ state: "moved", to: 5001 });
  });

  test("is moved by bounded steps, and never into the upper half", () => {
    const used = [{ first: 1, last: MAX_JUMP * 3 }];
    const steps: number[] = [];
    let next = 1;
    for (;;) {
      const step = numberingBeside(used, next);
      if (step.state !== "moved") break;
      expect(step.to - step.from).toBeLessThanOrEqual(MAX_JUMP);
      steps.push(step.to);
      next = step.to;
    }
    expect(steps.at(-1)).toBe(MAX_JUMP * 3 + 1);
    expect(steps.length).toBeLessThanOrEqual(4);
    next = 1;
    for (;;) {
      const step = numberingBeside([{ first: 1, last: LAST }], next);
      if (step.state !== "moved") break;
      next = step.to;
    }
    expect(next).toBeLessThanOrEqual(JUMP_CEILING);
  });

  test("below a full list nothing is known to be unused", () => {
    const used = Array.from({ length: MAX_RECEIPT_RANGES }, (_, i) => ({
      first: 900 + i * 10,
      last: 905 + i * 10,
    }));
    expect(numberingBeside(used, 1)).toMatchObject({ to: (used.at(-1)?.last ?? 0) + 1 });
  });

  test("whatever is told, the next number is none below, at most one step on, and never beyond the ceiling", () => {
    const range = fc
      .tuple(fc.nat({ max: LAST }), fc.nat({ max: LAST }))
      .map(([a, b]) => ({ first: a, last: b }));
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), fc.integer({ min: 1, max: LAST }), (used, next) => {
        const told = numberingBeside(used as SequenceRange[], next);
        if (told.state !== "moved") return;
        expect(told.to).toBeGreaterThan(next);
        expect(told.to).toBeLessThanOrEqual(Math.min(JUMP_CEILING, next + MAX_JUMP));
      }),
    );
  });
});
