import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Denial } from "../network/denial.ts";
import { entropyTimeMs } from "../time/schedule.ts";
import { type ContactKind, NO_CONTACTS } from "./contacts.ts";
import { RULE_LISTS, type RuleOrder, ruleOrder } from "./rule-lists.ts";
import { Scenario } from "./scenario.ts";
import type { Circumstances } from "./trial.ts";

/*
 * One property for each rule: over a whole range of inputs that differ from honest ones in one respect, the rule refuses
 * exactly those that it should. Each property states the expectation again, without using the rule.
 */

/** The verdict's reason for one input, and whether the rule should refuse it. */
export interface Trial {
  reason: string;
  expected: boolean;
}

export type Properties = Record<string, fc.Arbitrary<Trial>>;

/** A test for each rule, and one that every rule has a property. */
export function testProperties(kind: keyof RuleOrder, properties: Properties): void {
  test("each has a property", () =>
    expect(Object.keys(properties)).toEqual([...ruleOrder(RULE_LISTS["earshot-1"])[kind]]));

  test.each(Object.entries(properties))("%s", (reason, trials) => {
    fc.assert(
      fc.property(trials, (trial) => {
        if (trial.expected) expect(trial.reason).toBe(reason);
        else expect(trial.reason).not.toBe(reason);
      }),
      { numRuns: 40 },
    );
  });
}

/** An honest round of the plain scenario. */
export const plain = new Scenario();
export const { parameters } = plain;
const { epoch } = plain;
export const honest = plain.beacon(0);
export const heard = plain.witness(1, 0, honest);
export const entropyMs = entropyTimeMs(honest.entropyIndex, parameters);

export const around = (limit: number, width = 50): fc.Arbitrary<number> =>
  fc.integer({ min: limit - width, max: limit + width });

/** A bit of the bytes from one (included) to another (excluded). */
export const bit = (from: number, to: number): fc.Arbitrary<number> =>
  fc.integer({ min: from * 8, max: to * 8 - 1 });

export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const other = Uint8Array.from(bytes);
  other[at >> 3] = (other[at >> 3] as number) ^ (1 << (at & 7));
  return other;
}

/** First epoch of a denial, relative to the scenario's, and how many epochs it is in force. */
type Span = [from: number, length: number];
export const spans: fc.Arbitrary<Span> = fc.tuple(fc.integer({ min: -4, max: 4 }), fc.nat(6));
export const isInForceNow = ([from, length]: Span): boolean => from <= 0 && from + length > 0;

export function denialsOver([from, length]: Span, hotspot: Uint8Array, peer: Uint8Array | null): Denial[] {
  const fromEpoch = epoch + from;
  return [{ hotspot, peer, reason: "", evidence: "", atMs: 1, fromEpoch, untilEpoch: fromEpoch + length }];
}

/** `reciprocityPeriods`, and how many periods before the beacon a contact was; null where there never was one. */
export const contactSpans = fc.tuple(
  fc.nat(40),
  fc.option(fc.oneof(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: honest.entropyIndex }))),
);

/** A round of two stations: one had its last contact of `kind` so many periods ago, all other contacts are recent. */
export function afterContacts(
  kind: ContactKind,
  who: number,
  reciprocityPeriods: number,
  ago: number | null,
): Circumstances {
  const scenario = new Scenario([0, 5000], { reciprocityPeriods });
  const index = scenario.beacon(0).entropyIndex;
  const asked = { ...NO_CONTACTS, [kind]: ago === null ? null : index - ago };
  const others = { beaconed: index - 1, witnessed: index - 1 };
  const ids = scenario.stations.map(({ hotspot }) => hotspot.id);
  return {
    scenario,
    inputs: { contactsBefore: new Map(ids.map((id, i) => [id, i === who ? asked : others])) },
  };
}
