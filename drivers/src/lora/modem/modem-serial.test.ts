import { describe, expect, test } from "bun:test";
import type { Clock } from "@earshot/protocol";
import { hasSocat, makePtyPair } from "../../../test/pty-pair.ts";
import { skipWithout } from "../../../test/tools.ts";
import { type ByteLink, LinkLostError } from "../../driver.ts";
import { openSerial } from "../../link/serial-link.ts";
import type { LoraReading } from "../reading.ts";
import { BEACON, beaconBytes, MODEMS, NOW_MS, SETTINGS, textBytes } from "./test-bench.ts";
import type { TestModem } from "./test-modem.ts";

/** Short waits are over at once and answers are waited for without end, so no result depends on how fast this runs. */
const PATIENT: Clock = {
  now: () => NOW_MS,
  sleep: (ms, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (ms < 1000) resolve();
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal?.aborted) reject(signal.reason);
    return promise;
  },
};

async function serve(device: ByteLink, modem: TestModem): Promise<void> {
  try {
    for await (const bytes of device) {
      const said = modem.answer(bytes);
      if (said !== "") await device.write(textBytes(said));
    }
  } catch (error) {
    if (!(error instanceof LinkLostError)) throw error;
  }
}

async function nextFrame(readings: AsyncIterator<LoraReading>) {
  for (;;) {
    const { done, value } = await readings.next();
    if (done) throw new Error("The readings ended");
    if (value.kind === "frame") return value;
  }
}

describe.skipIf(skipWithout(hasSocat)).each(Object.entries(MODEMS))("%s on a serial port", (_name, kind) => {
  test("is set, heard through its busy answers, transmits, is reset, heard again and lost", async () => {
    await using pair = await makePtyPair();
    const device = await openSerial({ path: pair.paths[1], baudRate: 115_200 });
    const modem = kind.make({ busy: 3, echo: true });
    const serving = serve(device, modem);
    const driver = kind.open(() => openSerial({ path: pair.paths[0], baudRate: 115_200 }), {
      clock: PATIENT,
      ...SETTINGS,
    });
    await driver.ready;
    expect(driver.modem()).toMatchObject({ state: "listening", busyRetries: 3 });
    const readings = driver[Symbol.asyncIterator]();
    await device.write(
      textBytes(kind.garbage + modem.hear({ bytes: beaconBytes(5), rssiDbm: -99, snrDb: -3 })),
    );
    expect(await nextFrame(readings)).toMatchObject({ bytes: beaconBytes(5), rssiDbm: -99, snrDb: -3 });
    expect(driver.counts().badFrames).toBe(1);
    expect(await driver.transmit({ ...BEACON, freqHz: 868_500_000 })).toEqual({ sent: true, powerDbm: 14 });
    expect(modem.sent[0]?.tuning).toContain("868500000");
    await device.write(textBytes(modem.reset()));
    while (driver.modem().resets === 0 || driver.modem().state !== "listening") {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await device.write(textBytes(modem.hear({ bytes: beaconBytes(6), rssiDbm: -90, snrDb: 2 })));
    expect(await nextFrame(readings)).toMatchObject({ bytes: beaconBytes(6), freqHz: SETTINGS.freqHz });
    await pair.unplug();
    await expect(nextFrame(readings)).rejects.toBeInstanceOf(LinkLostError);
    expect(driver.modem().state).toBe("lost");
    await device.close();
    await serving;
  }, 30_000);
});
