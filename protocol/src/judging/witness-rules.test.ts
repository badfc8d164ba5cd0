import { describe, expect, test } from "bun:test";
import type { BeaconPacket, WitnessPacket } from "../packet/packet.ts";
import { freeSpaceLossDb } from "../radio/propagation.ts";
import { Scenario, verdictOn } from "./scenario.ts";

type Change =
  | Partial<WitnessPacket>
  | ((packet: WitnessPacket, scenario: Scenario) => Partial<WitnessPacket>);

/** The verdict on one witness report that differs from an honest one in `change`. */
function verdict(
  change: Change = {},
  scenario = new Scenario(),
  beaconChange: Partial<BeaconPacket> = {},
): Record<string, unknown> {
  const sent = scenario.beacon(0);
  const honest = scenario.witness(1, 0, sent);
  const changes = typeof change === "function" ? change(honest, scenario) : change;
  const report = scenario.receive(1, { ...honest, ...changes });
  const beacon = scenario.receive(0, { ...sent, ...beaconChange });
  const { reason, measurements } = verdictOn(scenario.judge([beacon, report]), report);
  const numbers = Object.fromEntries(measurements.map(({ name, value }) => [name, value]));
  return { reason, ...numbers };
}

test("an honest report is paid", () => expect(verdict()).toEqual({ reason: "ok" }));

test("no_beacon: the beaconer reported nothing", () => {
  const scenario = new Scenario();
  const report = scenario.receive(1, scenario.witness(1, 0, scenario.beacon(0)));
  expect(verdictOn(scenario.judge([report]), report).reason).toBe("no_beacon");
});

describe("payload_mismatch", () => {
  test("a frame with one other bit in its tag", () => {
    const flip = ({ frame }: WitnessPacket) => {
      const other = Uint8Array.from(frame);
      other[30] = (other[30] as number) ^ 1;
      return { frame: other };
    };
    expect(verdict(flip)).toEqual({ reason: "payload_mismatch" });
  });

  test("a false frame ahead of the true one does not cost the witness its payment", () => {
    const scenario = new Scenario();
    const { packet, beacon } = scenario.round(0, []);
    const honest = scenario.witness(1, 0, packet);
    const forged = Uint8Array.from(honest.frame).fill(0xaa, 15);
    const early = scenario.receive(1, { ...honest, frame: forged, atMs: honest.atMs - 5000 });
    const report = scenario.receive(1, honest);
    const judgement = scenario.judge([beacon, early, report]);
    expect(verdictOn(judgement, early).reason).toBe("payload_mismatch");
    expect(verdictOn(judgement, report).reason).toBe("ok");
  });
});

test("beacon_refused: witnesses of a refused beacon earn nothing", () => {
  const scenario = new Scenario();
  const { freqHz } = scenario.beacon(0);
  expect(verdict({}, scenario, { freqHz: freqHz + 200_000 })).toEqual({ reason: "beacon_refused" });
});

test("self_witness", () => {
  const scenario = new Scenario();
  const { packet, beacon } = scenario.round(0, []);
  const own = scenario.receive(0, { ...scenario.witness(1, 0, packet) });
  expect(verdictOn(scenario.judge([beacon, own]), own).reason).toBe("self_witness");
});

describe("duplicate", () => {
  test("the first by sequence stands, whatever arrived first", () => {
    const scenario = new Scenario();
    const { packet, beacon } = scenario.round(0, []);
    const honest = scenario.witness(1, 0, packet);
    const late = scenario.receive(1, honest, { sequence: 9, receivedAtMs: honest.atMs + 1 });
    const first = scenario.receive(
      1,
      { ...honest, snrDdb: -1 },
      { sequence: 8, receivedAtMs: honest.atMs + 99 },
    );
    const judgement = scenario.judge([beacon, late, first]);
    expect(verdictOn(judgement, first).reason).toBe("ok");
    expect(verdictOn(judgement, late)).toMatchObject({
      reason: "duplicate",
      measurements: [{ name: "firstSequence", value: 8 }],
    });
    expect(judgement.proven[0]?.witnesses).toEqual([first.hotspotId]);
  });

  test("a late or reused report does not count as the first", () => {
    const scenario = new Scenario();
    const { packet, beacon } = scenario.round(0, []);
    const honest = scenario.witness(1, 0, packet);
    const late = scenario.receive(1, honest, { sequence: 3, receivedAtMs: honest.atMs + 3_600_000 });
    const report = scenario.receive(1, { ...honest, snrDdb: -1 }, { sequence: 4 });
    expect(verdictOn(scenario.judge([beacon, late, report]), report).reason).toBe("ok");
  });
});

describe("wrong_frequency", () => {
  test.each([-1000, 0, 1000])("%d Hz off is near enough", (offsetHz) => {
    expect(verdict(({ freqHz }) => ({ freqHz: freqHz + offsetHz }))).toEqual({ reason: "ok" });
  });
  test.each([-1001, 1001, 200_000])("%d Hz off is another channel", (offsetHz) => {
    const change = ({ freqHz }: WitnessPacket) => ({ freqHz: freqHz + offsetHz });
    expect(verdict(change)).toEqual({ reason: "wrong_frequency", offsetHz });
  });
});

describe("wrong_data_rate", () => {
  const sent = new Scenario().beacon(0).spreadingFactor;
  test.each([5, 6, 7, 8, 9, 10, 11, 12].filter((sf) => sf !== sent))(
    "SF%d was not sent",
    (spreadingFactor) => {
      expect(verdict({ spreadingFactor })).toEqual({
        reason: "wrong_data_rate",
        spreadingFactor,
        bandwidthHz: 125_000,
        sentSpreadingFactor: sent,
        sentBandwidthHz: 125_000,
      });
    },
  );
  test.each([250_000, 500_000])("%d Hz wide was not sent", (bandwidthHz) => {
    expect(verdict({ bandwidthHz }).reason).toBe("wrong_data_rate");
  });
});

describe("distance", () => {
  test.each([
    [0, "too_close"],
    [299, "too_close"],
    [300, "ok"],
    [100_000, "ok"],
    [100_001, "too_far"],
    [4_000_000, "too_far"],
  ])("%d m: %s", (distanceM, reason) => {
    const result = verdict({ rssiDbm: -150 }, new Scenario([0, distanceM]));
    const limit = reason === "too_close" ? { minDistanceM: 300 } : { maxDistanceM: 100_000 };
    expect(result).toEqual(reason === "ok" ? { reason } : { reason, distanceM, ...limit });
  });

  test("limits are the network's", () => {
    const near = new Scenario([0, 299], { minDistanceM: 299 });
    expect(verdict({ rssiDbm: -150 }, near)).toEqual({ reason: "ok" });
  });
});

describe("rssi_above_free_space", () => {
  /** Tenths of a dBm: 14 dBm and two antennas of 2 dBi, less the loss. */
  const boundDdbm = (distanceM: number, freqHz: number) =>
    Math.round((14 + 2 + 2 - freeSpaceLossDb(distanceM, freqHz)) * 10);
  const { freqHz } = new Scenario().beacon(0);
  const exact = Array.from({ length: 5000 }, (_, i) => 1000 + i).find((d) => boundDdbm(d, freqHz) % 10 === 0);
  const distanceM = exact as number;
  const rssiDbm = boundDdbm(distanceM, freqHz) / 10;

  test("as loud as free space allows, to the tenth, is allowed", () => {
    expect(verdict({ rssiDbm }, new Scenario([0, distanceM]))).toEqual({ reason: "ok" });
  });

  test("one dB more is not", () => {
    expect(verdict({ rssiDbm: rssiDbm + 1 }, new Scenario([0, distanceM]))).toEqual({
      reason: "rssi_above_free_space",
      rssiDbm: rssiDbm + 1,
      boundDdbm: rssiDbm * 10,
      distanceM,
    });
  });

  test("antenna gains count, the beaconer's and the witness'", () => {
    for (const who of [0, 1]) {
      const scenario = new Scenario([0, distanceM]);
      scenario.hotspot(who).antennaGainDdbi += 10;
      const beacon = { powerDbm: 13 };
      // One dB less power and one dB more gain: the bound is the same.
      expect(verdict({ rssiDbm }, scenario, beacon)).toEqual({ reason: "ok" });
      expect(verdict({ rssiDbm: rssiDbm + 1 }, scenario, beacon).reason).toBe("rssi_above_free_space");
    }
  });
});

describe("order", () => {
  test("of several faults the first rule in the list is named", () => {
    const faults = [
      { rssiDbm: 50 },
      { spreadingFactor: 5, rssiDbm: 50 },
      { freqHz: 500_000_000, spreadingFactor: 5, rssiDbm: 50 },
    ];
    const reasons = faults.map((fault) => verdict(fault).reason);
    expect(reasons).toEqual(["rssi_above_free_space", "wrong_data_rate", "wrong_frequency"]);
    expect(verdict({ rssiDbm: 50 }, new Scenario([0, 10])).reason).toBe("too_close");
  });
});
