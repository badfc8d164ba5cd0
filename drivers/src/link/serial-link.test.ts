import { describe, expect, test } from "bun:test";
import { runUnderDeno } from "../../test/deno.ts";
import { hasSocat } from "../../test/pty-pair.ts";
import { serialChecks } from "../../test/serial-checks.ts";
import { skipWithout } from "../../test/tools.ts";
import { LinkLostError } from "../driver.ts";
import { openSerial } from "./serial-link.ts";

const skip = skipWithout(hasSocat);

describe.skipIf(skip)("serial port under Bun", () => {
  for (const [title, check] of Object.entries(serialChecks)) test(title, check, 30_000);
});

test.skipIf(skip)(
  "serial port under Deno: all the same checks",
  async () => expect(await runUnderDeno("serial-checks-main.ts")).toEqual(Object.keys(serialChecks)),
  60_000,
);

async function openingError(path: string): Promise<Error> {
  const error = await openSerial({ path, baudRate: 9600 }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LinkLostError);
  return error as Error;
}

test("a port that is not there is named, with the ports that are", async () => {
  expect((await openingError("/dev/ttyNONE")).message).toMatch(
    /^Cannot open serial port \/dev\/ttyNONE: no such device; is it plugged in\? Ports found: /,
  );
});

test("a file that is no serial port is named", async () => {
  expect((await openingError("/dev/null")).message).toEndWith("/dev/null is not a serial port");
  expect((await openingError("/")).message).toContain("it is a folder");
});

test("a baud rate that is no number is refused before the port is touched", async () => {
  await expect(openSerial({ path: "/dev/ttyNONE", baudRate: 0.5 })).rejects.toThrow("Baud rate is 0.5");
});
