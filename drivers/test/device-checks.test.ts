import { describe, expect, test } from "bun:test";
import { runUnderDeno } from "./deno.ts";
import { deviceChecks } from "./device-checks.ts";
import { hasSocat } from "./pty-pair.ts";
import { skipWithout } from "./tools.ts";

const skip = skipWithout(hasSocat);

describe.skipIf(skip)("every family on real links under Bun", () => {
  for (const [title, check] of Object.entries(deviceChecks)) test(title, check, 30_000);
});

test.skipIf(skip)(
  "every family on real links under Deno: all the same checks",
  async () => expect(await runUnderDeno("device-checks-main.ts")).toEqual(Object.keys(deviceChecks)),
  60_000,
);
