import { spawnSync } from "node:child_process";
import { stationChecks, stationTlsChecks } from "./station-checks.ts";

const withTls = spawnSync("openssl", ["version"]).status === 0;

/** Runs the checks under whatever runtime runs this file; a failing one ends it with an error. */
for (const [title, check] of Object.entries({ ...stationChecks, ...(withTls ? stationTlsChecks : {}) })) {
  await check();
  console.log(title);
}
