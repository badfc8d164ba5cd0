import assert from "node:assert/strict";
import type { Clock } from "@earshot/protocol";
import { type ByteLink, LinkLostError } from "../src/driver.ts";
import { openSerial } from "../src/link/serial-link.ts";
import type { LoraReading } from "../src/lora/lora-reading.ts";
import {
  BEACON,
  beaconBytes,
  MODEMS,
  type ModemKind,
  NOW_MS,
  SETTINGS,
  textBytes,
} from "../src/lora/modem/test-bench.ts";
import type { TestModem } from "../src/lora/modem/test-modem.ts";
import { makePtyPair } from "./pty-pair.ts";

/** Each modem's dialect spoken over a real port, run under Bun and under Deno as `device-checks.ts` is. */
export const modemChecks: Record<string, () => Promise<void>> = Object.fromEntries(
  Object.entries(MODEMS).map(([name, kind]) => [
    `${name}: is set, heard through its busy answers, transmits, is reset, heard again and lost`,
    () => useModem(kind),
  ]),
);

/** The line between driver and modem: what the modem says, and how much of it the driver has. */
class Line {
  readonly #device: ByteLink;
  #saidBytes = 0;
  #heardBytes = 0;

  constructor(device: ByteLink) {
    this.#device = device;
  }

  say(text: string): Promise<void> {
    const bytes = textBytes(text);
    this.#saidBytes += bytes.length;
    return this.#device.write(bytes);
  }

  /** The driver's end. */
  counted(link: ByteLink): ByteLink {
    const heard = (bytes: Uint8Array) => {
      this.#heardBytes += bytes.length;
      return bytes;
    };
    return {
      write: (bytes) => link.write(bytes),
      close: () => link.close(),
      async *[Symbol.asyncIterator]() {
        for await (const bytes of link) yield heard(bytes);
      },
    };
  }

  async quiet(): Promise<void> {
    do await turn();
    while (this.#heardBytes < this.#saidBytes);
  }
}

/**
 * Short waits, as that for the last line of a banner, are over when the line is quiet, and answers are waited for
 * without end: no result depends on how fast this runs.
 */
const patientClock = (line: Line): Clock => ({
  now: () => NOW_MS,
  elapsedMs: () => 0,
  sleep: (ms, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (ms < 1000) void line.quiet().then(resolve);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    if (signal?.aborted) reject(signal.reason);
    return promise;
  },
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function useModem(kind: ModemKind): Promise<void> {
  await using pair = await makePtyPair();
  const device = await openSerial({ path: pair.paths[1], baudRate: 115_200 });
  const line = new Line(device);
  const modem = kind.make({ busy: 3, echo: true });
  const serving = serve(device, modem, line);
  const port = async () => line.counted(await openSerial({ path: pair.paths[0], baudRate: 115_200 }));
  const driver = kind.open(port, { clock: patientClock(line), ...SETTINGS });
  await driver.ready;
  assert.equal(driver.modem().state, "listening");
  assert.equal(driver.modem().busyRetries, 3);
  const readings = driver[Symbol.asyncIterator]();
  await line.say(kind.garbage + modem.hear({ bytes: beaconBytes(5), rssiDbm: -99, snrDb: -3 }));
  const { bytes, rssiDbm, snrDb } = await nextFrame(readings);
  assert.deepEqual({ bytes, rssiDbm, snrDb }, { bytes: beaconBytes(5), rssiDbm: -99, snrDb: -3 });
  assert.equal(driver.counts().badFrames, 1);
  const result = await driver.transmit({ ...BEACON, freqHz: 868_500_000 });
  assert.deepEqual(result, { sent: true, powerDbm: 14 });
  assert.ok(modem.sent[0]?.tuning.includes("868500000"));
  await line.say(modem.reset());
  while (driver.modem().resets === 0 || driver.modem().state !== "listening") await turn();
  await line.say(modem.hear({ bytes: beaconBytes(6), rssiDbm: -90, snrDb: 2 }));
  const again = await nextFrame(readings);
  assert.deepEqual([again.bytes, again.freqHz], [beaconBytes(6), SETTINGS.freqHz]);
  await pair.unplug();
  await assert.rejects(nextFrame(readings), LinkLostError);
  assert.equal(driver.modem().state, "lost");
  await device.close();
  await serving;
}

async function serve(device: ByteLink, modem: TestModem, line: Line): Promise<void> {
  try {
    for await (const bytes of device) {
      const said = modem.answer(bytes);
      if (said !== "") await line.say(said);
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
