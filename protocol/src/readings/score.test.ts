import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type QuantityFacts, quantityFacts } from "./quantities.ts";
import { isPlausible, type Reading, scoreQuantity } from "./score.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START_MS = Date.UTC(2026, 0, 1);

type Value = number | { min?: number; mean: number; max?: number; count?: number };

/** A reading each minute with these means in tenths, the range one tenth to each side by default. */
const minutes = (values: readonly (Value | undefined)[], name = "temperature_c"): Reading[] =>
  values.flatMap((value, i) => {
    if (value === undefined) return [];
    const { mean, ...rest } = typeof value === "number" ? { mean: value } : value;
    const quantity = { name, exponent: -1, min: mean - 1, mean, max: mean + 1, count: 6, ...rest };
    return [
      {
        sequence: i + 1,
        atMs: START_MS + (i + 1) * MINUTE_MS,
        periodMs: MINUTE_MS,
        quantities: [quantity],
      },
    ];
  });

const constant = (length: number, value: number): Value[] =>
  new Array(length).fill({ min: value, mean: value, max: value });

const endOf = (length: number) => ({ untilMs: START_MS + length * MINUTE_MS });

function scoreOf(values: readonly (Value | undefined)[], name = "temperature_c", facts?: QuantityFacts) {
  const score = scoreQuantity(name, minutes(values, name), endOf(values.length), facts);
  if (score === undefined) throw new Error("nothing to score");
  return score;
}

const mild = (length: number): Value[] => Array.from({ length }, (_, i) => 200 + (i % 5));

describe("a faultless stretch", () => {
  test("scores 1000 and has no faults", () => {
    const none = { periods: 0, permille: 0, lastAtMs: null };
    expect(scoreOf(mild(60))).toEqual({
      score: 1000,
      received: 60,
      sound: 60,
      outOfBounds: none,
      jump: none,
      constantTooLong: none,
      longestConstantMs: 0,
      restarts: 0,
      availabilityPermille: 1000,
      gaps: 0,
      missingMs: 0,
      longestGapMs: 0,
    });
  });

  test("is one with a late timer, and while the newest packet is on its way", () => {
    const late = minutes(mild(60)).map((reading, i) => ({ ...reading, atMs: reading.atMs + i * 400 }));
    const untilMs = (late.at(-1)?.atMs ?? 0) + 2 * MINUTE_MS;
    expect(scoreQuantity("temperature_c", late, { untilMs })).toMatchObject({ score: 1000, gaps: 0 });
  });

  test("that nobody sent is no score", () => {
    expect(scoreQuantity("temperature_c", [], endOf(3))).toBeUndefined();
    expect(scoreQuantity("humidity_percent", minutes(mild(3)), endOf(3))).toBeUndefined();
  });
});

describe("out of bounds", () => {
  test("counts a period whose smallest or largest value is implausible", () => {
    const values = [...mild(6), { mean: 205, max: 601 }, { mean: 206, min: -601 }, ...mild(2)];
    expect(scoreOf(values)).toMatchObject({
      score: 800,
      outOfBounds: { periods: 2, permille: 200, lastAtMs: START_MS + 8 * MINUTE_MS },
    });
    expect(scoreOf([...mild(9), { mean: 205, max: 600 }]).outOfBounds.periods).toBe(0);
  });

  test("counts what is in no order, and a mean of nothing", () => {
    const values = [...mild(8), { mean: 205, max: 204 }, { mean: 205, count: 0 }];
    expect(scoreOf(values).outOfBounds.periods).toBe(2);
  });

  test("compares digits of any size exactly", () => {
    const at = (exponent: number, min: number, mean: number, max: number) => ({
      sequence: 1,
      atMs: START_MS,
      periodMs: MINUTE_MS,
      quantities: [{ name: "power_factor", exponent, min, mean, max, count: 1 }],
    });
    const outOf = (reading: Reading) =>
      scoreQuantity("power_factor", [reading], { untilMs: START_MS })?.outOfBounds.periods;
    expect(outOf(at(0, -1, 0, 1))).toBe(0);
    expect(outOf(at(-12, 0, 1, 1_000_000_000_000))).toBe(0);
    expect(outOf(at(-12, 0, 1, 1_000_000_000_001))).toBe(1);
    expect(outOf(at(12, 0, 0, 1))).toBe(1);
  });
});

test("one quantity by itself is plausible or not", () => {
  const voltage = { name: "voltage_v", exponent: -1, min: 2300, mean: 2310, max: 2320, count: 60 };
  expect(isPlausible(voltage)).toBe(true);
  expect(isPlausible({ ...voltage, max: 3001 })).toBe(false);
  expect(isPlausible({ ...voltage, exponent: 0 })).toBe(false);
  expect(isPlausible({ ...voltage, name: "made_up", exponent: 0 })).toBe(true);
});

describe("a jump", () => {
  test("is a mean further from the one before than the largest step", () => {
    expect(scoreOf([...mild(5), 400, 401, 402, 403, 404]).jump.periods).toBe(0);
    expect(scoreOf([...mild(5), 405, 404, 403, 404, 405])).toMatchObject({
      score: 900,
      jump: { periods: 1, lastAtMs: START_MS + 6 * MINUTE_MS },
    });
    expect(scoreOf([...mild(4), -50, ...mild(5)]).jump.periods).toBe(2);
  });

  test("is none across a silence", () => {
    expect(scoreOf([...mild(5), undefined, 450, 450]).jump.periods).toBe(0);
  });

  test("of a counter is going back, but for a restart near zero", () => {
    const grown = [1000, 1010, 1020, 1030];
    expect(scoreOf(grown, "energy_wh")).toMatchObject({ score: 1000, restarts: 0 });
    expect(scoreOf([...grown, 1000, 1010], "energy_wh")).toMatchObject({ jump: { periods: 1 }, restarts: 0 });
    expect(scoreOf([...grown, 5, 15], "energy_wh")).toMatchObject({ score: 1000, restarts: 1 });
    expect(scoreOf([...grown, undefined, undefined, 900], "energy_wh").jump.periods).toBe(1);
  });
});

describe("constant for too long", () => {
  const facts: QuantityFacts = { ...quantityFacts("temperature_c"), constantMs: 10 * MINUTE_MS };

  test("counts every period of a run that is longer than allowed", () => {
    expect(scoreOf([...mild(5), ...constant(10, 204)], undefined, facts).constantTooLong.periods).toBe(0);
    expect(scoreOf([...mild(5), ...constant(11, 204), ...mild(4)], undefined, facts)).toMatchObject({
      score: 450,
      constantTooLong: { periods: 11, lastAtMs: START_MS + 16 * MINUTE_MS },
      longestConstantMs: 11 * MINUTE_MS,
    });
  });

  test("needs the very same value, within periods and between them", () => {
    const flat = [...constant(8, 204), ...constant(8, 205), 205, ...constant(8, 205)];
    expect(scoreOf(flat, undefined, facts)).toMatchObject({ score: 1000, longestConstantMs: 0 });
  });

  test("goes on through a silence", () => {
    const values = [...constant(6, 204), undefined, undefined, ...constant(6, 204)];
    expect(scoreOf(values, undefined, facts)).toMatchObject({
      constantTooLong: { periods: 12, permille: 1000 },
      longestConstantMs: 14 * MINUTE_MS,
      score: 0,
    });
  });
});

describe("availability", () => {
  test("is the share of time that periods cover, since the first", () => {
    const values = [...mild(4), undefined, undefined, ...mild(2), undefined, ...mild(1)];
    expect(scoreOf(values)).toMatchObject({
      score: 700,
      received: 7,
      availabilityPermille: 700,
      gaps: 2,
      missingMs: 3 * MINUTE_MS,
      longestGapMs: 2 * MINUTE_MS,
    });
  });

  test("and all other shares are rounded down", () => {
    // Two of three periods, one of which is out of bounds; and one of three.
    expect(scoreOf([200, undefined, { mean: 205, max: 601 }])).toMatchObject({
      score: 333,
      availabilityPermille: 666,
    });
    expect(scoreOf([...mild(2), { mean: 205, max: 601 }])).toMatchObject({
      score: 666,
      outOfBounds: { periods: 1, permille: 333 },
    });
  });

  test("a silence of half a period is one, a shorter one a timer that was late", () => {
    const delayed = (lateMs: number) =>
      scoreQuantity(
        "temperature_c",
        minutes(mild(4)).map((reading, i) => ({ ...reading, atMs: reading.atMs + (i < 2 ? 0 : lateMs) })),
        endOf(4),
      );
    expect(delayed(MINUTE_MS / 2 - 1)).toMatchObject({ gaps: 0, missingMs: 0, score: 1000 });
    expect(delayed(MINUTE_MS / 2)).toMatchObject({
      gaps: 1,
      missingMs: MINUTE_MS / 2,
      longestGapMs: MINUTE_MS / 2,
    });
  });

  test("counts the silence before the first and after the last", () => {
    const readings = minutes(mild(10));
    const span = { sinceMs: START_MS - 10 * MINUTE_MS, untilMs: START_MS + 32 * MINUTE_MS };
    expect(scoreQuantity("temperature_c", readings, span)).toMatchObject({
      availabilityPermille: 250,
      gaps: 2,
      longestGapMs: 20 * MINUTE_MS,
    });
  });

  test("is not raised by sending more often than said", () => {
    const sparse = minutes([...mild(5), undefined, undefined, undefined, undefined, undefined, ...mild(1)]);
    const flooded = sparse.flatMap((reading) =>
      [0, 1, 2, 3].map((i) => ({ ...reading, sequence: reading.sequence * 10 + i, atMs: reading.atMs + i })),
    );
    const score = (readings: Reading[]) => scoreQuantity("temperature_c", readings, endOf(11));
    expect(score(flooded)?.availabilityPermille).toBe(score(sparse)?.availabilityPermille as number);
  });
});

const value = fc.integer({ min: -(2 ** 47), max: 2 ** 47 - 1 });
const anyReading: fc.Arbitrary<Reading> = fc.record({
  sequence: fc.nat(),
  atMs: fc.oneof(fc.nat({ max: 2 ** 48 }), fc.integer({ min: START_MS, max: START_MS + HOUR_MS })),
  periodMs: fc.oneof(fc.constantFrom(0, 1, MINUTE_MS), fc.nat({ max: 2 ** 32 - 1 })),
  quantities: fc.array(
    fc.record({
      name: fc.constantFrom("energy_wh", "temperature_c", "other"),
      exponent: fc.integer({ min: -12, max: 12 }),
      min: value,
      mean: value,
      max: value,
      count: fc.nat({ max: 2 ** 32 - 1 }),
    }),
    { maxLength: 3 },
  ),
});

describe("whatever hotspots send", () => {
  const name = fc.constantFrom("energy_wh", "temperature_c", "other");
  const anyStretch = fc.array(anyReading, { maxLength: 40 });

  test("a score is a whole number from 0 to 1000, and so is every share", () => {
    fc.assert(
      fc.property(name, anyStretch, fc.nat({ max: 2 ** 48 }), (name, readings, untilMs) => {
        const score = scoreQuantity(name, readings, { untilMs });
        if (score === undefined) return;
        const faults = [score.outOfBounds, score.jump, score.constantTooLong];
        for (const share of [score.score, score.availabilityPermille, ...faults.map((f) => f.permille)]) {
          expect(Number.isInteger(share) && share >= 0 && share <= 1000).toBe(true);
        }
        for (const { periods } of faults) expect(periods).toBeLessThanOrEqual(score.received - score.sound);
      }),
    );
  });

  test("neither order nor repetition matters", () => {
    const shuffled = anyStretch.chain((readings) =>
      fc.tuple(
        fc.constant(readings),
        fc
          .subarray(readings)
          .chain((again) =>
            fc.shuffledSubarray([...readings, ...again], { minLength: readings.length + again.length }),
          ),
      ),
    );
    fc.assert(
      fc.property(name, shuffled, (name, [readings, other]) => {
        const span = { untilMs: START_MS + HOUR_MS };
        expect(scoreQuantity(name, other, span)).toEqual(scoreQuantity(name, readings, span) as never);
      }),
    );
  });

  test("each fault lowers the score of what was faultless", () => {
    const length = 200;
    const spoiled = fc.tuple(
      fc.integer({ min: 1, max: length - 2 }),
      fc.constantFrom<(before: Value) => Value | undefined>(
        () => undefined,
        () => ({ mean: 205, max: 9999 }),
        () => 450,
        () => ({ mean: 205, count: 0 }),
      ),
    );
    fc.assert(
      fc.property(fc.array(spoiled, { minLength: 1, maxLength: 5 }), (faults) => {
        const values: (Value | undefined)[] = mild(length);
        for (const [at, spoil] of faults) values[at] = spoil(values[at] as Value);
        const { score } = scoreOf(values);
        expect(score).toBeLessThan(1000);
        expect(score).toBeGreaterThan(900);
      }),
    );
  });
});
