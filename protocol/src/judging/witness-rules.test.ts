import { describe, expect, test } from "bun:test";
import type { HeardWitness } from "../packet/packet.ts";
import { Scenario, verdictOn } from "./scenario.ts";
import { tryWitness } from "./trial.ts";

test("an honest report is paid", () => expect(tryWitness()).toEqual({ reason: "ok" }));

test("no_beacon: the beaconer reported nothing", () => {
  const scenario = new Scenario();
  const report = scenario.receive(1, scenario.witness(1, 0, scenario.beacon(0)));
  expect(verdictOn(scenario.judge([report]), report).reason).toBe("no_beacon");
});

describe("payload_mismatch", () => {
  test("a frame with one other bit in its tag", () => {
    const flip = ({ frame }: HeardWitness) => {
      const other = Uint8Array.from(frame);
      other[30] = (other[30] as number) ^ 1;
      return { frame: other };
    };
    expect(tryWitness(flip)).toEqual({ reason: "payload_mismatch" });
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
  expect(tryWitness({}, { scenario, beacon: { freqHz: freqHz + 200_000 } })).toEqual({
    reason: "beacon_refused",
  });
});

test("self_witness", () => {
  const scenario = new Scenario();
  const { packet, beacon } = scenario.round(0, []);
  const own = scenario.receive(0, { ...scenario.witness(1, 0, packet) });
  expect(verdictOn(scenario.judge([beacon, own]), own).reason).toBe("self_witness");
});

describe("duplicate", () => {
  test("the lowest sequence number counts, whatever arrived first", () => {
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

describe("edge_denied", () => {
  const { epoch, stations } = new Scenario();
  const keys = (a: number, b: number) =>
    [a, b]
      .map((who) => stations[who]?.hotspot.publicKey as Uint8Array)
      .sort((x, y) => (x.toHex() < y.toHex() ? -1 : 1)) as [Uint8Array, Uint8Array];
  const denied = (a: number, b: number, fromEpoch = epoch, untilEpoch = epoch + 2) => {
    const [hotspot, peer] = keys(a, b);
    const denials = [{ hotspot, peer, reason: "", evidence: "", atMs: 1, fromEpoch, untilEpoch }];
    return tryWitness({}, { inputs: { denials } });
  };

  test("what two hotspots report of each other, whoever is named first", () => {
    expect(denied(0, 1)).toEqual({ reason: "edge_denied", untilEpoch: epoch + 2 });
    expect(denied(1, 0)).toEqual({ reason: "edge_denied", untilEpoch: epoch + 2 });
  });

  test("other edges of the same hotspots are paid, and so are other epochs", () => {
    expect(denied(0, 2)).toEqual({ reason: "ok" });
    expect(denied(1, 2)).toEqual({ reason: "ok" });
    expect(denied(0, 1, epoch - 2, epoch)).toEqual({ reason: "ok" });
    expect(denied(0, 1, epoch - 2, epoch + 1).reason).toBe("edge_denied");
  });
});

describe("order", () => {
  test("of several faults the first rule in the list is named", () => {
    const faults = [
      { rssiDbm: 50 },
      { spreadingFactor: 5, rssiDbm: 50 },
      { freqHz: 500_000_000, spreadingFactor: 5, rssiDbm: 50 },
    ];
    const reasons = faults.map((fault) => tryWitness(fault).reason);
    expect(reasons).toEqual(["rssi_above_free_space", "wrong_data_rate", "wrong_frequency"]);
    expect(tryWitness({ rssiDbm: 50 }, { scenario: new Scenario([0, 10]) }).reason).toBe("too_close");
  });
});
