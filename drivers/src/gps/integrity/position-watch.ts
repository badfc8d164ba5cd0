import type { GpsReading } from "../gps-reading.ts";
import type { IntegrityFinding, WatchReport } from "./integrity-summary.ts";
import { median, RecentValues, round } from "./recent-values.ts";
import { INTEGRITY_THRESHOLDS as T } from "./thresholds.ts";

interface Place {
  latDeg: number;
  lonDeg: number;
}

interface Jump {
  atMs: number;
  offM: number;
  limitM: number;
}

/** Mean metres in a degree of latitude. */
const METRES_PER_DEGREE = 111_195;

/** Where a fixed antenna is, against where it was. Positions of a receiver that only keeps time prove nothing. */
export class PositionWatch {
  #places: Place[] = [];
  #lastPlaceMs = Number.NEGATIVE_INFINITY;
  #median: Place | undefined;
  #lastTimeMs: number | undefined;
  #beyond = 0;
  #jump: Jump | undefined;
  #fast: { readings: number; sinceMs: number } = { readings: 0, sinceMs: 0 };
  #moving: { atMs: number; speedMps: number } | undefined;
  readonly #offsM = new RecentValues<number>(T.windowMs);
  readonly #speeds = new RecentValues<number>(T.windowMs);

  add(reading: GpsReading): void {
    const { mode, timeOnly, latDeg, lonDeg, timeMs } = reading;
    if (mode < 2 || timeOnly === true || latDeg === undefined || lonDeg === undefined) return;
    // gpsd reports one epoch several times.
    if (timeMs !== undefined && timeMs === this.#lastTimeMs) return;
    this.#lastTimeMs = timeMs;
    this.#addSpeed(reading);
    this.#compare(reading, { latDeg, lonDeg });
    this.#keep({ latDeg, lonDeg }, reading.atMs);
  }

  report(elapsedMs: number): WatchReport {
    const offs = this.#offsM.values(elapsedMs);
    const speeds = this.#speeds.values(elapsedMs);
    const latest = offs.at(-1);
    const findings = [this.#jumpFinding(elapsedMs), this.#movingFinding(elapsedMs)];
    return {
      facts: {
        ...(latest !== undefined && { offM: { latest: round(latest, 1), max: round(Math.max(...offs), 1) } }),
        ...(speeds.length > 0 && { maxSpeedMps: round(Math.max(...speeds), 2) }),
      },
      findings: findings.filter((one) => one !== undefined),
    };
  }

  #compare({ atMs, horizontalErrorM, positionErrorM }: GpsReading, place: Place): void {
    if (this.#median === undefined) return;
    const offM = distanceM(place, this.#median);
    const limitM = T.jumpM + T.jumpErrors * (horizontalErrorM ?? positionErrorM ?? 0);
    this.#offsM.add(atMs, offM);
    this.#beyond = offM > limitM ? this.#beyond + 1 : 0;
    if (this.#beyond >= T.jumpFixes) this.#jump = { atMs, offM, limitM };
  }

  #keep(place: Place, atMs: number): void {
    const sinceMs = atMs - this.#lastPlaceMs;
    if (sinceMs >= 0 && sinceMs < T.medianPeriodMs) return;
    this.#lastPlaceMs = atMs;
    this.#places.push(place);
    if (this.#places.length > T.medianPositions) this.#places.shift();
    if (this.#places.length >= T.medianMinPositions) this.#median = medianOf(this.#places);
  }

  /** Of a receiver that reports speed over three axes only, that one; noise upward is larger. */
  #addSpeed({ atMs, groundSpeedMps, speedMps }: GpsReading): void {
    const speed = groundSpeedMps ?? speedMps;
    if (speed === undefined) return;
    this.#speeds.add(atMs, speed);
    if (speed < T.movingMps) this.#fast = { readings: 0, sinceMs: atMs };
    else
      this.#fast = {
        readings: this.#fast.readings + 1,
        sinceMs: this.#fast.readings === 0 ? atMs : this.#fast.sinceMs,
      };
    const { readings, sinceMs } = this.#fast;
    if (readings >= T.movingReadings && atMs - sinceMs >= T.movingMs)
      this.#moving = { atMs, speedMps: speed };
  }

  #jumpFinding(elapsedMs: number): IntegrityFinding | undefined {
    if (this.#jump === undefined || elapsedMs - this.#jump.atMs > T.heldMs) return undefined;
    const [offM, limitM] = [round(this.#jump.offM), round(this.#jump.limitM)];
    return {
      code: "position_jumped",
      flag: "jump",
      text: `The position is ${offM} m from where it was (at most ${limitM} m are believed)`,
      measured: { offM, limitM },
    };
  }

  #movingFinding(elapsedMs: number): IntegrityFinding | undefined {
    if (this.#moving === undefined || elapsedMs - this.#moving.atMs > T.windowMs) return undefined;
    const speedMps = round(this.#moving.speedMps, 1);
    return {
      code: "moving",
      flag: "jump",
      text: `The receiver says that it moves at ${speedMps} m/s, and it is fixed`,
      measured: { speedMps, limitMps: T.movingMps },
    };
  }
}

/** Near enough for tens of kilometres; far off it is only far off. */
function distanceM(a: Place, b: Place): number {
  const east = ((a.lonDeg - b.lonDeg + 540) % 360) - 180;
  const scale = Math.cos((b.latDeg * Math.PI) / 180);
  return Math.hypot(a.latDeg - b.latDeg, east * scale) * METRES_PER_DEGREE;
}

/** Longitudes are taken relative to the first, so that the date line is no edge. */
function medianOf(places: readonly Place[]): Place | undefined {
  const [first] = places;
  if (first === undefined) return undefined;
  const east = places.map(({ lonDeg }) => ((lonDeg - first.lonDeg + 540) % 360) - 180);
  return { latDeg: median(places.map(({ latDeg }) => latDeg)), lonDeg: first.lonDeg + median(east) };
}
