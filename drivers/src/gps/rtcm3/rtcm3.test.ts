import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { bytesOf, epochText } from "../../../test/nmea-text.ts";
import { driverContract } from "../../testing/driver-contract.ts";
import { MemoryLink } from "../../testing/memory-link.ts";
import { openRtcm3, Rtcm3Decoder } from "./rtcm3.ts";
import { MAX_RTCM3_FRAME_BYTES } from "./rtcm3-framer.ts";
import type { ReferenceStationReading } from "./station-reading.ts";
import { stationEpoch } from "./test-writer.ts";

const SUNDAY_MS = Date.UTC(2026, 10, 22);
const CAPACITY = 16;
const epoch = (second: number) => stationEpoch(18_000 + second * 1000);

driverContract<ReferenceStationReading>("openRtcm3", {
  capacity: CAPACITY,
  maxFrameBytes: MAX_RTCM3_FRAME_BYTES,
  async open() {
    const link = new MemoryLink();
    const driver = openRtcm3(link, { clock: new ManualClock(SUNDAY_MS), capacity: CAPACITY });
    let second = 0;
    const epochs = (count: number) =>
      Uint8Array.from(Array.from({ length: count }, () => [...epoch(second++)]).flat());
    const feed = (bytes: Uint8Array, pieceBytes = bytes.length) => {
      link.pushSplit(bytes, pieceBytes);
      return link.drained();
    };
    const damaged = epoch(0).map((byte, at) => (at % 50 === 30 ? byte ^ 1 : byte));
    // A header of the longest frame every 64 bytes.
    const flood = (bytes: number) => new Uint8Array(bytes).map((_, at) => [0xd3, 0x03, 0xff][at % 64] ?? 0);
    return {
      driver,
      feedGood: (count) => feed(epochs(count)),
      feedGarbage: () => feed(damaged),
      feedSplit: (count, pieceBytes) => feed(epochs(count), pieceBytes),
      feedFlood: (bytes) => feed(flood(bytes), 4096),
      lose: () => link.lose(),
      linkCloses: () => link.closeCalls,
    };
  },
});

function decode(chunks: Iterable<Uint8Array>) {
  const decoder = new Rtcm3Decoder(new ManualClock(SUNDAY_MS));
  const readings = [...chunks].flatMap((chunk) => decoder.push(chunk));
  return { readings: [...readings, ...decoder.flush()], counts: decoder.counts };
}

test("frames, refused messages and garbage are counted", () => {
  const cutMsm = stationEpoch(604_800_000);
  expect(decode([epoch(0), bytesOf("$GPGGA"), cutMsm]).counts).toEqual({
    frames: 4,
    badFrames: 2,
    garbageBytes: 6,
  });
});

test("NMEA, UBX and noise around the frames change no reading", () => {
  const clean = decode([0, 1, 2].map(epoch)).readings;
  expect(clean).toHaveLength(3);
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constant(bytesOf(epochText(3))),
    fc.constant(Uint8Array.of(0xb5, 0x62, 0x01, 0x22, 0x02, 0x00, 0xd3, 0x01, 0xf9, 0x60)),
  );
  fc.assert(
    fc.property(fc.array(noise, { minLength: 3, maxLength: 3 }), (noises) => {
      const mixed = noises.flatMap((bytes, second) => [bytes, epoch(second)]);
      expect(decode(mixed).readings).toEqual(clean);
    }),
  );
});

test("any truncation or flipped byte throws nothing and invents no epoch", () => {
  const stream = Uint8Array.from([0, 1, 2].flatMap((second) => [...epoch(second)]));
  const clean = new Map(decode([stream]).readings.map((one) => [one.timeMs, one.satellites]));
  const position = fc.nat(stream.length - 1);
  fc.assert(
    fc.property(position, position, fc.integer({ min: 1, max: 255 }), (end, at, flip) => {
      const damaged = stream.slice(0, end + 1);
      damaged[at % damaged.length] = (damaged[at % damaged.length] ?? 0) ^ flip;
      for (const { timeMs, satellites } of decode([damaged]).readings) {
        expect(clean.get(timeMs)).toEqual(expect.arrayContaining([...satellites]));
      }
    }),
  );
});

test("random bytes throw nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 500 })), (chunks) => {
      expect(decode(chunks).readings).toEqual([]);
    }),
  );
});
