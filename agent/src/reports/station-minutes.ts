import { type ReferenceStationReading, stationQuality } from "@earshot/drivers";

const MINUTE_MS = 60_000;
/** A station that sends faster than this is flooding; more of its minute is not kept. */
const MAX_READINGS_PER_MINUTE = 1200;
/** After an outage at most so many missed minutes are reported, which is more than a reading period has. */
const MAX_MISSED_MINUTES = 1440;
const STRONG_DB_HZ = 32;

type Quantities = Record<string, number>;

/**
 * Turns epochs of a GNSS reference station into quantities: satellites, signal and latency of each epoch, and the quality
 * of each full minute. Minutes in which nothing came score 0, so that an outage is not better than poor reception. No more
 * of them count than have passed here: when a station's time jumps, that is no outage.
 */
export class StationMinutes {
  #fromMs: number | undefined;
  #readings: ReferenceStationReading[] = [];
  #lastElapsedMs = 0;
  readonly #onFlood: () => void;

  /** @param onFlood called for each epoch that is dropped */
  constructor(onFlood: () => void = () => {}) {
    this.#onFlood = onFlood;
  }

  /**
   * The quantities of this epoch and of each minute that it completed.
   *
   * @param elapsedMs when it came, by the monotonic clock
   */
  add(reading: ReferenceStationReading, elapsedMs: number): Quantities[] {
    const minuteMs = Math.floor(reading.timeMs / MINUTE_MS) * MINUTE_MS;
    const ended = this.#advanceTo(minuteMs, elapsedMs - this.#lastElapsedMs);
    this.#lastElapsedMs = elapsedMs;
    if (this.#readings.length < MAX_READINGS_PER_MINUTE) this.#readings.push(reading);
    else this.#onFlood();
    return [...ended, epochQuantities(reading)];
  }

  /** The first minute is not scored, because it is incomplete; nor is one after a jump of the station's time. */
  #advanceTo(minuteMs: number, passedMs: number): Quantities[] {
    const fromMs = this.#fromMs;
    if (fromMs === undefined || minuteMs < fromMs || minuteMs - fromMs > passedMs + 2 * MINUTE_MS) {
      this.#fromMs = minuteMs + MINUTE_MS;
      this.#readings = [];
      return [];
    }
    const ended: Quantities[] = [];
    let endMs = fromMs;
    while (endMs < minuteMs && ended.length < MAX_MISSED_MINUTES) {
      ended.push(minuteQuantities(this.#readings, endMs));
      endMs += MINUTE_MS;
    }
    if (ended.length > 0) {
      this.#fromMs = minuteMs;
      this.#readings = [];
    }
    return ended;
  }
}

function epochQuantities({ satellites, atMs, timeMs }: ReferenceStationReading): Quantities {
  const best = satellites.map(({ signals }) => Math.max(0, ...signals.map(({ cn0DbHz = 0 }) => cn0DbHz)));
  const heard = best.filter((cn0DbHz) => cn0DbHz > 0);
  return {
    satellites_strong: best.filter((cn0DbHz) => cn0DbHz > STRONG_DB_HZ).length,
    latency_ms: atMs - timeMs,
    ...(heard.length === 0 ? {} : { cn0_db_hz: heard.reduce((sum, one) => sum + one, 0) / heard.length }),
  };
}

function minuteQuantities(readings: readonly ReferenceStationReading[], fromMs: number): Quantities {
  const quality = stationQuality(readings, { fromMs, toMs: fromMs + MINUTE_MS });
  const { marks, scorePermille, positionSpreadM } = quality;
  return {
    completeness_permille: marks.completeness,
    quality_permille: scorePermille,
    ...(positionSpreadM === undefined ? {} : { station_spread_m: positionSpreadM }),
  };
}
