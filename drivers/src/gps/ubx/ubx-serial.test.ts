import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { hasSocat, makePtyPair } from "../../../test/pty-pair.ts";
import { skipWithout } from "../../../test/tools.ts";
import { LinkLostError } from "../../driver.ts";
import { openSerial } from "../../link/serial-link.ts";
import { epochBytes, NOON_MS, TestReceiver, type TestReceiverOptions } from "./test-receiver.ts";
import { openUbx } from "./ubx.ts";

interface Bench {
  driver: ReturnType<typeof openUbx>;
  receiver: TestReceiver;
  send(bytes: Uint8Array): Promise<void>;
  unplug(): Promise<void>;
}

/** A receiver at the other end of a real pair of terminals. Time passes with each message that it leaves unanswered. */
async function withReceiver(
  options: TestReceiverOptions,
  check: (bench: Bench) => Promise<void>,
): Promise<void> {
  await using pair = await makePtyPair();
  const device = await openSerial({ path: pair.paths[1], baudRate: 38_400 });
  const receiver = new TestReceiver(options);
  const clock = new ManualClock(NOON_MS);
  const serving = serve();
  const port = () => openSerial({ path: pair.paths[0], baudRate: 38_400 });
  const driver = openUbx(port, { clock, configure: {} });
  await check({ driver, receiver, send: (bytes) => device.write(bytes), unplug: () => pair.unplug() });
  await driver.close();
  await device.close();
  await serving;

  async function serve(): Promise<void> {
    try {
      for await (const bytes of device) {
        const heard = receiver.heard.length;
        const answer = receiver.answer(bytes);
        if (answer.length > 0) await device.write(answer);
        else if (receiver.heard.length > heard) await clock.advance(1500);
      }
    } catch (error) {
      if (!(error instanceof LinkLostError)) throw error;
    }
  }
}

describe.skipIf(skipWithout(hasSocat))("a u-blox receiver on a serial port", () => {
  const LIMIT_MS = 30_000;

  test(
    "is configured, then read",
    async () => {
      await withReceiver({ generation: 9 }, async ({ driver, receiver, send }) => {
        expect(await driver.configuration).toMatchObject({
          state: "configured",
          method: "valset",
          refused: [],
        });
        await send(epochBytes(0));
        const { value } = await driver[Symbol.asyncIterator]().next();
        expect(value).toMatchObject({ mode: 3, timeMs: NOON_MS, satellitesUsed: 9 });
        expect(receiver.keys.get(0x20910007)).toBe(1);
      });
    },
    LIMIT_MS,
  );

  test(
    "of generation 8 refuses what it does not know, and is read",
    async () => {
      const lacks = [0x0a38, 0x2709, 0x013b];
      await withReceiver({ generation: 8, lacks }, async ({ driver, send }) => {
        const result = await driver.configuration;
        expect(result).toMatchObject({ state: "configured", method: "legacy" });
        expect(result.refused).toEqual(["MON-RF", "SEC-SIG", "NAV-SVIN"]);
        await send(epochBytes(1));
        expect((await driver[Symbol.asyncIterator]().next()).value?.timeMs).toBe(NOON_MS + 1000);
      });
    },
    LIMIT_MS,
  );

  test(
    "that never answers is called silent, and is read",
    async () => {
      await withReceiver({ generation: 9, silent: true }, async ({ driver, send }) => {
        expect(await driver.configuration).toMatchObject({ state: "silent" });
        await send(epochBytes(2));
        expect((await driver[Symbol.asyncIterator]().next()).value?.timeMs).toBe(NOON_MS + 2000);
      });
    },
    LIMIT_MS,
  );

  test(
    "that is unplugged is lost",
    async () => {
      await withReceiver({ generation: 9 }, async ({ driver, unplug }) => {
        await driver.configuration;
        await unplug();
        const error = await Array.fromAsync(driver).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(LinkLostError);
      });
    },
    LIMIT_MS,
  );
});
