import { describe, expect, test } from "bun:test";
import { runFileUnderDeno } from "./agent-process.ts";
import { doctorChecks } from "./doctor-checks.ts";
import { skipPty } from "./pty-device.ts";

describe.skipIf(skipPty)("doctor at real ports, under Bun", () => {
  for (const [title, check] of Object.entries(doctorChecks)) test(title, check, 60_000);
});

test.skipIf(skipPty)(
  "under Deno: all the same checks",
  async () => {
    const printed = await runFileUnderDeno(new URL("doctor-checks-main.ts", import.meta.url));
    expect(printed).toEqual(Object.keys(doctorChecks));
  },
  120_000,
);
