import { ASSERTED_CHANGE, drawIndex, type LatestContacts, parseParameters } from "@earshot/protocol";
import type { SQL } from "bun";
import { forgetCommitmentsSince } from "./commitment-table.ts";
import { restoreContacts } from "./contact-table.ts";
import type { Database } from "./database.ts";
import { hotspotsChangedSince } from "./hotspot-table.ts";
import { setJudgedThrough } from "./judgement-table.ts";
import { rewindLog } from "./log-table.ts";
import { TYPE_NUMBERS } from "./packet-table.ts";
import { type Integer, nullableNumber } from "./rows.ts";
import { deniedSince } from "./rules-tables.ts";
import type { Revoked, Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const revokedSchema: TableSchema = ({ text, bytes }) => [
  `CREATE TABLE IF NOT EXISTS taken_back (
    taken_back_at_ms BIGINT NOT NULL, kind ${text} NOT NULL, message ${bytes} NOT NULL)`,
];

type FixedParameters = Parameters<Store["revokeAfter"]>[1];

/** What a clock that was ahead signed is archived: it has been published, and somebody may ask about it. */
type Kind = "entropy" | "denial" | "registration" | "commitment" | "parameters";

/** Beside `nowMs`: the indexes and epochs that follow from it. */
interface Present {
  nowMs: number;
  /** The current period's. */
  index: number;
  /** Lowest epoch that is open once what closed too early is open again. */
  openEpoch: number;
  epochPeriods: number;
}

export const revokedTable = ({
  transaction,
}: Database): Pick<Store, "revokeAfter" | "revokeUnannounced"> => ({
  revokeUnannounced: ({ sinceMs, untilEpoch, versionsFrom, nowMs }) =>
    transaction(async (tx) => {
      if (versionsFrom !== undefined) await revokeVersions(tx, nowMs, versionsFrom);
      return revokeStatements(tx, nowMs, { sinceMs, untilEpoch });
    }),
  revokeAfter: (nowMs, fixed, contactsBefore) =>
    transaction(async (tx) => {
      const index = Math.floor(nowMs / fixed.entropyPeriodMs);
      const [row] = await tx<{ future: Integer }[]>`
        SELECT COUNT(*) AS future FROM entropy WHERE entropy_index > ${index}`;
      const entropy = Number(row?.future);
      if (entropy === 0) return undefined;
      const openEpoch = await firstOpenEpoch(tx, nowMs, index, fixed);
      const present = { nowMs, index, openEpoch, epochPeriods: fixed.epochPeriods };
      await revokeEntropy(tx, present);
      const epochs = await reopen(tx, present);
      const packets = await restamp(tx, present, fixed);
      const words = await revokeStatements(tx, nowMs);
      await revokeParameters(tx, present);
      const judgedThrough = await forgetJudgements(tx, present, fixed);
      // Entries stay: what was published by mistake shows, and what takes its place is logged after it.
      const [left] = await tx<{ last: Integer | null }[]>`SELECT MAX(entropy_index) AS last FROM entropy`;
      const through = nullableNumber(left?.last ?? null) ?? -1;
      await rewindLog(tx, { entropy: through, index: judgedThrough, manifest: openEpoch - 1 });
      const contacts = contactsBeforeAll(epochs, contactsBefore);
      await restoreContacts(tx, openEpoch, openEpoch * fixed.epochPeriods, contacts);
      return { entropy, epochs, packets, openEpoch, judgedThrough, ...words };
    }),
});

/** Of the epochs that closed before they were over, or at a time that has not come, the first; else the one after the last closed. */
async function firstOpenEpoch(
  tx: SQL,
  nowMs: number,
  index: number,
  { epochPeriods }: FixedParameters,
): Promise<number> {
  const [row] = await tx<{ early: Integer | null; last: Integer | null; first: Integer | null }[]>`SELECT
    (SELECT MIN(epoch) FROM epochs WHERE to_ms > ${nowMs} OR closed_at_ms > ${nowMs}) AS early, (SELECT MAX(epoch) FROM epochs) AS last,
    (SELECT MIN(entropy_index) FROM entropy) AS first`;
  const early = nullableNumber(row?.early ?? null);
  const last = nullableNumber(row?.last ?? null);
  if (early !== null) return Math.min(early, Math.floor(index / epochPeriods));
  if (last !== null) return last + 1;
  return Math.floor(Math.min(nullableNumber(row?.first ?? null) ?? index, index) / epochPeriods);
}

async function revokeEntropy(tx: SQL, { nowMs, index }: Present): Promise<void> {
  await tx`INSERT INTO taken_back (taken_back_at_ms, kind, message)
    SELECT ${nowMs}, ${"entropy" satisfies Kind}, message FROM entropy WHERE entropy_index > ${index}`;
  await tx`DELETE FROM entropy WHERE entropy_index > ${index}`;
}

/** Opens epochs again that closed before they were over, and puts their packets where they would be. */
async function reopen(tx: SQL, { openEpoch, epochPeriods }: Present): Promise<Revoked["epochs"]> {
  const rows = await tx<{ epoch: Integer; bundle: string }[]>`DELETE FROM epochs WHERE epoch >= ${openEpoch}
    RETURNING epoch, bundle`;
  await tx`DELETE FROM payments WHERE epoch >= ${openEpoch}`;
  await tx`DELETE FROM edges WHERE epoch >= ${openEpoch}`;
  await tx`UPDATE shown SET since_epoch = NULL WHERE since_epoch >= ${openEpoch}`;
  // Reports about revoked entropy stay stored, and are in no bundle.
  await tx`UPDATE packets SET entropy_index = NULL, epoch = NULL
    WHERE entropy_index > (SELECT COALESCE(MAX(entropy_index), -1) FROM entropy)`;
  await tx`UPDATE packets SET epoch = CASE WHEN entropy_index < ${openEpoch * epochPeriods} THEN ${openEpoch}
      ELSE (entropy_index - entropy_index % ${epochPeriods}) / ${epochPeriods} END
    WHERE epoch > ${openEpoch}`;
  return rows
    .map(({ epoch, bundle }) => ({ epoch: Number(epoch), bundle }))
    .sort((a, b) => a.epoch - b.epoch);
}

/** Of several bundles the first that lists a hotspot has its contacts before all of them. */
function contactsBeforeAll(
  epochs: Revoked["epochs"],
  contactsBefore: Parameters<Store["revokeAfter"]>[2],
): Map<string, LatestContacts> {
  const all = new Map<string, LatestContacts>();
  for (const { bundle } of epochs) {
    for (const [id, latest] of contactsBefore(bundle)) if (!all.has(id)) all.set(id, latest);
  }
  return all;
}

/** No receive time is later than now. */
async function restamp(
  tx: SQL,
  { nowMs }: Present,
  { entropyPeriodMs, reportDeadlineMs, revealDeadlineMs }: FixedParameters,
): Promise<number> {
  const rows = await tx`UPDATE packets SET received_at_ms = ${nowMs}, late = CASE
      WHEN entropy_index * ${entropyPeriodMs}
        + (CASE WHEN type = ${TYPE_NUMBERS.beacon} THEN ${revealDeadlineMs} ELSE ${reportDeadlineMs} END) < ${nowMs}
      THEN 1 ELSE 0 END
    WHERE received_at_ms > ${nowMs} RETURNING sequence`;
  await tx`UPDATE statuses SET received_at_ms = ${nowMs} WHERE received_at_ms > ${nowMs}`;
  await tx`UPDATE statuses SET at_ms = ${nowMs} WHERE at_ms > ${nowMs}`;
  await tx`UPDATE statuses SET offline_at_ms = ${nowMs} WHERE offline_at_ms > ${nowMs}`;
  return rows.length;
}

/** Which changes and denials: those made at this time or later that count from such an epoch or an earlier one. */
interface Since {
  sinceMs: number;
  untilEpoch: number;
}

/** Above every epoch. */
const ANY_EPOCH = Number.MAX_SAFE_INTEGER;

async function revokeStatements(
  tx: SQL,
  nowMs: number,
  { sinceMs, untilEpoch }: Since = { sinceMs: nowMs + 1, untilEpoch: ANY_EPOCH },
): Promise<Pick<Revoked, "hotspots" | "denials">> {
  const hotspots = (await hotspotsChangedSince(tx, sinceMs)).filter(
    ({ change }) => change.fromEpoch <= untilEpoch,
  );
  await tx`INSERT INTO taken_back (taken_back_at_ms, kind, message)
    SELECT ${nowMs}, ${"registration" satisfies Kind}, evidence FROM hotspots
    WHERE changed_at_ms >= ${sinceMs} AND from_epoch <= ${untilEpoch}`;
  await tx`DELETE FROM change_records WHERE kind = ${ASSERTED_CHANGE} AND EXISTS (SELECT 1 FROM hotspots
    WHERE hotspots.from_epoch = change_records.from_epoch AND hotspots.public_key = change_records.public_key
      AND changed_at_ms >= ${sinceMs} AND hotspots.from_epoch <= ${untilEpoch})`;
  await tx`DELETE FROM hotspots WHERE changed_at_ms >= ${sinceMs} AND from_epoch <= ${untilEpoch}`;
  await tx`INSERT INTO taken_back (taken_back_at_ms, kind, message)
    SELECT ${nowMs}, ${"commitment" satisfies Kind}, evidence FROM commitments
    WHERE accepted_at_ms >= ${sinceMs} AND from_epoch <= ${untilEpoch}`;
  await forgetCommitmentsSince(tx, sinceMs, untilEpoch);
  await tx`DELETE FROM shown WHERE NOT EXISTS (SELECT 1 FROM hotspots WHERE hotspots.id = shown.hotspot_id)`;
  await tx`UPDATE shown SET waits_since_ms = ${nowMs} WHERE waits_since_ms > ${nowMs}`;
  const denials = (await deniedSince(tx, sinceMs)).filter(({ denial }) => denial.fromEpoch <= untilEpoch);
  await tx`INSERT INTO taken_back (taken_back_at_ms, kind, message)
    SELECT ${nowMs}, ${"denial" satisfies Kind}, message FROM denials
    WHERE at_ms >= ${sinceMs} AND from_epoch <= ${untilEpoch}`;
  await tx`DELETE FROM denials WHERE at_ms >= ${sinceMs} AND from_epoch <= ${untilEpoch}`;
  return { hotspots, denials };
}

async function revokeVersions(tx: SQL, nowMs: number, first: number): Promise<void> {
  await tx`INSERT INTO taken_back (taken_back_at_ms, kind, message)
    SELECT ${nowMs}, ${"parameters" satisfies Kind}, message FROM parameters WHERE version >= ${first}`;
  await tx`DELETE FROM parameters WHERE version >= ${first}`;
}

/** Versions that wait for their epoch: it may be one that only the wrong clock was near. */
async function revokeParameters(tx: SQL, { nowMs, index, epochPeriods }: Present): Promise<void> {
  const versions = await tx<{ version: Integer; parameters: string }[]>`
    SELECT version, parameters FROM parameters ORDER BY version`;
  const current = Math.floor(index / epochPeriods);
  const waiting = versions.find(
    ({ parameters }) => parseParameters(JSON.parse(parameters)).activationEpoch > current,
  );
  if (waiting === undefined) return;
  await revokeVersions(tx, nowMs, Number(waiting.version));
}

/** Revoked entropy may have drawn witnesses: open epochs are judged again, from their beginning. */
async function forgetJudgements(
  tx: SQL,
  { openEpoch, index, epochPeriods }: Present,
  fixed: FixedParameters,
): Promise<number> {
  await tx`DELETE FROM verdicts WHERE epoch >= ${openEpoch}`;
  await tx`DELETE FROM beacons WHERE epoch >= ${openEpoch}`;
  const judgedThrough = Math.min(openEpoch * epochPeriods - 1, index - drawIndex(0, fixed));
  await setJudgedThrough(tx, judgedThrough);
  return judgedThrough;
}
