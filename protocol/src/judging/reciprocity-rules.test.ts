import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { CONTACT_KINDS, ContactHistory, type LatestContacts, NO_CONTACTS } from "./contacts.ts";
import { explainVerdict } from "./reasons.ts";
import { Scenario, verdictOn } from "./scenario.ts";
import { type Circumstances, outcome, tryBeacon, tryWitness } from "./trial.ts";
import type { ReceivedPacket } from "./types.ts";

const PERIODS = 30;
const MINUTE_MS = 60_000;
const RECIPROCITY = { reciprocityPeriods: PERIODS };
const ALWAYS: LatestContacts = { beaconed: 0, witnessed: 0 };

/** One round of two stations; each has the contacts that are given, as many periods before the beacon. */
function circumstances(who: number, ago: Partial<LatestContacts>, periods = PERIODS): Circumstances {
  const scenario = new Scenario([0, 5000], { reciprocityPeriods: periods });
  const index = scenario.beacon(0).entropyIndex;
  const before = (value: number | null | undefined) => (value == null ? null : index - value);
  const contacts = { beaconed: before(ago.beaconed), witnessed: before(ago.witnessed) };
  const other = { beaconed: index - 1, witnessed: index - 1 };
  const ids = scenario.stations.map(({ hotspot }) => hotspot.id);
  const contactsBefore = new Map(ids.map((id, i) => [id, i === who ? contacts : other]));
  return { scenario, inputs: { contactsBefore } };
}

const onBeacon = (ago: Partial<LatestContacts>, periods?: number) =>
  tryBeacon({}, circumstances(0, ago, periods));
const onWitness = (ago: Partial<LatestContacts>, periods?: number) =>
  tryWitness({}, circumstances(1, ago, periods));

const late = { sinceMs: (PERIODS + 1) * MINUTE_MS, allowedMs: PERIODS * MINUTE_MS };

describe("a beacon of a hotspot that hears nobody", () => {
  test("is refused where it never heard any, or too long ago", () => {
    expect(onBeacon({ beaconed: 1 })).toEqual({ reason: "not_witnessing", allowedMs: PERIODS * MINUTE_MS });
    expect(onBeacon({ beaconed: 1, witnessed: PERIODS + 1 })).toEqual({ reason: "not_witnessing", ...late });
  });

  test("passes in the last period of the span", () => {
    expect(onBeacon({ witnessed: PERIODS }).reason).toBe("ok");
    expect(onBeacon({ witnessed: 1 }).reason).toBe("ok");
  });

  test("passes where reciprocity is switched off", () => {
    expect(onBeacon({}, 0).reason).toBe("ok");
  });

  test("refuses its witnesses too, except those with faults of their own", () => {
    const { scenario, inputs } = circumstances(0, {});
    expect(tryWitness({}, { scenario, inputs }).reason).toBe("beacon_refused");
    expect(tryWitness({ rssiDbm: 20 }, circumstances(0, {})).reason).toBe("rssi_above_free_space");
  });

  test("comes after any other fault", () => {
    expect(tryBeacon({ powerDbm: 27 }, circumstances(0, {})).reason).toBe("power_too_high");
  });
});

describe("a witness that nobody hears", () => {
  test("is refused where nobody ever heard it, or too long ago", () => {
    expect(onWitness({ witnessed: 1 })).toEqual({
      reason: "not_heard_lately",
      allowedMs: PERIODS * MINUTE_MS,
    });
    expect(onWitness({ witnessed: 1, beaconed: PERIODS + 1 })).toEqual({
      reason: "not_heard_lately",
      ...late,
    });
  });

  test("passes in the last period of the span", () => {
    expect(onWitness({ beaconed: PERIODS }).reason).toBe("ok");
  });

  test("passes where reciprocity is switched off", () => {
    expect(onWitness({}, 0).reason).toBe("ok");
  });

  test("is not counted: a beacon that no other heard has not been heard, and proves nothing", () => {
    const { scenario = new Scenario(), inputs } = circumstances(1, {});
    const { beacon, witnesses } = scenario.round();
    const judgement = scenario.judge([beacon, ...witnesses], inputs);
    expect(verdictOn(judgement, beacon)).toMatchObject({ outcome: "unpaid", reason: "not_heard" });
    expect(judgement.proven).toEqual([]);
  });
});

describe("newcomers", () => {
  /** Honest rounds of all stations in both windows, in the order of their beacons. */
  const rounds = (scenario: Scenario) =>
    [scenario.window, scenario.window + 1]
      .flatMap((window) => scenario.stations.map((_, who) => scenario.round(who, undefined, window)))
      .toSorted((a, b) => a.packet.entropyIndex - b.packet.entropyIndex);
  const packetsOf = (all: ReturnType<typeof rounds>): ReceivedPacket[] =>
    all.flatMap(({ beacon, witnesses }) => [beacon, ...witnesses]);

  test("enter together: the first window shows who hears whom, the second is paid", () => {
    const scenario = new Scenario([0, 5000, 9000], RECIPROCITY);
    const all = rounds(scenario);
    const judgement = scenario.judge(packetsOf(all));
    const first = all[0] as (typeof all)[number];
    expect(verdictOn(judgement, first.beacon).reason).toBe("not_witnessing");
    for (const { beacon, witnesses, packet } of all) {
      if (packet.entropyIndex < (scenario.window + 1) * scenario.parameters.windowPeriods) continue;
      for (const report of [beacon, ...witnesses]) expect(verdictOn(judgement, report).reason).toBe("ok");
    }
  });

  test("do not enter by reports that another rule refuses", () => {
    const scenario = new Scenario([0, 5000], RECIPROCITY);
    const [a, b] = [scenario.round(0), scenario.round(1)];
    const bent = [a, b].flatMap(({ packet, beacon }, of) => {
      const heard = scenario.witness(1 - of, of, packet);
      return [beacon, scenario.receive(1 - of, { ...heard, rssiDbm: 20 })];
    });
    expect([...scenario.judge(bent).contacts]).toEqual([]);
  });

  test("of one index do not help each other in it: their order would decide", () => {
    const scenario = new Scenario([0, 5000], { ...RECIPROCITY, windowPeriods: 1 });
    const [a, b] = [scenario.round(0), scenario.round(1)];
    expect(a.packet.entropyIndex).toBe(b.packet.entropyIndex);
    const judgement = scenario.judge([...packetsOf([a, b])]);
    for (const { beacon, witnesses } of [a, b]) {
      expect(verdictOn(judgement, beacon).reason).toBe("not_witnessing");
      expect(witnesses.map((report) => verdictOn(judgement, report).reason)).toEqual(["beacon_refused"]);
    }
    const { entropyIndex } = a.packet;
    const met = { beaconed: entropyIndex, witnessed: entropyIndex };
    const ids = scenario.stations.map(({ hotspot }) => hotspot.id).sort();
    expect([...judgement.contacts]).toEqual(ids.map((id) => [id, met]));
  });

  test("passing the contacts on gives what judging all at once gives", () => {
    const scenario = new Scenario([0, 5000, 9000], RECIPROCITY);
    const all = rounds(scenario);
    const half = all.findIndex(({ packet }) => packet.entropyIndex >= (scenario.window + 1) * 10);
    const together = scenario.judge(packetsOf(all));
    const earlier = scenario.judge(packetsOf(all.slice(0, half)));
    const later = scenario.judge(packetsOf(all.slice(half)), { contactsBefore: earlier.contacts });
    expect(later.contacts).toEqual(together.contacts);
    const reasons = ({ verdicts }: typeof together) =>
      verdicts.map(({ packetId, reason }) => [packetId, reason]);
    expect(new Map([...reasons(earlier), ...reasons(later)] as [string, string][])).toEqual(
      new Map(reasons(together) as [string, string][]),
    );
  });

  test("is off unless asked: contacts are recorded all the same", () => {
    const scenario = new Scenario([0, 5000]);
    const { beacon, witnesses } = scenario.round();
    const judgement = scenario.judge([beacon, ...witnesses]);
    const index = beacon.packet.entropyIndex;
    expect(judgement.contacts.get(beacon.hotspotId)).toEqual({ ...NO_CONTACTS, beaconed: index });
    expect(judgement.contacts.get(scenario.hotspot(1).id)).toEqual({ ...NO_CONTACTS, witnessed: index });
  });
});

describe("a book of contacts", () => {
  test("returns earlier indexes only, and each kind separately", () => {
    const book = new ContactHistory(new Map([["a", { beaconed: 5, witnessed: null }]]));
    expect(book.latestBefore("a", "beaconed", 9)).toBe(5);
    expect(book.latestBefore("a", "witnessed", 9)).toBeUndefined();
    expect(book.latestBefore("b", "beaconed", 9)).toBeUndefined();
    for (let i = 0; i < 2; i++) book.add({ hotspotId: "a", kind: "beaconed", index: 9 });
    expect(book.latestBefore("a", "beaconed", 9)).toBe(5);
    expect(book.latestBefore("a", "beaconed", 10)).toBe(9);
    book.add({ hotspotId: "a", kind: "beaconed", index: 3 });
    expect(book.latest()).toEqual(new Map([["a", { beaconed: 9, witnessed: null }]]));
  });
});

describe("a history of contacts, with any contents", () => {
  const made = fc.array(
    fc.record({
      hotspotId: fc.constantFrom("a", "b"),
      kind: fc.constantFrom("beaconed", "witnessed"),
      index: fc.nat(20),
    }),
  );

  test("agrees with a search of all earlier contacts, at each index", () => {
    fc.assert(
      fc.property(made, fc.nat(20), (contacts, split) => {
        const sorted = contacts.toSorted((a, b) => a.index - b.index);
        const before = new ContactHistory();
        for (const contact of sorted.filter(({ index }) => index < split)) before.add(contact);
        const book = new ContactHistory(before.latest());
        for (let asked = split; asked <= 21; asked++) {
          for (const hotspotId of ["a", "b"]) {
            for (const kind of CONTACT_KINDS) {
              const earlier = sorted.findLast(
                (one) => one.hotspotId === hotspotId && one.kind === kind && one.index < asked,
              );
              expect(book.latestBefore(hotspotId, kind, asked)).toBe(earlier?.index as number);
            }
          }
          for (const contact of sorted.filter(({ index }) => index === asked)) book.add(contact);
          for (const contact of sorted.filter(({ index }) => index === asked)) {
            expect(book.latestBefore(contact.hotspotId, contact.kind, asked)).not.toBe(asked);
          }
        }
      }),
    );
  });
});

describe("sentences", () => {
  const tell = (reason: string, numbers: Record<string, number>) =>
    explainVerdict({
      reason,
      measurements: Object.entries(numbers).map(([name, value]) => ({ name, value })),
    });

  test("contain how long ago it was, or that there was none", () => {
    const numbers = { sinceMs: 183_600_000, allowedMs: 172_800_000 };
    expect(tell("not_witnessing", numbers)).toBe(
      "This hotspot has validly heard no other for 51 h (48 h are allowed): check its receiver, antenna and cable.",
    );
    expect(tell("not_heard_lately", numbers)).toContain("for 51 h (48 h are allowed)");
    for (const reason of ["not_witnessing", "not_heard_lately"]) {
      expect(tell(reason, { allowedMs: 172_800_000 })).toContain("new one");
    }
  });

  test("a contact too long ago is reported with its time", () => {
    const scenario = new Scenario([0, 5000], RECIPROCITY);
    const contactsBefore = new Map(scenario.stations.map(({ hotspot }) => [hotspot.id, ALWAYS]));
    const { beacon, witnesses } = scenario.round();
    const verdict = verdictOn(scenario.judge([beacon, ...witnesses], { contactsBefore }), beacon);
    expect(outcome(verdict).sinceMs).toBe(beacon.packet.entropyIndex * MINUTE_MS);
  });
});
