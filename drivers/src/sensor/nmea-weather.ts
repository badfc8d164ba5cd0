import type { Clock } from "@earshot/protocol/hotspot";
import { plainSensor } from "../devices/device-kind.ts";
import type { ByteLink, OpenByteLink } from "../driver.ts";
import { NmeaFieldError, numberIn } from "../gps/nmea-fields.ts";
import { NmeaFramer } from "../gps/nmea-framer.ts";
import { type StreamDecoder, streamDriver } from "../link/stream-driver.ts";
import type { OpenSensorOptions, SensorDriver, SensorReading } from "./sensor-reading.ts";

/**
 * A weather station that speaks NMEA 0183: WIMDA (meteorological composite) and WIMWV (wind), mostly at 4800 baud.
 * Other sentences are passed over.
 */
export function openNmeaWeather(link: ByteLink | OpenByteLink, options: OpenSensorOptions): SensorDriver {
  const decoder = new NmeaWeatherDecoder(options.clock);
  return streamDriver({ name: "NMEA weather station", link, decoder, capacity: options.capacity ?? 64 });
}

export class NmeaWeatherDecoder implements StreamDecoder<SensorReading> {
  readonly #clock: Pick<Clock, "now">;
  readonly #framer = new NmeaFramer();
  #frames = 0;
  #refused = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  get counts() {
    const { badFrames, garbageBytes } = this.#framer;
    return { frames: this.#frames, badFrames: badFrames + this.#refused, garbageBytes };
  }

  push(bytes: Uint8Array): SensorReading[] {
    return this.#framer.push(bytes).flatMap((sentence) => this.#readSentence(sentence.split(",")));
  }

  flush(): SensorReading[] {
    return [];
  }

  #readSentence(fields: readonly string[]): SensorReading[] {
    try {
      const quantities = readSentence(fields);
      this.#frames += 1;
      if (Object.keys(quantities).length === 0) return [];
      return [{ kind: "sensor", atMs: this.#clock.now(), quantities }];
    } catch (error) {
      if (!(error instanceof NmeaFieldError)) throw error;
      this.#refused += 1;
      return [];
    }
  }
}

type Quantities = Record<string, number>;

function readSentence(fields: readonly string[]): Quantities {
  const address = fields[0] ?? "";
  if (/^..MDA$/.test(address)) return readMda(fields);
  return /^..MWV$/.test(address) ? readMwv(fields) : {};
}

/**
 * $WIMDA,pressure,I,pressure,B,air,C,water,C,relative,absolute,dew,C,direction true,T,direction magnetic,M,speed,N,
 * speed,M: pressure in inches of mercury and bar, speed in knots and metres per second.
 */
function readMda(fields: readonly string[]): Quantities {
  return known({
    pressure_hpa: times(numberIn(fields[3], 0.3, 1.2), 1000),
    temperature_c: numberIn(fields[5], -90, 90),
    humidity_percent: numberIn(fields[9], 0, 100),
    dew_point_c: numberIn(fields[11], -100, 60),
    wind_direction_deg: numberIn(fields[13], 0, 360),
    wind_speed_mps: numberIn(fields[19], 0, 150) ?? times(numberIn(fields[17], 0, 300), METRES_PER_S.N),
  });
}

/** Metres per second in a knot, a kilometre an hour, a metre per second, a statute mile an hour. */
const METRES_PER_S: Readonly<Record<"N" | "K" | "M" | "S", number>> = {
  N: 1852 / 3600,
  K: 1 / 3.6,
  M: 1,
  S: 1609.344 / 3600,
};

/** $WIMWV,direction,R or T,speed,unit,A: of a mast that stands still, relative to it is the same as true. */
function readMwv([, direction, , speed, unit, status]: readonly string[]): Quantities {
  if (status !== "A") return {};
  if (unit === undefined || !Object.hasOwn(METRES_PER_S, unit)) {
    throw new NmeaFieldError(`Unit of wind speed is ${unit}; allowed are N, K, M, S`);
  }
  const factor = METRES_PER_S[unit as keyof typeof METRES_PER_S];
  return known({
    wind_direction_deg: numberIn(direction, 0, 360),
    wind_speed_mps: times(numberIn(speed, 0, 550), factor),
  });
}

const times = (value: number | undefined, factor: number): number | undefined =>
  value === undefined ? undefined : value * factor;

const known = (quantities: Record<string, number | undefined>): Quantities =>
  Object.fromEntries(Object.entries(quantities).filter((entry) => entry[1] !== undefined)) as Quantities;

export const nmeaWeather = plainSensor({
  type: "nmea-weather",
  description: "weather station with NMEA",
  // Some stations send a receiver's sentences too.
  sends: { sentences: /^..M(?:DA|WV),/ },
  baud: 4800,
  silenceS: 60,
  open: openNmeaWeather,
  rows: [
    {
      device: "weather station with NMEA WIMDA or WIMWV",
      wiring: "RS-232 or RS-422 adapter, 4800",
      config: ['device = "/dev/ttyUSB0"', "baud = 4800"],
      testedWith: "hand-laid sentences over a pty",
    },
  ],
});
