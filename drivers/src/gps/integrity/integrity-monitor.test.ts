import { describe, expect, test } from "bun:test";
import { INTEGRITY_FLAGS } from "@earshot/protocol";
import fc from "fast-check";
import type { GpsReading, RfBlock, Satellite } from "../gps-reading.ts";
import { ROLLOVER_MS } from "../receiver-calendar.ts";
import { IntegrityMonitor } from "./integrity-monitor.ts";

const START_MS = Date.UTC(2026, 2, 1, 12);
const PLACE = { latDeg: 47.3, lonDeg: 8.5 };
/** An open sky: from low and weak to high and strong. */
const CN0 = [28, 31, 34, 37, 39, 41, 43, 44, 46];

const sky = (cn0s: readonly number[]): Satellite[] =>
  cn0s.map((cn0DbHz, at) => ({ system: "G", id: at + 1, cn0DbHz, used: true }));

/** A standing receiver under an open sky, `second` seconds after the start. */
function readingAt(second: number, more: Partial<GpsReading> = {}): GpsReading {
  const atMs = START_MS + 1000 * second;
  // A metre and a decibel of noise, the same each run.
  const noise = ((second * 37) % 11) - 5;
  return {
    kind: "gps",
    atMs: atMs + 80,
    timeMs: atMs,
    mode: 3,
    latDeg: PLACE.latDeg + noise * 2e-6,
    lonDeg: PLACE.lonDeg - noise * 2e-6,
    horizontalErrorM: 2,
    groundSpeedMps: 0.05,
    satellites: sky(CN0.map((cn0, at) => cn0 + ((noise + at) % 3) * 0.5)),
    ...more,
  };
}

/** Summary after `seconds` of readings, each as `more` says. */
function watch(seconds: number, more: (second: number) => Partial<GpsReading> = () => ({})) {
  const monitor = new IntegrityMonitor();
  for (let second = 0; second < seconds; second += 1) monitor.add(readingAt(second, more(second)));
  return { monitor, ...monitor.summary(START_MS + 1000 * seconds) };
}

const codes = ({ findings }: { findings: readonly { code: string }[] }) => findings.map(({ code }) => code);
const north = (metres: number) => ({ latDeg: PLACE.latDeg + metres / 111_195 });

test("an honest minute: its numbers, and no finding", () => {
  const { monitor: _, ...summary } = watch(180);
  expect(summary).toEqual({
    fromMs: START_MS + 120_000,
    toMs: START_MS + 180_000,
    readings: 60,
    fixMode: 3,
    fixPermille: 1000,
    satellitesUsed: { min: 9, mean: 9 },
    cn0: { satellites: 9, meanDbHz: expect.any(Number), spreadDb: expect.any(Number) },
    dropDb: expect.any(Number),
    maxSpeedMps: 0.05,
    offM: { latest: expect.any(Number), max: expect.any(Number) },
    hostClockOffsetMs: 80,
    hostClockOffsetBy: "arrival",
    flags: 0,
    findings: [],
  });
  expect(summary.cn0?.spreadDb).toBeWithin(4, 8);
  expect(summary.offM?.max).toBeLessThan(3);
});

test("without readings, or long after them, there is nothing to say", () => {
  const nothing = { readings: 0, fixMode: 0, flags: 0, findings: [] };
  expect(new IntegrityMonitor().summary(START_MS)).toMatchObject(nothing);
  const { monitor } = watch(100, () => ({ antenna: "open", spoofing: "affirmed" }));
  expect(monitor.summary(START_MS + 1_000_000)).toMatchObject(nothing);
});

describe("what the receiver says of itself", () => {
  test.each([
    [{ antenna: "open" }, 1, "antenna_open"],
    [{ antenna: "short" }, 1, "antenna_short"],
    [{ jamming: "critical" }, 2, "jammed"],
    [{ spoofing: "indicated" }, 4, "spoofed"],
    [{ spoofing: "affirmed" }, 4, "spoofed"],
  ] as const)("%p", (said, flags, code) => {
    const summary = watch(10, () => said);
    expect(summary.flags).toBe(flags);
    expect(codes(summary)).toEqual([code]);
  });

  test("a warning of interference is no fault; an antenna plugged in again is in order at once", () => {
    expect(watch(10, () => ({ jamming: "warning", antenna: "ok", spoofing: "none" })).flags).toBe(0);
    expect(watch(10, (second) => ({ antenna: second < 9 ? "open" : "ok" })).flags).toBe(0);
  });

  test("what it says now and then counts for the minute", () => {
    expect(watch(60, (second) => (second === 30 ? { spoofing: "indicated" } : {})).flags).toBe(4);
    expect(watch(120, (second) => (second === 30 ? { spoofing: "indicated" } : {})).flags).toBe(0);
  });
});

describe("signals", () => {
  const uniform = () => ({ satellites: sky(CN0.map(() => 45)) });

  test("that are all equally strong are a simulator's", () => {
    const summary = watch(60, uniform);
    expect(summary.flags).toBe(INTEGRITY_FLAGS.spoofing);
    expect(summary.findings[0]?.text).toBe(
      "All 9 signals are equally strong (45 dB-Hz, spread 0 dB), as a simulator makes them and no sky does",
    );
  });

  test("that are alike because all are weak, few, or for a moment are not", () => {
    expect(watch(60, () => ({ satellites: sky(CN0.map(() => 22)) })).flags).toBe(0);
    expect(watch(60, () => ({ satellites: sky([45, 45, 45, 45]) })).flags).toBe(0);
    expect(watch(60, (second) => (second < 20 ? uniform() : {})).flags).toBe(0);
  });

  const block = (noisePerMs: number): RfBlock => ({ id: 0, jammingIndicator: 5, noisePerMs, agcRatio: 0.3 });
  const fall = (noisePerMs: number) => (second: number) =>
    second < 120
      ? { rfBlocks: [block(100)] }
      : { rfBlocks: [block(noisePerMs)], satellites: sky(CN0.map((cn0) => cn0 - 12)) };

  test("that fall together while the noise rises are jammed", () => {
    const summary = watch(125, fall(300));
    expect(summary.flags).toBe(INTEGRITY_FLAGS.jamming);
    expect(summary.dropDb).toBeWithin(9, 13);
    expect(summary.findings[0]?.measured).toEqual({ satellites: 9, dropDb: summary.dropDb ?? 0, limitDb: 8 });
  });

  test("that fall together without more noise are covered: told, and no flag", () => {
    const summary = watch(125, fall(100));
    expect(codes(summary)).toEqual(["signals_fell"]);
    expect(summary.flags).toBe(0);
  });

  test("of which one satellite falls are as they should be", () => {
    expect(
      codes(watch(125, (second) => (second < 120 ? {} : { satellites: sky([10, ...CN0.slice(1)]) }))),
    ).toEqual([]);
  });
});

describe("position", () => {
  test("a jump is told, for as long as the median needs to follow", () => {
    const jump = (second: number) => (second < 120 ? {} : north(400));
    const summary = watch(125, jump);
    expect(summary.flags).toBe(INTEGRITY_FLAGS.jump);
    expect(summary.findings[0]).toMatchObject({ code: "position_jumped", measured: { limitM: 56 } });
    expect(summary.findings[0]?.measured.offM).toBeWithin(395, 405);
    expect(watch(400, jump).flags).toBe(INTEGRITY_FLAGS.jump);
    expect(watch(1500, jump).flags).toBe(0);
  });

  test("two fixes off, a jump that the receiver's error covers, and slow wandering are none", () => {
    expect(watch(125, (second) => (second === 120 || second === 121 ? north(400) : {})).flags).toBe(0);
    expect(watch(125, (second) => (second < 120 ? {} : { ...north(400), horizontalErrorM: 120 })).flags).toBe(
      0,
    );
    expect(watch(600, (second) => north(15 * Math.sin(second / 60))).flags).toBe(0);
  });

  test("a position that was typed in, or of no fix, proves nothing", () => {
    const timeOnly = (second: number) => ({ timeOnly: true, ...(second < 120 ? {} : north(400)) });
    expect(watch(125, timeOnly)).toMatchObject({ flags: 0 });
    expect(watch(125, timeOnly).offM).toBeUndefined();
    expect(watch(125, (second) => (second < 120 ? {} : { mode: 1, ...north(400) })).flags).toBe(0);
  });

  test("the date line and reports told twice make no jump", () => {
    expect(watch(200, (second) => ({ lonDeg: second % 2 === 0 ? 179.99999 : -179.99999 })).flags).toBe(0);
    const monitor = new IntegrityMonitor();
    for (let second = 0; second < 122; second += 1) {
      const reading = readingAt(second, second < 120 ? {} : north(400));
      for (let time = 0; time < 3; time += 1) monitor.add(reading);
    }
    expect(monitor.summary(START_MS + 122_000).flags).toBe(0);
  });

  test("speed of a fixed antenna", () => {
    expect(codes(watch(60, (second) => ({ groundSpeedMps: second < 40 ? 0.1 : 7 })))).toEqual(["moving"]);
    expect(watch(60, (second) => ({ groundSpeedMps: second % 8 === 0 ? 7 : 0.1 })).flags).toBe(0);
  });
});

describe("clocks", () => {
  /** Receiver time ahead by `seconds` from second 60 on. */
  const receiverStep = (seconds: number) => (second: number) =>
    second < 60 ? {} : { timeMs: START_MS + 1000 * (second + seconds) };
  const hostStep = (seconds: number) => (second: number) =>
    second < 60 ? {} : { atMs: START_MS + 1000 * (second + seconds) + 80 };

  test.each([60, -60, 4, -3600])("receiver time that steps by %d s", (seconds) => {
    const summary = watch(70, receiverStep(seconds));
    expect(summary.flags & INTEGRITY_FLAGS.clockStep).toBe(INTEGRITY_FLAGS.clockStep);
    expect(summary.findings).toMatchObject([{ measured: { stepS: seconds, limitS: 3.5 } }]);
    expect(summary.findings[0]?.text).toBe(`Receiver time stepped by ${seconds} s`);
  });

  test.each([3600, -3600, 20])("this machine's clock stepping by %d s is told, and no flag", (seconds) => {
    const monitor = new IntegrityMonitor();
    for (let second = 0; second < 80; second += 1) monitor.add(readingAt(second, hostStep(seconds)(second)));
    const summary = monitor.summary(START_MS + 1000 * (80 + seconds));
    expect(summary.flags).toBe(0);
    expect(summary.findings).toMatchObject([{ code: "host_clock_stepped", measured: { stepS: seconds } }]);
  });

  test("leap seconds that come late, one wrong time, and readings delivered late are no step", () => {
    expect(watch(70, receiverStep(-3)).findings).toEqual([]);
    expect(watch(70, (second) => (second === 60 ? { timeMs: START_MS } : {})).findings).toEqual([]);
    const late = (second: number) => (second >= 60 && second < 70 ? { atMs: START_MS + 70_000 } : {});
    expect(watch(90, late).findings).toEqual([]);
  });

  test("a step behind a loss of the fix is the receiver's when it went on speaking", () => {
    const lost = (second: number): Partial<GpsReading> =>
      second >= 60 && second < 90 ? { mode: 1 } : receiverStep(60)(second);
    expect(watch(100, lost).flags).toBe(INTEGRITY_FLAGS.clockStep);
  });

  test("a host clock that is set, so that a rollover is known, is the only one that stepped", () => {
    const monitor = new IntegrityMonitor();
    for (let second = 0; second < 120; second += 1) {
      const atMs = START_MS + second * 1000;
      const unset = { atMs: atMs - START_MS, timeMs: atMs - ROLLOVER_MS };
      const time = second < 60 ? unset : { atMs, timeMs: atMs, weekRollovers: 1 };
      monitor.add({ ...readingAt(second), ...time }, atMs);
    }
    const summary = monitor.summary(START_MS + 120_000);
    expect(codes(summary)).toEqual(["host_clock_stepped"]);
    expect(summary.flags).toBe(0);
  });

  test("what the battery kept before the first fix is no time", () => {
    expect(watch(70, (second) => (second < 60 ? { mode: 1, timeMs: 0 } : {})).findings).toEqual([]);
  });

  test("the pulse tells the host's clock better than the arrival", () => {
    const { hostClockOffsetMs, hostClockOffsetBy } = watch(10, () => ({
      hostClockOffsetNs: -13_000,
      hostClockOffsetBy: "pulse",
    }));
    expect([hostClockOffsetMs, hostClockOffsetBy]).toEqual([-0.013, "pulse"]);
  });
});

const anyNumber = fc.double({ noNaN: true, min: -1e6, max: 1e13 });
const anyReading = fc.record(
  {
    atMs: fc.integer({ min: START_MS - 1e6, max: START_MS + 1e6 }),
    timeMs: fc.oneof(fc.integer({ min: START_MS - 1e6, max: START_MS + 1e6 }), anyNumber),
    mode: fc.constantFrom(0, 1, 2, 3),
    latDeg: fc.double({ min: -90, max: 90, noNaN: true }),
    lonDeg: fc.double({ min: -180, max: 180, noNaN: true }),
    groundSpeedMps: anyNumber,
    horizontalErrorM: anyNumber,
    satellites: fc.array(
      fc.record(
        { system: fc.constant("G"), id: fc.nat(400), cn0DbHz: fc.nat(60) },
        { requiredKeys: ["system", "id"] },
      ),
    ),
    antenna: fc.constantFrom("ok", "open", "short"),
    jamming: fc.constantFrom("none", "warning", "critical"),
    spoofing: fc.constantFrom("none", "indicated", "affirmed"),
    timeOnly: fc.constant(true),
    rfBlocks: fc.array(fc.record({ id: fc.nat(3), noisePerMs: fc.nat(500), jammingIndicator: fc.nat(255) })),
  },
  { requiredKeys: ["atMs", "mode", "satellites"] },
);

test("any readings in any order: no throw, finite numbers, flags of five bits that the findings explain", () => {
  fc.assert(
    fc.property(fc.array(anyReading, { maxLength: 80 }), (readings) => {
      const monitor = new IntegrityMonitor();
      for (const reading of readings) monitor.add({ kind: "gps", ...reading } as GpsReading);
      const { flags, findings, ...facts } = monitor.summary(START_MS);
      JSON.stringify({ facts, findings }, (_, value) => {
        if (typeof value === "number" && !Number.isFinite(value)) throw new Error("not finite");
        return value;
      });
      const explained = findings.reduce((all, { flag }) => all | (flag ? INTEGRITY_FLAGS[flag] : 0), 0);
      expect(flags).toBe(explained);
      expect(flags).toBeWithin(0, 32);
    }),
  );
});
