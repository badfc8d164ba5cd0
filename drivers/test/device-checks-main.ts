import { deviceChecks } from "./device-checks.ts";

/** Runs the checks, all at the same time, under whatever runtime runs this file; a failing one ends it with an error. */
await Promise.all(Object.values(deviceChecks).map((check) => check()));
for (const title of Object.keys(deviceChecks)) console.log(title);
