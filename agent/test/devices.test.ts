import { describe, expect, test } from "bun:test";
import { runFileUnderDeno } from "./agent-process.ts";
import { deviceChecks } from "./device-checks.ts";
import { skipPty } from "./pty-device.ts";

describe.skipIf(skipPty)("devices on real ports, under Bun", () => {
  for (const [title, check] of Object.entries(deviceChecks)) test(title, check, 30_000);
});

test.skipIf(skipPty)(
  "under Deno: all the same checks",
  async () => {
    const printed = await runFileUnderDeno(new URL("device-checks-main.ts", import.meta.url));
    expect(printed).toEqual(Object.keys(deviceChecks));
  },
  60_000,
);
