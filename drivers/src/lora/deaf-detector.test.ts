import { describe, expect, test } from "bun:test";
import { seededRandom } from "@earshot/protocol/testing";
import fc from "fast-check";
import { DEAF_LIMITS, type DeafAssessment, DeafDetector } from "./deaf-detector.ts";

const STAT_MS = 30_000;
const HOUR_MS = 3_600_000;
const MIDNIGHT_MS = Date.UTC(2026, 2, 1);

/** A radio that reports every 30 s, with Poisson arrivals at a rate that may depend on the time. */
class Radio {
  readonly detector: DeafDetector;
  nowMs = MIDNIGHT_MS;
  #heard = 0;
  readonly #random: () => number;

  constructor(seed: number, detector = new DeafDetector()) {
    this.#random = seededRandom(seed);
    this.detector = detector;
  }

  /** Every assessment on the way. */
  run(hours: number, perHour: (hourOfDay: number) => number): DeafAssessment[] {
    return Array.from({ length: Math.round((hours * HOUR_MS) / STAT_MS) }, () => {
      this.nowMs += STAT_MS;
      const hour = (this.nowMs % (24 * HOUR_MS)) / HOUR_MS;
      this.#heard += this.#arrivals((perHour(hour) * STAT_MS) / HOUR_MS);
      return this.status();
    });
  }

  skip(hours: number): void {
    this.nowMs += hours * HOUR_MS;
  }

  restart(): void {
    this.#heard = 0;
  }

  /** Some good, some bad: all of them count. */
  status(): DeafAssessment {
    const rxOk = this.#heard >> 1;
    const counters = { atMs: this.nowMs, rxOk, rxBad: this.#heard - rxOk, rxNoCrc: 0 };
    return this.detector.observe(counters, this.nowMs);
  }

  #arrivals(mean: number): number {
    let count = 0;
    for (let product = this.#random(); product > Math.exp(-mean); count += 1) product *= this.#random();
    return count;
  }
}

const SILENCE = () => 0;
const states = (assessments: DeafAssessment[]) => new Set(assessments.map(({ state }) => state));
const anyRate = fc.double({ min: 0.5, max: 400, noNaN: true });
const anySeed = fc.integer({ min: 1, max: 2 ** 31 - 1 });

describe("a radio that hears at its usual rate", () => {
  test("is never deaf, whatever the rate", () =>
    fc.assert(
      fc.property(anyRate, anySeed, (perHour, seed) => {
        expect(states(new Radio(seed).run(24 * 7, () => perHour)).has("deaf")).toBe(false);
      }),
      { numRuns: 25 },
    ));

  test("is never deaf when its nights are silent and its days are not", () =>
    fc.assert(
      fc.property(fc.double({ min: 5, max: 200, noNaN: true }), anySeed, (perHour, seed) => {
        const day = (hour: number) => (hour >= 7 && hour < 20 ? perHour : 0);
        expect(states(new Radio(seed).run(24 * 8, day)).has("deaf")).toBe(false);
      }),
      { numRuns: 15 },
    ));

  test("may hear four times less all of a sudden", () => {
    const radio = new Radio(7);
    radio.run(48, () => 120);
    expect(states(radio.run(24 * 7, () => 30)).has("deaf")).toBe(false);
  });
});

describe("a radio that hears nothing any more", () => {
  test("is deaf in the end, once there is a baseline, at the time that the limits say", () =>
    fc.assert(
      fc.property(anyRate, anySeed, (perHour, seed) => {
        const radio = new Radio(seed);
        radio.run(Math.max(24, 200 / perHour), () => perHour);
        const framesNeeded = -Math.log(DEAF_LIMITS.chance) * DEAF_LIMITS.tolerance;
        const silence = radio.run(24 + (3 * framesNeeded) / perHour, SILENCE);
        expect(silence.at(-1)?.state).toBe("deaf");
        const first = silence.find(({ state }) => state === "deaf");
        expect(first?.silentMs).toBeGreaterThanOrEqual(DEAF_LIMITS.leastSilenceMs);
        expect(first?.chance).toBeLessThan(DEAF_LIMITS.chance);
      }),
      { numRuns: 25 },
    ));

  test("at 60 frames an hour after 56 minutes or so", () => {
    const radio = new Radio(3);
    radio.run(24 * 7, () => 60);
    const deaf = radio.run(6, SILENCE).find(({ state }) => state === "deaf");
    expect(deaf?.silentMs ?? 0).toBeGreaterThan(45 * 60_000);
    expect(deaf?.silentMs ?? 0).toBeLessThan(90 * 60_000);
    expect(deaf?.framesPerHour).toBeCloseTo(60, -1);
  });

  test("even if it only ever heard for one hour of the day", () => {
    const radio = new Radio(4);
    radio.run(24 * 10, (hour) => (hour >= 12 && hour < 13 ? 40 : 0));
    expect(radio.run(24 * 7, SILENCE).at(-1)?.state).toBe("deaf");
  });

  test("is heard again with the first frame, and two weeks of it change what was usual by a fifth at most", () => {
    const radio = new Radio(5);
    radio.run(24 * 7, () => 60);
    const before = radio.detector.assess().framesPerHour;
    expect(radio.run(24 * 14, SILENCE).at(-1)?.state).toBe("deaf");
    const after = radio.run(1, () => 60).at(-1);
    expect(after?.state).toBe("hearing");
    expect(after?.framesPerHour).toBeGreaterThan(before * 0.8);
  });

  test("is not found without a baseline", () => {
    expect(states(new Radio(6).run(24 * 7, SILENCE))).toEqual(new Set(["learning"]));
  });
});

describe("what is not known", () => {
  test("a gap in the statuses is no silence", () => {
    const radio = new Radio(8);
    radio.run(48, () => 60);
    radio.skip(1000);
    const [first] = radio.run(1 / 120, SILENCE);
    expect(first).toMatchObject({ state: "hearing" });
    expect(first?.silentMs).toBeLessThan(10 * 60_000);
    expect(radio.run(6, SILENCE).at(-1)?.state).toBe("deaf");
  });

  test("counters that begin anew end the silence, and a rate is not made out of nothing", () => {
    const radio = new Radio(9);
    radio.run(48, () => 60);
    radio.run(0.5, SILENCE);
    radio.restart();
    expect(radio.status().silentMs).toBe(0);
    const { framesPerHour } = radio.detector.assess();
    for (let restarts = 0; restarts < 50; restarts += 1) {
      radio.run(0.1, () => 60);
      radio.restart();
    }
    expect(radio.detector.assess().framesPerHour).toBeLessThan(framesPerHour * 1.2);
  });

  test("one counter that cannot be leaves no trace in what is usual", () => {
    const observe = (wrong: number) => {
      const detector = new DeafDetector();
      const states: DeafAssessment[] = [];
      for (let minute = 0; minute < 24 * 60; minute += 1) {
        const rxOk = minute * 2 + (minute === 700 ? wrong : 0);
        const atMs = minute * 60_000;
        states.push(detector.observe({ atMs, rxOk, rxBad: 0, rxNoCrc: 0 }, atMs));
      }
      return states.at(-1);
    };
    const wrong = observe(4_000_000_000);
    expect(wrong?.state).toBe("hearing");
    expect(wrong?.framesPerHour).toBeCloseTo(observe(0)?.framesPerHour ?? 0, 0);
  });

  test("a clock that goes back, and any numbers: nothing throws, and what it tells is finite", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer(), fc.nat()), { maxLength: 60 }), (statuses) => {
        const detector = new DeafDetector();
        for (const [atMs, rxOk] of statuses) {
          const { framesPerHour, silentMs, chance } = detector.observe(
            { atMs, rxOk, rxBad: 0, rxNoCrc: 0 },
            atMs,
          );
          expect(Number.isFinite(framesPerHour) && silentMs >= 0 && chance >= 0 && chance <= 1).toBe(true);
        }
      }),
    ));

  test("a baseline survives a restart; an incomplete one is ignored", () => {
    const radio = new Radio(10);
    radio.run(48, () => 60);
    const saved = JSON.parse(JSON.stringify(radio.detector.baseline()));
    const next = new Radio(11, new DeafDetector(saved));
    expect(next.run(6, SILENCE).at(-1)?.state).toBe("deaf");
    const broken = { frames: [1, 2], observedMs: saved.observedMs };
    expect(new DeafDetector(broken).assess()).toMatchObject({ state: "learning", framesPerHour: 0 });
  });
});
