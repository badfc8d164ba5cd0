import { announcedEntropy } from "./announced-entropy.ts";
import { type Migration, statements } from "./migration.ts";
import { numberedPackets, numberedVerdicts } from "./small-rows.ts";

/*
 * From schema 10 on, until there is a release.
 */

/** The network's log begins with what is in the store. */
const networkLog = statements(({ text, bytes, clustered }) => [
  `CREATE TABLE log_entries (
    position BIGINT PRIMARY KEY, kind ${text} NOT NULL, number BIGINT NOT NULL, message ${bytes} NOT NULL)`,
  "CREATE INDEX log_entries_number ON log_entries (kind, number)",
  `CREATE TABLE log_hashes (
    level BIGINT NOT NULL, position BIGINT NOT NULL, hash ${bytes} NOT NULL, PRIMARY KEY (level, position))${clustered}`,
]);

/** All keys of before are in use. */
const keyChanges = statements(({ text }) => [
  "ALTER TABLE hotspots ADD COLUMN retired_from_epoch BIGINT",
  `ALTER TABLE hotspots ADD COLUMN successor ${text}`,
  `ALTER TABLE hotspots ADD COLUMN predecessor ${text}`,
]);

/** Hotspots commit to their beacons, and entropy says until when these are reported and revealed. */
const commitments = statements(({ text, bytes }) => [
  `CREATE TABLE commitments (
    hotspot_id ${text} NOT NULL, chain BIGINT NOT NULL, head ${bytes} NOT NULL, accepted_at_ms BIGINT NOT NULL,
    from_epoch BIGINT NOT NULL, evidence ${bytes} NOT NULL, PRIMARY KEY (hotspot_id, chain))`,
  "CREATE INDEX commitments_epoch ON commitments (from_epoch)",
  "ALTER TABLE entropy ADD COLUMN report_deadline_ms BIGINT",
  "ALTER TABLE entropy ADD COLUMN reveal_deadline_ms BIGINT",
]);

/** In order, to schema 11 and so on. */
export const TO_FIRST_RELEASE: readonly Migration[] = [
  networkLog,
  keyChanges,
  announcedEntropy,
  numberedPackets,
  numberedVerdicts,
  commitments,
];
