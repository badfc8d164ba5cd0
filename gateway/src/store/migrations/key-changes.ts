import { statements } from "./migration.ts";

/** All keys of before are in use. */
export const keyChanges = statements(({ text }) => [
  "ALTER TABLE hotspots ADD COLUMN retired_from_epoch BIGINT",
  `ALTER TABLE hotspots ADD COLUMN successor ${text}`,
  `ALTER TABLE hotspots ADD COLUMN predecessor ${text}`,
]);
