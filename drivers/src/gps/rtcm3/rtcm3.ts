import type { Clock } from "@earshot/protocol/hotspot";
import { plainSensor } from "../../devices/device-kind.ts";
import type { ByteLink, Driver, OpenByteLink } from "../../driver.ts";
import { type StreamDecoder, streamDriver } from "../../link/stream-driver.ts";
import { Rtcm3Framer } from "./rtcm3-framer.ts";
import { decodeRtcm3 } from "./rtcm3-message.ts";
import { StationEpochs } from "./station-epochs.ts";
import type { ReferenceStationReading } from "./station-reading.ts";

export interface OpenRtcm3Options {
  /** Gives the week of each epoch, which RTCM does not report: off by less than half a week. */
  clock: Clock;
  /** Readings queued for a slow consumer; default 64. */
  capacity?: number;
}

/**
 * A GNSS reference station that sends RTCM 3 (10403.1 to 10403.3) over a serial port or any byte link, alone or mixed
 * with NMEA and UBX. One reading per epoch, reported when its last message arrives.
 */
export function openRtcm3(
  link: ByteLink | OpenByteLink,
  options: OpenRtcm3Options,
): Driver<ReferenceStationReading> {
  const decoder = new Rtcm3Decoder(options.clock);
  return streamDriver({ name: "RTCM 3 station", link, decoder, capacity: options.capacity ?? 64 });
}

/** Bytes of RTCM 3 to readings. */
export class Rtcm3Decoder implements StreamDecoder<ReferenceStationReading> {
  readonly #clock: Clock;
  readonly #framer = new Rtcm3Framer();
  readonly #epochs = new StationEpochs();
  #frames = 0;
  #refused = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get counts() {
    return {
      frames: this.#frames,
      badFrames: this.#framer.badFrames + this.#refused,
      garbageBytes: this.#framer.garbageBytes,
    };
  }

  push(bytes: Uint8Array): ReferenceStationReading[] {
    return this.#framer.push(bytes).flatMap((payload) => this.#readPayload(payload));
  }

  flush(): ReferenceStationReading[] {
    return [
      ...this.#framer.finish().flatMap((payload) => this.#readPayload(payload)),
      ...this.#epochs.flush(),
    ];
  }

  #readPayload(payload: Uint8Array): ReferenceStationReading[] {
    const result = decodeRtcm3(payload);
    if (!result.ok) {
      this.#refused += 1;
      return [];
    }
    this.#frames += 1;
    return this.#epochs.add(result.message, this.#clock.now());
  }
}

export const rtcm3 = plainSensor({
  type: "rtcm3",
  description: "GNSS reference station with RTCM 3",
  sends: { stream: "rtcm" },
  baud: 115_200,
  silenceS: 60,
  open: openRtcm3,
  table: "station",
  rows: [
    {
      device: "u-blox ZED-F9P, ZED-F9T",
      wiring:
        "USB, or UART at 38400 baud; switch on `CFG-MSGOUT-RTCM_3X_TYPE1005`, `1077`, `1087`, `1097`, `1127`, `1230` for that port, and set the antenna's position (`CFG-TMODE`)",
      config: ['device = "/dev/ttyACM0"', "baud = 38400"],
      testedWith: "recording of a ZED-F9T, 182 of 182 messages as gpsd 3.27 has them",
    },
    {
      device: "others that send RTCM 3 with MSM over a serial port",
      wiring: "as their manual says, mostly 115200 baud",
      config: ['device = "/dev/ttyUSB0"', "baud = 115200"],
      testedWith: "written messages: MSM1 to MSM7 of all six constellations",
    },
    {
      device: "others with a TCP port, or `str2str` before an NTRIP caster",
      wiring: "network",
      config: ['host = "192.168.1.30"', "port = 5015"],
      testedWith: "the recording over TCP",
    },
  ],
});
