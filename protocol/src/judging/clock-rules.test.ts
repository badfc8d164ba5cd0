import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_PARAMETERS } from "../parameters/parameters.ts";
import { counterMismatch } from "./clock-rules.ts";
import { Scenario } from "./scenario.ts";
import { type Outcome, outcome, tryBeacon, tryWitness } from "./trial.ts";
import type { JudgingContext, ReceivedReport, ReportTimes } from "./types.ts";

const ok = { reason: "ok" };

describe("time_ahead", () => {
  const { clockSkewMs } = new Scenario().parameters;

  test.each([-60_000, -1, 0, clockSkewMs])("made %d ms after it arrived: within the skew", (aheadMs) => {
    expect(tryWitness({}, { delayMs: -aheadMs })).toEqual(ok);
  });

  test("a millisecond more is a clock that is ahead", () => {
    const aheadMs = clockSkewMs + 1;
    expect(tryWitness({}, { delayMs: -aheadMs })).toEqual({ reason: "time_ahead", aheadMs });
    expect(tryBeacon({}, { delayMs: -aheadMs })).toEqual({ reason: "time_ahead", aheadMs });
  });
});

const START_MS = 1_780_317_300_000;
const TURN_US = 2 ** 32;
const { clockSkewMs, tmstToleranceMs } = DEFAULT_PARAMETERS;
const TOLERANCE_MS = tmstToleranceMs + 2 * clockSkewMs;

type Times = Omit<ReportTimes, "entropyIndex">;

/** The answer of `counter_mismatch` to a report after an earlier one. @param offMs of the clock at the earlier one */
function judged(earlier: Times | undefined, later: Times, offMs = 0): Outcome {
  const parameters = { ...DEFAULT_PARAMETERS, network: "demo" };
  const entropyIndex = Math.floor((earlier?.atMs ?? 0) / parameters.entropyPeriodMs);
  const before = earlier && { entropyIndex, ...earlier, atMs: earlier.atMs + offMs };
  const judging: Partial<JudgingContext> = { parameters, earlierReport: () => before };
  const report = { packet: later } as ReceivedReport;
  const measurements = counterMismatch.check({ report, judging: judging as JudgingContext });
  return outcome(
    measurements === undefined
      ? { reason: "ok", measurements: [] }
      : { reason: counterMismatch.reason, measurements },
  );
}

/** A concentrator that counts from `startUs`, read after so many ms of its own time. */
const counted = (startUs: number, afterMs: number): number =>
  (((startUs + Math.round(afterMs * 1000)) % TURN_US) + TURN_US) % TURN_US;

describe("counter_mismatch", () => {
  const startUs = 3_000_000_000;
  const earlier = { atMs: START_MS, tmstUs: startUs };
  const after = (passedMs: number, countedMs: number) =>
    judged(earlier, { atMs: START_MS + passedMs, tmstUs: counted(startUs, countedMs) });

  test("a counter that keeps pace, over its end, over many turns, in reverse and not at all", () => {
    for (const ms of [0, 1, 60_000, 1_294_968, 4_294_967, 4_294_968, 40_000_000, 86_400_000, -5000]) {
      expect(after(ms, ms)).toEqual(ok);
    }
  });

  test("tolerance to the millisecond, both ways", () => {
    expect([after(60_000, 60_000 + TOLERANCE_MS + 3), after(60_000, 60_000 - TOLERANCE_MS - 3)]).toEqual([
      ok,
      ok,
    ]);
    expect(after(60_000, 60_000 + TOLERANCE_MS + 4)).toEqual({
      reason: "counter_mismatch",
      passedMs: 60_000,
      strayedMs: TOLERANCE_MS + 4,
      toleranceMs: TOLERANCE_MS + 3,
    });
    expect(after(60_000, 60_000 - TOLERANCE_MS - 4).strayedMs).toBe(-TOLERANCE_MS - 4);
  });

  test("the crystal's share of the tolerance is rounded up to whole milliseconds", () => {
    const passedMs = 60_001;
    expect(after(passedMs, passedMs + TOLERANCE_MS + 4)).toEqual(ok);
    expect(after(passedMs, passedMs + TOLERANCE_MS + 5).toleranceMs).toBe(TOLERANCE_MS + 4);
  });

  test("a restart in between explains a count from 0, not a higher one than the time since", () => {
    const restarted = (passedMs: number, sinceRestartMs: number) =>
      judged(earlier, { atMs: START_MS + passedMs, tmstUs: sinceRestartMs * 1000 }).reason;
    expect(restarted(600_000, 1000)).toBe("ok");
    expect(restarted(600_000, 600_000 + TOLERANCE_MS + 30)).toBe("ok");
    expect(restarted(600_000, 600_000 + TOLERANCE_MS + 31)).toBe("counter_mismatch");
    expect(restarted(0, TOLERANCE_MS)).toBe("ok");
    expect(restarted(0, TOLERANCE_MS + 1)).toBe("counter_mismatch");
  });

  test("a report numbered before one that happened earlier is judged the other way round", () => {
    const before = { atMs: START_MS + 300_000, tmstUs: 2_000_000 };
    expect(judged(before, { atMs: START_MS, tmstUs: startUs })).toEqual(ok);
    const tooHigh = { atMs: START_MS + 300_000, tmstUs: 400_000_000 };
    expect(judged(tooHigh, { atMs: START_MS, tmstUs: startUs }).reason).toBe("counter_mismatch");
  });

  test("a clock that was wrong before and is right now is not held against the report made since", () => {
    const later = { atMs: START_MS + 600_000, tmstUs: counted(startUs, 600_000) };
    for (const offMs of [-3_600_000, 600_000, 60 * 86_400_000]) {
      expect(judged(earlier, later, offMs)).toEqual(ok);
    }
    // Within the time allowed for a beacon the clock is taken as right, and counters are compared.
    expect(judged(earlier, later, 90_000).reason).toBe("counter_mismatch");
  });

  test("without a counter, or without an earlier report, there is nothing to judge", () => {
    expect(judged(undefined, { atMs: START_MS, tmstUs: 5 })).toEqual(ok);
    expect(judged({ atMs: START_MS, tmstUs: null }, { atMs: START_MS, tmstUs: 5 })).toEqual(ok);
    expect(judged(earlier, { atMs: START_MS, tmstUs: null })).toEqual(ok);
  });

  /** Real time 0 … a day apart; each clock reading off by up to the skew; the crystal by up to 50 ppm. */
  const honest = fc.record({
    startUs: fc.nat(TURN_US - 1),
    passedMs: fc.integer({ min: -10_000, max: 86_400_000 }),
    skewsMs: fc.tuple(...[0, 1].map(() => fc.integer({ min: -clockSkewMs, max: clockSkewMs }))),
    stallMs: fc.nat(tmstToleranceMs - 10),
    ppm: fc.integer({ min: -49, max: 49 }),
  });

  test("no honest pair is refused, whatever the clocks do within their bounds", () => {
    fc.assert(
      fc.property(honest, ({ startUs, passedMs, skewsMs: [a = 0, b = 0], stallMs, ppm }) => {
        const later = {
          atMs: START_MS + passedMs + b + stallMs,
          tmstUs: counted(startUs, passedMs * (1 + ppm / 1_000_000)),
        };
        expect(judged({ atMs: START_MS + a, tmstUs: startUs }, later)).toEqual(ok);
      }),
      { numRuns: 500 },
    );
  });

  test("no honest restart is refused", () => {
    fc.assert(
      fc.property(honest, fc.nat(999), ({ startUs, passedMs, skewsMs: [a = 0, b = 0] }, permille) => {
        const spanMs = Math.abs(passedMs);
        const tmstUs = counted(0, (spanMs * permille) / 1000);
        const later = { atMs: START_MS + spanMs + b, tmstUs };
        expect(judged({ atMs: START_MS + a, tmstUs: startUs }, later)).toEqual(ok);
      }),
      { numRuns: 500 },
    );
  });

  test("a counter out of step that counts more than the time since is refused", () => {
    const stray = fc.record({
      passedMs: fc.integer({ min: 0, max: 1_000_000 }),
      strayMs: fc.integer({ min: TOLERANCE_MS + 100, max: 2_000_000 }),
      // Not so soon after a start that the earlier report might be the one after a restart.
      startUs: fc.integer({ min: 10_000_000, max: 1_000_000_000 }),
    });
    fc.assert(
      fc.property(stray, ({ passedMs, strayMs, startUs }) => {
        const tmstUs = counted(startUs, passedMs + strayMs);
        const result = judged({ atMs: START_MS, tmstUs: startUs }, { atMs: START_MS + passedMs, tmstUs });
        expect(result.reason).toBe("counter_mismatch");
      }),
    );
  });

  test("in an epoch: the report before, by number, is what a report is compared with", () => {
    const scenario = new Scenario();
    const [one, two] = [scenario.round(0, [1]), scenario.round(2, [1])];
    const heard = (round: typeof one, tmstUs: number) =>
      scenario.receive(1, { ...(round.witnesses[0]?.packet as (typeof one.witnesses)[0]["packet"]), tmstUs });
    const passedMs = two.packet.atMs - one.packet.atMs;
    const [early, late] = passedMs >= 0 ? [one, two] : [two, one];
    const reasons = (strayMs: number) => {
      const first = heard(early, 4_000_000_000);
      const second = heard(late, counted(4_000_000_000, Math.abs(passedMs) + strayMs));
      const judgement = scenario.judge([one.beacon, two.beacon, first, second]);
      return [first, second].map(
        ({ id }) => judgement.verdicts.find(({ packetId }) => packetId === id)?.reason,
      );
    };
    expect(reasons(0)).toEqual(["ok", "ok"]);
    expect(reasons(-900_000)).toEqual(["ok", "counter_mismatch"]);
  });
});
