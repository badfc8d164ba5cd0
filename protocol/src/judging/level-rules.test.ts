import { describe, expect, test } from "bun:test";
import { DEFAULT_PARAMETERS, type NetworkParameters } from "../parameters/parameters.ts";
import { freeSpaceLossDb } from "../radio/propagation.ts";
import { LEVEL_RULES } from "./level-rules.ts";
import { Scenario } from "./scenario.ts";
import { type Outcome, outcome, tryWitness } from "./trial.ts";
import type { MatchedContext } from "./witness-context.ts";

interface Level {
  rssiDbm: number;
  snrDdb: number;
  spreadingFactor?: number;
  bandwidthHz?: number;
}

/** The answer of a single rule to a level. */
function judged(reason: string, level: Level, limits: Partial<NetworkParameters> = {}): Outcome {
  const packet = { spreadingFactor: 12, bandwidthHz: 125_000, ...level };
  const context = { report: { packet }, judging: { parameters: { ...DEFAULT_PARAMETERS, ...limits } } };
  const rule = LEVEL_RULES.find((each) => each.reason === reason);
  const measurements = rule?.check(context as unknown as MatchedContext);
  return outcome(measurements === undefined ? { reason: "ok", measurements: [] } : { reason, measurements });
}

const ok = { reason: "ok" };

describe("what is measured may be as much as the network allows, and no more", () => {
  const level = { rssiDbm: -97, snrDdb: -87 };
  test.each([
    ["snr_too_high", "maxSnrDdb", ({ snrDdb }: Outcome) => snrDdb],
    [
      "snr_below_floor",
      "maxBelowDemodulationDdb",
      ({ floorDdb, snrDdb }: Outcome) => Number(floorDdb) - Number(snrDdb),
    ],
    [
      "rssi_below_sensitivity",
      "maxBelowSensitivityDdb",
      ({ sensitivityDdbm, rssiDbm }: Outcome) => Number(sensitivityDdbm) - 10 * Number(rssiDbm),
    ],
    ["noise_too_low", "maxBelowThermalDdb", ({ aboveThermalDdb }: Outcome) => -Number(aboveThermalDdb)],
    ["noise_too_high", "maxAboveThermalDdb", ({ aboveThermalDdb }: Outcome) => aboveThermalDdb],
  ] as const)("%s by %s", (reason, limit, measured) => {
    const strict = judged(reason, level, { [limit]: -10_000 });
    expect(strict.reason).toBe(reason);
    const value = Number(measured(strict));
    expect(judged(reason, level, { [limit]: value })).toEqual(ok);
    expect(judged(reason, level, { [limit]: value - 1 }).reason).toBe(reason);
  });
});

describe("rssi_above_free_space", () => {
  /** Tenths of a dBm: 14 dBm and two antennas of 2 dBi, less the loss. */
  const boundDdbm = (distanceM: number, freqHz: number) =>
    Math.round((14 + 2 + 2 - freeSpaceLossDb(distanceM, freqHz)) * 10);
  /** Signal and noise 3.01 dB above the signal, where they are equal. */
  const equal = { snrDdb: 0 };
  const { freqHz } = new Scenario().beacon(0);
  // Where the bound, plus those 3 dB, is a whole number of dBm, as RSSI is.
  const distanceM = Array.from({ length: 5000 }, (_, i) => 1000 + i).find(
    (metres) => boundDdbm(metres, freqHz) % 10 === 0,
  ) as number;
  const rssiDbm = boundDdbm(distanceM, freqHz) / 10 + 3;

  test("signal and noise together may be louder than free space allows the signal to be", () => {
    expect(tryWitness({ rssiDbm, ...equal }, { scenario: new Scenario([0, distanceM]) })).toEqual(ok);
  });

  test("the bound is rounded to the nearest tenth, up and down", () => {
    for (const [from, to] of [
      [0.5, 0.9],
      [0.1, 0.4],
    ] as const) {
      const metres = Array.from({ length: 5000 }, (_, i) => 1000 + i).find((each) => {
        const tenths = (14 + 2 + 2 - freeSpaceLossDb(each, freqHz)) * 10;
        return tenths - Math.floor(tenths) > from && tenths - Math.floor(tenths) < to;
      }) as number;
      const refused = tryWitness({ rssiDbm: -20, snrDdb: 0 }, { scenario: new Scenario([0, metres]) });
      expect(refused).toMatchObject({
        reason: "rssi_above_free_space",
        boundDdbm: boundDdbm(metres, freqHz),
      });
    }
  });

  test("one dB more is more than the signal can be", () => {
    const louder = { rssiDbm: rssiDbm + 1, ...equal };
    expect(tryWitness(louder, { scenario: new Scenario([0, distanceM]) })).toEqual({
      reason: "rssi_above_free_space",
      ...louder,
      signalDdbm: (rssiDbm - 3 + 1) * 10,
      boundDdbm: (rssiDbm - 3) * 10,
      distanceM,
    });
  });

  test("a signal far above the noise is nearly all that there is", () => {
    const refused = tryWitness(
      { rssiDbm: rssiDbm - 2, snrDdb: 200 },
      { scenario: new Scenario([0, distanceM]) },
    );
    expect(refused).toMatchObject({ reason: "rssi_above_free_space", signalDdbm: (rssiDbm - 2) * 10 });
  });

  test("antenna gains count, the beaconer's and the witness'", () => {
    for (const who of [0, 1]) {
      const scenario = new Scenario([0, distanceM]);
      scenario.hotspot(who).antennaGainDdbi += 10;
      const beacon = { powerDbm: 13 };
      // One dB less power and one dB more gain: the bound is the same.
      expect(tryWitness({ rssiDbm, ...equal }, { scenario, beacon })).toEqual(ok);
      expect(tryWitness({ rssiDbm: rssiDbm + 1, ...equal }, { scenario, beacon }).reason).toBe(
        "rssi_above_free_space",
      );
    }
  });
});

describe("snr_too_high", () => {
  test("what strong signals read is well, 20 dB is the most", () => {
    for (const snrDdb of [90, 150, 200]) expect(judged("snr_too_high", { rssiDbm: -60, snrDdb })).toEqual(ok);
    const refused = { reason: "snr_too_high", snrDdb: 201, maxSnrDdb: 200 };
    expect(judged("snr_too_high", { rssiDbm: -60, snrDdb: 201 })).toEqual(refused);
    expect(tryWitness({ snrDdb: 201 })).toEqual(refused);
  });
});

describe("snr_below_floor", () => {
  test.each([
    [5, -25],
    [6, -50],
    [7, -75],
    [8, -100],
    [9, -125],
    [10, -150],
    [11, -175],
    [12, -200],
  ])(
    "SF%d is demodulated down to %d tenths of a dB, and 10 dB below it now and then",
    (spreadingFactor, floorDdb) => {
      const at = (snrDdb: number) => judged("snr_below_floor", { rssiDbm: -120, snrDdb, spreadingFactor });
      expect([at(floorDdb), at(floorDdb - 100)]).toEqual([ok, ok]);
      expect(at(floorDdb - 101)).toEqual({
        reason: "snr_below_floor",
        snrDdb: floorDdb - 101,
        floorDdb,
        spreadingFactor,
      });
    },
  );

  test("in a whole round", () => {
    expect(tryWitness({ rssiDbm: -130, snrDdb: -261 }).reason).toBe("snr_below_floor");
  });
});

describe("rssi_below_sensitivity", () => {
  // -174 dBm/Hz in the bandwidth, plus the floor of the spreading factor, less 10 dB.
  test.each([
    [12, 125_000, -1230 - 200],
    [7, 125_000, -1230 - 75],
    [5, 500_000, -1170 - 25],
    [9, 250_000, -1200 - 125],
  ])(
    "SF%d in %d Hz: an ideal receiver needs %d tenths of a dBm",
    (spreadingFactor, bandwidthHz, sensitivityDdbm) => {
      const at = (rssiDbm: number) =>
        judged("rssi_below_sensitivity", { rssiDbm, snrDdb: -20, spreadingFactor, bandwidthHz });
      const faintestDbm = Math.ceil(sensitivityDdbm / 10 - 10);
      expect([at(-100), at(faintestDbm)]).toEqual([ok, ok]);
      expect(at(faintestDbm - 1)).toEqual({
        reason: "rssi_below_sensitivity",
        rssiDbm: faintestDbm - 1,
        sensitivityDdbm,
        spreadingFactor,
      });
    },
  );

  test("in a whole round", () => {
    expect(tryWitness({ rssiDbm: -160, snrDdb: 0 }).reason).toBe("rssi_below_sensitivity");
  });
});

describe("noise_too_low", () => {
  const at = (rssiDbm: number, snrDdb: number) => judged("noise_too_low", { rssiDbm, snrDdb });

  test("10 dB below an ideal receiver's noise, -133 dBm, is still believed", () => {
    expect([at(-117, 0), at(-133, 0), at(-124, 90), at(-144, -145)]).toEqual([ok, ok, ok, ok]);
    expect(at(-124, 91)).toEqual({
      reason: "noise_too_low",
      rssiDbm: -124,
      snrDdb: 91,
      aboveThermalDdb: -101,
    });
  });

  test("a faint RSSI with a low SNR is the signal's own power, not the channel's", () => {
    // As power of the whole channel it would mean 25 dB less than thermal noise.
    expect(at(-148, -198)).toEqual(ok);
  });

  test("more bandwidth has more noise", () => {
    const wide = (snrDdb: number) =>
      judged("noise_too_low", { rssiDbm: -121, snrDdb, bandwidthHz: 500_000 }).reason;
    expect([wide(60), wide(61)]).toEqual(["ok", "noise_too_low"]);
  });

  test("in a whole round", () => {
    expect(tryWitness({ rssiDbm: -130, snrDdb: 90 }).reason).toBe("noise_too_low");
  });
});

describe("noise_too_high", () => {
  const at = (rssiDbm: number, snrDdb: number) => judged("noise_too_high", { rssiDbm, snrDdb });

  test("70 dB above thermal noise, -53 dBm, is the most in which somebody hears", () => {
    // Channel power -52 dBm at an SNR of -10 dB: 0.4 dB of it are signal.
    expect(at(-53, -100)).toEqual(ok);
    expect(at(-52, -100)).toEqual({
      reason: "noise_too_high",
      rssiDbm: -52,
      snrDdb: -100,
      aboveThermalDdb: 706,
    });
  });

  test("above 0 dB the receiver saturates and its SNR does not measure the noise", () => {
    expect(at(-30, 0)).toEqual(ok);
    expect(at(-30, 90)).toEqual(ok);
    expect(at(-30, -1).reason).toBe("noise_too_high");
  });

  test("in a whole round", () => {
    const scenario = new Scenario([0, 300]);
    expect(tryWitness({ rssiDbm: -63, snrDdb: -30 }, { scenario })).toEqual({ reason: "ok" });
    for (const who of [0, 1]) scenario.hotspot(who).antennaGainDdbi = 100;
    const beacon = { powerDbm: 6 };
    expect(tryWitness({ rssiDbm: -50, snrDdb: -50 }, { scenario, beacon }).reason).toBe("noise_too_high");
  });
});
