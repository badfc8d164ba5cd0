import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { ManualClock } from "@earshot/protocol/testing";
import { hasGpsd, startGpsd } from "../../test/gpsd-server.ts";
import { hasSocat, makePtyPair } from "../../test/pty-pair.ts";
import { skipWithout } from "../../test/tools.ts";
import { type ByteLink, LinkLostError, type SocketAddress } from "../driver.ts";
import { openSerial } from "../link/serial-link.ts";
import { openTcp } from "../link/tcp-link.ts";
import type { GpsReading } from "./gps-reading.ts";
import { openGpsd } from "./gpsd.ts";
import { NmeaDecoder } from "./nmea.ts";

const LOG = new URL("../../../../shared/data/gpsd/ublox-zed-f9p-nmea.log", import.meta.url);
const skip = !existsSync(LOG) || skipWithout(hasSocat && hasGpsd);
const clock = new ManualClock(Date.UTC(2019, 3, 12));

/** A link to gpsd that signals when gpsd has confirmed the watch: what a receiver says before that is lost. */
function watchedLink(address: SocketAddress) {
  const watching = Promise.withResolvers<void>();
  const open = async (signal?: AbortSignal): Promise<ByteLink> => {
    const link = await openTcp({ ...address, signal });
    async function* tee() {
      for await (const bytes of link) {
        if (new TextDecoder().decode(bytes).includes('"class":"WATCH"')) watching.resolve();
        yield bytes;
      }
    }
    return { write: (bytes) => link.write(bytes), close: () => link.close(), [Symbol.asyncIterator]: tee };
  };
  return { open, watching: watching.promise };
}

const keyOf = ({ timeMs, latDeg, lonDeg, altMslM }: GpsReading) =>
  [timeMs, latDeg?.toFixed(8), lonDeg?.toFixed(8), altMslM].join(" ");

test.skipIf(skip)(
  "the real gpsd says of a recording what our own NMEA driver says",
  async () => {
    const recording = new Uint8Array(readFileSync(LOG));
    const own = new NmeaDecoder(clock).push(recording);
    await using pair = await makePtyPair();
    await using gpsd = await startGpsd(pair.paths[0]);
    const { open, watching } = watchedLink(gpsd.address);
    const driver = openGpsd(open, { clock, capacity: 1000 });
    await watching;
    const receiver = await openSerial({ path: pair.paths[1], baudRate: 9600 });
    const writing = receiver.write(recording);

    const lastTimeMs = own.at(-1)?.timeMs ?? 0;
    const heard: GpsReading[] = [];
    const lost = (async () => {
      for await (const reading of driver) {
        heard.push(reading);
        if (reading.timeMs === lastTimeMs) await gpsd[Symbol.asyncDispose]();
      }
    })();
    await expect(lost).rejects.toBeInstanceOf(LinkLostError);
    await writing;
    await receiver.close();

    const theirs = new Set(heard.map(keyOf));
    expect(own.map(keyOf).filter((key) => !theirs.has(key))).toEqual([]);
    expect(heard.at(-1)?.satellites.length).toBe(own.at(-1)?.satellites.length ?? -1);
    expect(driver.counts()).toMatchObject({ badFrames: 0, garbageBytes: 0, droppedReadings: 0 });
    // Of a pty there is no pulse; TOFF compares 2019 with the host's present.
    const offsets = heard.filter(({ hostClockOffsetBy }) => hostClockOffsetBy === "message");
    expect(offsets.length).toBeGreaterThan(0);
    console.log(
      `gpsd: ${own.length} epochs, ${heard.length} reports, all positions, heights and times equal`,
    );
  },
  30_000,
);
