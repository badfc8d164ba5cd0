import { describe, expect, test } from "bun:test";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { entropyTimeMs, reportDeadlineMs, revealDeadlineMs } from "../time/schedule.ts";
import { Scenario, verdictOn } from "./scenario.ts";
import { tryBeacon, tryWitness } from "./trial.ts";
import type { ReceivedPacket } from "./types.ts";

const paid = { outcome: "paid", reason: "ok", measurements: [] };

test("an honest round is paid: one beacon, two witnesses", () => {
  const scenario = new Scenario();
  const { beacon, witnesses } = scenario.round();
  const judgement = scenario.judge([beacon, ...witnesses]);
  expect(judgement.verdicts).toHaveLength(3);
  for (const report of [beacon, ...witnesses]) expect(verdictOn(judgement, report)).toMatchObject(paid);
  const ids = witnesses.map(({ hotspotId }) => hotspotId).sort();
  expect(judgement.proven).toMatchObject([{ beaconer: beacon.hotspotId, witnesses: ids }]);
});

describe("report_late", () => {
  const scenario = new Scenario();
  const packet = scenario.beacon(0);
  const deadlineMs = reportDeadlineMs(packet.entropyIndex, scenario.parameters);
  const lastMs = revealDeadlineMs(packet.entropyIndex, scenario.parameters);

  test("a report counts until the very millisecond of its deadline", () => {
    const beacon = scenario.receive(0, packet, { receivedAtMs: lastMs });
    const witness = scenario.receive(1, scenario.witness(1, 0, packet), { receivedAtMs: deadlineMs });
    const judgement = scenario.judge([beacon, witness]);
    expect([verdictOn(judgement, beacon), verdictOn(judgement, witness)]).toMatchObject([paid, paid]);
  });

  test("one millisecond later it is late, beacon or witness", () => {
    const beacon = scenario.receive(0, packet, { receivedAtMs: lastMs + 1 });
    const witness = scenario.receive(1, scenario.witness(1, 0, packet), { receivedAtMs: deadlineMs + 1 });
    const late = { reason: "report_late", measurements: [{ name: "lateMs", value: 1 }] };
    const judgement = scenario.judge([beacon, witness]);
    expect([verdictOn(judgement, beacon), verdictOn(judgement, witness)]).toMatchObject([late, late]);
    expect(judgement.proven).toEqual([]);
  });

  test("witnesses of a late beacon have no beacon", () => {
    const beacon = scenario.receive(0, packet, { receivedAtMs: lastMs + 1 });
    const witness = scenario.receive(1, scenario.witness(1, 0, packet));
    expect(verdictOn(scenario.judge([beacon, witness]), witness).reason).toBe("no_beacon");
  });
});

describe("unknown_hotspot", () => {
  const scenario = new Scenario();
  const { beacon, witnesses } = scenario.round();
  const without = (who: number) => ({ hotspots: scenario.inputs([]).hotspots.filter((_, i) => i !== who) });

  test("an unregistered witness is refused, the others are not", () => {
    const judgement = scenario.judge([beacon, ...witnesses], without(1));
    const verdicts = witnesses.map((report) => verdictOn(judgement, report).reason);
    expect(verdicts).toEqual(["unknown_hotspot", "ok"]);
  });

  test("an unregistered beaconer proves nothing", () => {
    const judgement = scenario.judge([beacon, ...witnesses], without(0));
    expect(verdictOn(judgement, beacon).reason).toBe("unknown_hotspot");
    for (const report of witnesses) expect(verdictOn(judgement, report).reason).toBe("no_beacon");
  });
});

describe("sequence_reused", () => {
  const scenario = new Scenario();
  const { packet, beacon } = scenario.round(0, []);
  const witness = scenario.witness(1, 0, packet);
  const earlier = packet.atMs + 1000;
  const first = scenario.receive(1, { ...witness, snrDdb: 1 }, { sequence: 5, receivedAtMs: earlier });
  const second = scenario.receive(1, { ...witness, snrDdb: 2 }, { sequence: 5, receivedAtMs: earlier + 1 });

  test("the packet received first keeps the number", () => {
    for (const packets of [
      [beacon, first, second],
      [second, first, beacon],
    ]) {
      const judgement = scenario.judge(packets);
      expect(verdictOn(judgement, first).reason).toBe("ok");
      expect(verdictOn(judgement, second)).toMatchObject({
        reason: "sequence_reused",
        measurements: [{ name: "sequence", value: 5 }],
      });
    }
  });

  test("of two received in the same millisecond the one with the lower id", () => {
    const twins = [1, 2].map((snrDdb) =>
      scenario.receive(1, { ...witness, snrDdb }, { sequence: 5, receivedAtMs: earlier }),
    );
    const judgement = scenario.judge([beacon, ...twins]);
    const [low, high] = twins.sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(verdictOn(judgement, low as (typeof twins)[0]).reason).toBe("ok");
    expect(verdictOn(judgement, high as (typeof twins)[0]).reason).toBe("sequence_reused");
  });

  test("any packet uses a number, a status too", () => {
    const gnss = null;
    const status: ReceivedPacket = scenario.receive(
      1,
      {
        type: "status",
        sequence: 0,
        atMs: packet.atMs,
        state: "online",
        uptimeS: 1,
        version: "1",
        radio: null,
        gnss,
        outboxQueued: 0,
        outboxDropped: 0,
        assertion: null,
        machine: null,
        losses: null,
        keyHeld: null,
        formats: null,
        commitments: null,
      },
      { sequence: 5, receivedAtMs: earlier - 1 },
    );
    expect(verdictOn(scenario.judge([beacon, first, status]), first).reason).toBe("sequence_reused");
  });

  test("the same packet twice is one packet", () => {
    const again = { ...first, receivedAtMs: first.receivedAtMs + 5 };
    const judgement = scenario.judge([beacon, again, first]);
    expect(judgement.verdicts).toHaveLength(2);
    expect(verdictOn(judgement, first).reason).toBe("ok");
  });

  test("numbers used in earlier epochs are used, at both ends of a range", () => {
    const used = (firstUsed: number, last: number) => ({
      usedSequences: new Map([
        [
          first.hotspotId,
          [
            { first: 1, last: 2 },
            { first: firstUsed, last },
          ],
        ],
      ]),
    });
    const reason = (from: number, to: number) =>
      verdictOn(scenario.judge([beacon, first], used(from, to)), first).reason;
    expect([reason(3, 5), reason(5, 9), reason(3, 4), reason(6, 9)]).toEqual([
      "sequence_reused",
      "sequence_reused",
      "ok",
      "ok",
    ]);
  });

  test("two hotspots may use the same number", () => {
    const other = scenario.receive(2, scenario.witness(2, 0, packet), { sequence: 5 });
    expect(verdictOn(scenario.judge([beacon, first, other]), other).reason).toBe("ok");
  });
});

describe("denied", () => {
  const { epoch } = new Scenario();
  const denial = (who: number, fromEpoch: number, untilEpoch: number, atMs = 1) => ({
    hotspot: new Scenario().hotspot(who).publicKey,
    peer: null,
    reason: "test",
    evidence: "case 1",
    atMs,
    fromEpoch,
    untilEpoch,
  });
  const untilEpoch = epoch + 1;

  test.each<[string, number, number, boolean]>([
    ["this epoch alone", epoch, epoch + 1, true],
    ["epochs before and this one", epoch - 9, epoch + 1, true],
    ["ended with the epoch before", epoch - 9, epoch, false],
    ["begins with the next epoch", epoch + 1, epoch + 9, false],
    ["taken back", epoch, epoch, false],
  ])("%s", (_what, from, until, isDenied) => {
    const denials = [denial(1, from, until)];
    expect(tryWitness({}, { inputs: { denials } })).toEqual(
      isDenied ? { reason: "denied", untilEpoch } : { reason: "ok" },
    );
  });

  test("a denied beaconer's witnesses learn that the beacon was refused", () => {
    const denials = [denial(0, epoch, untilEpoch)];
    expect(tryBeacon({}, { inputs: { denials } })).toEqual({ reason: "denied", untilEpoch });
    expect(tryWitness({}, { inputs: { denials } })).toEqual({ reason: "beacon_refused" });
  });

  test("the newest denial counts", () => {
    const denials = [denial(1, epoch, epoch, 2), denial(1, epoch, epoch + 5, 1)];
    for (const given of [denials, denials.toReversed()])
      expect(tryWitness({}, { inputs: { denials: given } })).toEqual({ reason: "ok" });
  });

  test("another hotspot's denial is not mine", () => {
    expect(tryWitness({}, { inputs: { denials: [denial(2, epoch, untilEpoch)] } }).reason).toBe("ok");
  });
});

describe("region_not_allowed", () => {
  const inRegions = (...ids: ("EU433" | "EU868" | "US915")[]) =>
    new Scenario([0, 5000], { regions: ids.map((id) => ({ id, maxEirpDdbm: 160 })) });

  test("only the network's regions are paid", () => {
    expect(tryWitness({}, { scenario: inRegions("EU868") })).toEqual({ reason: "ok" });
    expect(tryWitness({}, { scenario: inRegions("EU433", "EU868") })).toEqual({ reason: "ok" });
    expect(tryWitness({}, { scenario: inRegions("EU433", "US915") })).toEqual({
      reason: "region_not_allowed",
    });
    expect(tryBeacon({}, { scenario: inRegions("US915") })).toEqual({ reason: "region_not_allowed" });
  });
});

describe("old_version", () => {
  const { epoch } = new Scenario();
  const needing = (minBeaconVersion: number, minWitnessVersion: number, minVersionsFromEpoch = 0) =>
    new Scenario([0, 5000], { minBeaconVersion, minWitnessVersion, minVersionsFromEpoch });

  test.each([
    [1, 1, "ok"],
    [2, 1, "old_version"],
    [2, 2, "ok"],
    [2, 3, "ok"],
  ])("a network that needs version %d, and a report of version %d: %s", (neededVersion, version, reason) => {
    const expected = reason === "ok" ? { reason } : { reason, version, neededVersion };
    expect(tryWitness({}, { scenario: needing(1, neededVersion), version })).toEqual(expected);
    expect(tryBeacon({}, { scenario: needing(neededVersion, 1), version })).toEqual(expected);
  });

  test("each kind of report has its own; and its beacon not having it is another reason", () => {
    expect(tryWitness({}, { scenario: needing(9, 1), version: 1 }).reason).toBe("beacon_refused");
    expect(tryBeacon({}, { scenario: needing(1, 9), version: 1 }).reason).not.toBe("old_version");
  });

  test("from the announced epoch on, not before", () => {
    const tried = (fromEpoch: number) =>
      tryWitness({}, { scenario: needing(1, 2, fromEpoch), version: 1 }).reason;
    expect([epoch - 1, epoch, epoch + 1].map(tried)).toEqual(["old_version", "old_version", "ok"]);
  });
});

describe("in_cooldown", () => {
  const scenario = new Scenario();
  const { relocationCooldownMs } = scenario.parameters;
  const beaconMs = entropyTimeMs(scenario.beacon(0).entropyIndex, scenario.parameters);
  const movedBefore = (who: number, ms: number) => {
    const moved = new Scenario();
    moved.hotspot(who).relocatedAtMs = beaconMs - ms;
    return moved;
  };

  test.each<[number, number | undefined]>([
    [0, relocationCooldownMs],
    [relocationCooldownMs - 1, 1],
    [relocationCooldownMs, undefined],
    [2 * relocationCooldownMs, undefined],
  ])("moved %d ms before the beacon: %p ms are left", (ms, remainingMs) => {
    const expected = remainingMs === undefined ? { reason: "ok" } : { reason: "in_cooldown", remainingMs };
    expect(tryWitness({}, { scenario: movedBefore(1, ms) })).toEqual(expected);
    expect(tryBeacon({}, { scenario: movedBefore(0, ms) })).toEqual(expected);
  });

  test("a network may do without", () => {
    const scenario = new Scenario([0, 5000], { relocationCooldownMs: 0 });
    scenario.hotspot(1).relocatedAtMs = beaconMs;
    expect(tryWitness({}, { scenario })).toEqual({ reason: "ok" });
  });
});

test("a first report that is refused stays the first: nobody may try again until one passes", () => {
  const scenario = new Scenario();
  const { packet, beacon } = scenario.round(0, []);
  const honest = scenario.witness(1, 0, packet);
  const ahead = { atMs: honest.atMs + 60_000 };
  const first = scenario.receive(1, { ...honest, ...ahead }, { receivedAtMs: honest.atMs });
  const second = scenario.receive(1, honest);
  const judgement = scenario.judge([beacon, first, second]);
  expect(verdictOn(judgement, first).reason).toBe("time_ahead");
  expect(verdictOn(judgement, second).reason).toBe("duplicate");
});

test("a scenario refuses to sign what nobody could send", () => {
  const scenario = new Scenario();
  expect(() => scenario.receive(0, { ...scenario.beacon(0), powerDbm: 99 })).toThrow("powerDbm is 99");
  expect(signerFromSeed(new Uint8Array(32)).publicKey).not.toEqual(scenario.hotspot(0).publicKey);
});
