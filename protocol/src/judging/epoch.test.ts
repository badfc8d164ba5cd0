import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { EpochInputs } from "./epoch-context.ts";
import { Scenario } from "./scenario.ts";
import type { ReceivedPacket } from "./types.ts";

/** A busy epoch: honest rounds in both windows, and some of each kind of trouble. */
function busyEpoch(): { scenario: Scenario; packets: ReceivedPacket[] } {
  const scenario = new Scenario([0, 200, 3000, 7000, 12_000, 20_000], { maxPaidWitnesses: 2 });
  const rounds = [0, 1, 2, 3].flatMap((of) =>
    [0, 1].map((window) => scenario.round(of, undefined, scenario.window + window)),
  );
  const packets: ReceivedPacket[] = rounds.flatMap(({ beacon, witnesses }) => [beacon, ...witnesses]);
  const sent = scenario.beacon(4);
  const heard = scenario.witness(5, 4, sent);
  packets.push(
    scenario.receive(4, sent, { sequence: 40 }),
    scenario.receive(4, { ...sent, tmstUs: 1 }, { sequence: 40 }),
    scenario.receive(4, { ...sent, tmstUs: 2 }, { sequence: 41 }),
    scenario.receive(5, heard, { sequence: 50 }),
    scenario.receive(5, { ...heard, snrDdb: 1 }, { sequence: 51 }),
    scenario.receive(5, { ...heard, snrDdb: 2 }, { sequence: 51 }),
    scenario.receive(3, { ...scenario.witness(3, 4, sent), rssiDbm: 20 }),
    scenario.receive(2, scenario.witness(2, 4, sent), { receivedAtMs: sent.atMs + 3_600_000 }),
    scenario.receive(1, { ...scenario.witness(1, 4, sent), spreadingFactor: 5 }),
    scenario.receive(0, scenario.witness(0, 5, scenario.beacon(5))),
    scenario.receive(3, {
      type: "reading",
      sequence: 0,
      atMs: sent.atMs,
      source: "gps",
      periodMs: 1,
      quantities: [],
    }),
  );
  return { scenario, packets };
}

const { scenario, packets } = busyEpoch();
const inputs = scenario.inputs(packets);
const expected = scenario.judge(packets);

test("the busy epoch meets many reasons and has one verdict for every report", () => {
  const reasons = new Set(expected.verdicts.map(({ reason }) => reason));
  for (const reason of ["ok", "too_close", "not_drawn", "duplicate", "sequence_reused", "report_late"]) {
    expect(reasons).toContain(reason);
  }
  expect(expected.verdicts).toHaveLength(packets.length - 1);
  const ids = expected.verdicts.map(({ packetId }) => packetId);
  expect(ids).toEqual(ids.toSorted());
});

/** A permutation of the indexes of `list`. */
const shuffled = <T>(list: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });

describe("nothing depends on order or repetition", () => {
  const anyOrder: fc.Arbitrary<Partial<EpochInputs>> = fc
    .tuple(
      shuffled(inputs.packets),
      fc.subarray([...inputs.packets]),
      shuffled(inputs.hotspots),
      shuffled(inputs.entropy),
      fc.nat({ max: 100_000 }),
    )
    .map(([all, repeated, hotspots, entropy, laterMs]) => ({
      // A repeated packet arrives again, later than at first.
      packets: [
        ...repeated.map((packet) => ({ ...packet, receivedAtMs: packet.receivedAtMs + laterMs })),
        ...all,
      ],
      hotspots,
      entropy,
    }));

  test("the same packets, hotspots and entropy give the same verdicts and payments", () => {
    fc.assert(
      fc.property(anyOrder, ({ packets: given = [], ...rest }) => {
        expect(scenario.judge(given, rest)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});

test("inputs are left as they were", () => {
  const before = structuredClone(inputs);
  scenario.judge(packets);
  expect(inputs).toEqual(before);
});

test("an epoch without packets is judged", () => {
  expect(scenario.judge([])).toEqual({ verdicts: [], proven: [], contacts: new Map() });
});

test("a hotspot is proven only by others that are registered and paid", () => {
  for (const { beaconer, witnesses, beaconKey } of expected.proven) {
    expect(witnesses).not.toContain(beaconer);
    expect(witnesses.length).toBeLessThanOrEqual(2);
    const paid = expected.verdicts.filter((v) => v.beaconKey === beaconKey && v.outcome === "paid");
    expect(
      paid
        .filter(({ type }) => type === "witness")
        .map((v) => v.hotspotId)
        .sort(),
    ).toEqual(witnesses);
    expect(paid.filter(({ type }) => type === "beacon").map((v) => v.hotspotId)).toEqual([beaconer]);
  }
});
