import { expect, test } from "bun:test";
import fc from "fast-check";
import { explainVerdict } from "../judging/reasons.ts";
import type { Assertion } from "../packet/packet.ts";
import {
  type EvidenceFacts,
  evidenceProblem,
  MAX_EVIDENCE_AGE_MS,
  type OwnerAssertion,
  ownerAssertionAfter,
} from "./registry-evidence.ts";

const nowMs = Date.UTC(2026, 5, 1);
const limits = { clockSkewMs: 2000 };
const payee = new Uint8Array(20).fill(1);
const assertion = { latE7: 0, lonE7: 0, elevationM: 0, antennaGainDdbi: 0, region: "EU868", payee };
const owner = (sequence: number, atMs = nowMs, what: Assertion = assertion): EvidenceFacts => ({
  by: "owner",
  atMs,
  sequence,
  assertion: what,
});
const operator = (atMs = nowMs, what: Assertion = assertion): EvidenceFacts => ({
  by: "operator",
  atMs,
  assertion: what,
});
const reason = (evidence: EvidenceFacts, newest?: OwnerAssertion) =>
  evidenceProblem(evidence, nowMs, newest, limits)?.reason;

test("evidence is signed at most an hour before its change, and by the owner's clock at most the skew after it", () => {
  const at = [-MAX_EVIDENCE_AGE_MS - 1, -MAX_EVIDENCE_AGE_MS, 0, 1, 2000, 2001].map((ms) => nowMs + ms);
  expect(at.map((atMs) => reason(owner(1, atMs)))).toEqual([
    "assertion_old",
    undefined,
    undefined,
    undefined,
    undefined,
    "assertion_ahead",
  ]);
  expect(at.map((atMs) => reason(operator(atMs)))).toEqual([
    "assertion_old",
    undefined,
    undefined,
    "assertion_ahead",
    "assertion_ahead",
    "assertion_ahead",
  ]);
});

test("sequence numbers of an owner's changes rise, whatever the operator registers in between", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 })), { maxLength: 12 }), (said) => {
      let newest: OwnerAssertion | undefined;
      let highest = 0;
      for (const sequence of said) {
        const evidence = sequence === null ? operator() : owner(sequence);
        const isAllowed = sequence === null || sequence > highest;
        expect(reason(evidence, newest)).toBe(isAllowed ? undefined : "assertion_superseded");
        if (!isAllowed) continue;
        newest = ownerAssertionAfter(newest, evidence);
        highest = sequence ?? highest;
      }
    }),
  );
});

test("the operator repeats the payee that the owner asserted, or its want", () => {
  const other = { ...assertion, payee: new Uint8Array(20).fill(2) };
  const none = { ...assertion, payee: null };
  const said = (what: Assertion) => ownerAssertionAfter(undefined, owner(4, nowMs, what));
  const table = [assertion, other, none].map((what) =>
    [undefined, said(assertion), said(none)].map((newest) => reason(operator(nowMs, what), newest)),
  );
  const no = "payee_of_owner";
  expect(table).toEqual([
    [undefined, undefined, no],
    [undefined, no, no],
    [undefined, no, undefined],
  ]);
});

test("sentences carry the numbers", () => {
  const problem = evidenceProblem(owner(1, nowMs - 3 * MAX_EVIDENCE_AGE_MS), nowMs, undefined, limits);
  expect(explainVerdict({ reason: "", measurements: [], ...problem })).toContain(
    "signed 3 h before it arrived (60 min are allowed)",
  );
});
