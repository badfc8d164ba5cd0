import { describe, expect, test } from "bun:test";
import { runUnderDeno } from "../../../test/deno.ts";
import { stationChecks, stationTlsChecks } from "../../../test/station-checks.ts";
import { skipWithout } from "../../../test/tools.ts";

const hasOpenssl = Bun.which("openssl") !== null;

describe("stations on real sockets under Bun", () => {
  for (const [title, check] of Object.entries(stationChecks)) test(title, check);
});

describe.skipIf(skipWithout(hasOpenssl))("stations over TLS under Bun", () => {
  for (const [title, check] of Object.entries(stationTlsChecks)) test(title, check);
});

test("stations on real sockets under Deno: all the same checks", async () => {
  const checks = { ...stationChecks, ...(hasOpenssl ? stationTlsChecks : {}) };
  expect(await runUnderDeno("station-checks-main.ts")).toEqual(Object.keys(checks));
}, 60_000);
