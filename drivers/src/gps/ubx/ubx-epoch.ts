import { omitUndefined } from "@earshot/protocol/runtime";
import type { FixMode, GpsReading, RejectedFix, Satellite } from "../gps-reading.ts";
import { hostClockOffset, type ReceiverCalendar } from "../receiver-calendar.ts";
import type { UbxNavMessage } from "./messages.ts";
import type { NavPosLlh, NavSol, NavVelNed } from "./nav-position.ts";
import type { NavPvt, UbxFixType } from "./nav-pvt.ts";
import { type ReceiverUtc, utcOfGpsTime } from "./utc-time.ts";

type Kind = UbxNavMessage["kind"];
type Parts = { [K in Kind]?: Extract<UbxNavMessage, { kind: K }> };

/** Messages that report whether there is a fix. */
const SOLUTIONS = ["nav-pvt", "nav-sol", "nav-status"] as const;

/** The messages of one epoch so far, at most one of each kind. */
export class UbxEpoch {
  #parts: Parts = {};
  #towMs: number | undefined;
  /** When its first message came, and its last. */
  #firstAtMs = 0;
  #atMs = 0;

  /** Whether this message opens the next epoch: it reports another time of week, or a solution for the second time. */
  isEndedBy(message: UbxNavMessage): boolean {
    if (this.#towMs === undefined) return false;
    const isSecond = SOLUTIONS.some((kind) => kind === message.kind) && message.kind in this.#parts;
    return this.#towMs !== message.towMs || isSecond;
  }

  add(message: UbxNavMessage, atMs: number): void {
    if (this.#towMs === undefined) this.#firstAtMs = atMs;
    this.#parts = { ...this.#parts, [message.kind]: message };
    this.#towMs = message.towMs;
    this.#atMs = atMs;
  }

  /** Whether there will be a reading: NAV-PVT or NAV-SOL, or else NAV-POSLLH and NAV-STATUS together. */
  get hasSolution(): boolean {
    return this.#solution() !== undefined;
  }

  /** The finished epoch, or undefined when it has no solution. */
  reading(calendar: ReceiverCalendar, leapSeconds: number | undefined): GpsReading | undefined {
    const solution = this.#solution();
    if (solution === undefined) return undefined;
    const mode = modeOf(solution);
    const utc = this.#utc(leapSeconds);
    const time = utc && calendar.time(utc.timeOfDayMs, utc.dayMs);
    const { "nav-clock": clock, "nav-sat": sky } = this.#parts;
    return omitUndefined<GpsReading>({
      kind: "gps",
      atMs: this.#atMs,
      ...time,
      mode,
      ...(mode >= 2 ? this.#position(mode) : {}),
      ...(mode >= 2 && time !== undefined ? hostClockOffset(this.#firstAtMs, time.timeMs) : {}),
      rejectedFix: solution.fixOk ? undefined : this.#rejected(MODES[solution.fixType]),
      timeOnly: mode >= 2 && solution.fixType === 5 ? true : undefined,
      satellites: [],
      satellitesUsed:
        (this.#parts["nav-pvt"] ?? this.#parts["nav-sol"])?.satellitesUsed ??
        (sky && countUsed(sky.satellites)),
      ...this.#dilution(),
      timeErrorNs: this.#parts["nav-pvt"]?.timeErrorNs ?? clock?.timeErrorNs,
      clockBiasNs: clock?.biasNs,
      clockDriftNsPerS: clock?.driftNsPerS,
    });
  }

  /** NAV-STATUS alone is no solution: beside NMEA it only reports spoofing. */
  #solution(): { fixType: UbxFixType; fixOk: boolean } | undefined {
    const { "nav-pvt": pvt, "nav-sol": sol, "nav-posllh": place, "nav-status": status } = this.#parts;
    return pvt ?? sol ?? (place && status);
  }

  #position(mode: FixMode): Partial<GpsReading> {
    const { "nav-pvt": pvt, "nav-posllh": llh, "nav-velned": velocity, "nav-sol": sol } = this.#parts;
    return {
      ...(sol && ofSol(sol)),
      ...(velocity && ofVelocity(velocity)),
      ...(llh && ofPlace(llh)),
      ...(pvt && { ...ofPlace(pvt), ...ofVelocity(pvt) }),
      // The height of a two-dimensional fix is an old or assumed one.
      ...(mode === 2 ? { altMslM: undefined, altHaeM: undefined } : {}),
    };
  }

  #rejected(mode: FixMode): RejectedFix | undefined {
    if (mode !== 2 && mode !== 3) return undefined;
    const { latDeg, lonDeg, altMslM, altHaeM, horizontalErrorM } = this.#position(mode);
    if (latDeg === undefined || lonDeg === undefined) return undefined;
    return omitUndefined<RejectedFix>({ mode, latDeg, lonDeg, altMslM, altHaeM, horizontalErrorM });
  }

  /** NAV-DOP has them all; the solution itself only one of them. */
  #dilution(): Partial<GpsReading> {
    const { "nav-dop": dop, "nav-pvt": pvt, "nav-sol": sol } = this.#parts;
    return { hdop: dop?.hdop, vdop: dop?.vdop, pdop: dop?.pdop ?? pvt?.pdop ?? sol?.pdop };
  }

  #utc(leapSeconds: number | undefined): ReceiverUtc | undefined {
    const { "nav-pvt": pvt, "nav-timeutc": timeUtc, "nav-timegps": timeGps, "nav-sol": sol } = this.#parts;
    const utc = pvt?.utc ?? timeUtc?.utc;
    if (utc !== undefined) return utc;
    const gpsTime = timeGps?.week === undefined ? sol : timeGps;
    if (gpsTime?.week === undefined || leapSeconds === undefined) return undefined;
    return utcOfGpsTime(gpsTime.week, gpsTime.towMs + gpsTime.towFractionNs / 1e6, leapSeconds);
  }
}

/** 1 is dead reckoning: no satellite gave the position. 4 mixes both, 5 uses a known position. */
const MODES: Readonly<Record<UbxFixType, FixMode>> = { 0: 1, 1: 1, 2: 2, 3: 3, 4: 3, 5: 3 };

function modeOf({ fixType, fixOk }: { fixType: UbxFixType; fixOk: boolean }): FixMode {
  return fixOk ? MODES[fixType] : 1;
}

function ofPlace(place: NavPvt | NavPosLlh): Partial<GpsReading> {
  const { latDeg, lonDeg, altHaeM, altMslM, horizontalErrorM, verticalErrorM } = place;
  return { latDeg, lonDeg, altHaeM, altMslM, horizontalErrorM, verticalErrorM };
}

function ofVelocity({
  groundSpeedMps,
  velocityDownMps,
  speedErrorMps,
}: NavPvt | NavVelNed): Partial<GpsReading> {
  return { groundSpeedMps, climbMps: 0 - velocityDownMps, speedErrorMps };
}

function ofSol({ position, positionErrorM, speedMps, speedErrorMps }: NavSol): Partial<GpsReading> {
  return { ...position, positionErrorM, speedMps, speedErrorMps };
}

/** How many of them are in the fix. */
export function countUsed(satellites: readonly Satellite[]): number {
  return satellites.filter(({ used }) => used === true).length;
}
