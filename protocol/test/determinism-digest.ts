/**
 * Prints, as JSON, what this runtime makes of the epoch of `determinism-epoch.ts`, for tests that compare runtimes and
 * processes: without arguments the digest of all, with `PART PARTS` the judgement of every PARTS-th group of reports.
 */

import { sha256 } from "../src/crypto/sha256.ts";
import { utf8 } from "../src/encoding/bytes.ts";
import { type Contact, ContactHistory } from "../src/judging/contacts.ts";
import type { EpochJudgement } from "../src/judging/epoch.ts";
import { type EpochInputs, epochContext } from "../src/judging/epoch-context.ts";
import { groupReports, isReport } from "../src/judging/group.ts";
import { judgeGroup } from "../src/judging/judge.ts";
import { atan2, cos, exp10, log10, sin } from "../src/math/portable-math.ts";
import type { SettlementInputs } from "../src/rewards/settlement.ts";
import { earshot1 } from "../src/rules/rule-sets.ts";
import { determinismEpoch } from "./determinism-epoch.ts";

/** A judgement, byte for byte. */
export const textOf = ({ verdicts, proven, contacts }: EpochJudgement): string =>
  JSON.stringify({ verdicts, proven, contacts: [...contacts] });

/** Verdicts and proven beacons byte for byte, and the root and totals that they pay out to. */
export function outcome(judgement: EpochJudgement, settlement: SettlementInputs) {
  const { tree, paid, unallocated } = earshot1.settle(judgement, settlement);
  return {
    judgement: sha256(utf8(textOf(judgement))).toHex(),
    root: tree.root.toHex(),
    paid: paid.toString(),
    unallocated: unallocated.toString(),
  };
}

/** Every bit of some thousand results of the functions that levels and distances are made of. */
export function mathBits(): string {
  const steps = Array.from({ length: 2000 }, (_, i) => i + 0.123_456_789);
  const results = steps.flatMap((x) => [
    sin(x / 300),
    cos(x / 300),
    atan2(x, 1000),
    log10(x * 1e6),
    exp10(x / 100 - 10),
  ]);
  return sha256(new Uint8Array(Float64Array.from(results).buffer)).toHex();
}

/** A part of a judgement; the contacts that its own groups show. */
export type JudgedPart = Pick<EpochJudgement, "verdicts" | "proven"> & { contacts: Contact[] };

/** What a process judges that knows all reports and takes every `parts`-th group; who met whom it finds out itself. */
export function judgePart(inputs: EpochInputs, part: number, parts: number): JudgedPart {
  const groups = groupReports(inputs.packets.filter(isReport));
  const made = contactsOf(inputs, groups);
  const judging = epochContext(inputs, inputs.packets, (hotspotId, kind, beforeIndex) => {
    const before = inputs.contactsBefore.get(hotspotId)?.[kind];
    const own = made
      .filter((one) => one.hotspotId === hotspotId && one.kind === kind)
      .map(({ index }) => index);
    return [...own, before ?? -1]
      .filter((index) => index >= 0 && index < beforeIndex)
      .sort((a, b) => b - a)[0];
  });
  const judgements = groups
    .filter((_, i) => i % parts === part)
    .map((group) => judgeGroup(group, judging, earshot1.rules));
  return {
    verdicts: judgements.flatMap(({ verdicts }) => verdicts),
    proven: judgements.flatMap(({ proven }) => proven ?? []),
    contacts: judgements.flatMap(({ contacts }) => contacts),
  };
}

/** Contacts do not depend on reciprocity, so they can be had beforehand: judged without it, in any order. */
function contactsOf(
  { parameters, ...inputs }: EpochInputs,
  groups: ReturnType<typeof groupReports>,
): Contact[] {
  const unasked = { ...inputs, parameters: { ...parameters, reciprocityPeriods: 0 } };
  const judging = epochContext(unasked, inputs.packets, () => undefined);
  return groups.toReversed().flatMap((group) => judgeGroup(group, judging, earshot1.rules).contacts);
}

/** The judgement that parts are when put together. */
export function mergedParts(parts: readonly JudgedPart[], { contactsBefore }: EpochInputs): EpochJudgement {
  const book = new ContactHistory(contactsBefore);
  const contacts = parts.flatMap((part) => part.contacts).sort((a, b) => a.index - b.index);
  for (const contact of contacts) book.add(contact);
  return {
    verdicts: parts.flatMap(({ verdicts }) => verdicts).sort((a, b) => (a.packetId < b.packetId ? -1 : 1)),
    proven: parts.flatMap(({ proven }) => proven).sort((a, b) => (a.beaconKey < b.beaconKey ? -1 : 1)),
    contacts: book.latest(),
  };
}

if (import.meta.main) {
  const { inputs, settlement } = determinismEpoch();
  const [part, parts] = process.argv.slice(2).map(Number);
  const printed =
    part === undefined || parts === undefined
      ? { ...outcome(earshot1.judge(inputs), settlement), math: mathBits() }
      : judgePart(inputs, part, parts);
  console.log(JSON.stringify(printed));
}
