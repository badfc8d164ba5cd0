import { deviceChecks } from "./device-checks.ts";

/** Runs the checks under whatever runtime runs this file; a failing one ends it with an error. */
for (const [title, check] of Object.entries(deviceChecks)) {
  await check();
  console.log(title);
}
