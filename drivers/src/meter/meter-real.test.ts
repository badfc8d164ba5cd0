import { describe, expect, test } from "bun:test";
import { runUnderDeno } from "../../test/deno.ts";
import { meterChecks } from "../../test/meter-checks.ts";
import { hasSocat } from "../../test/pty-pair.ts";
import { skipWithout } from "../../test/tools.ts";

const skip = skipWithout(hasSocat);

describe.skipIf(skip)("meters on real links under Bun", () => {
  for (const [title, check] of Object.entries(meterChecks)) test(title, check, 30_000);
});

test.skipIf(skip)(
  "meters on real links under Deno: all the same checks",
  async () => expect(await runUnderDeno("meter-checks-main.ts")).toEqual(Object.keys(meterChecks)),
  60_000,
);
