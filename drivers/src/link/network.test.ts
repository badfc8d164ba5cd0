import { describe, expect, test } from "bun:test";
import { runUnderDeno } from "../../test/deno.ts";
import { networkChecks } from "../../test/network-checks.ts";

describe("TCP and UDP under Bun", () => {
  for (const [title, check] of Object.entries(networkChecks)) test(title, check);
});

test("TCP and UDP under Deno: all the same checks", async () => {
  expect(await runUnderDeno("network-checks-main.ts")).toEqual(Object.keys(networkChecks));
}, 60_000);
