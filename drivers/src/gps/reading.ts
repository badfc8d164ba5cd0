/** One satellite as a receiver reports it. */
export interface Satellite {
  /** Constellation, as the RINEX letter: GPS, SBAS, Galileo, BeiDou, QZSS, NavIC, GLONASS. */
  system: "G" | "S" | "E" | "C" | "J" | "I" | "R" | "?";
  /** Number within the constellation. */
  id: number;
  elevationDeg?: number;
  azimuthDeg?: number;
  /** Carrier-to-noise density; absent when not tracked. */
  cn0DbHz?: number;
  used?: boolean;
}

/** 0 unknown, 1 no fix, 2 two-dimensional, 3 three-dimensional (gpsd's `mode`). */
export type FixMode = 0 | 1 | 2 | 3;

/** What a GNSS receiver said about one epoch (usually one second). Absent means not said, never zero. */
export interface GpsReading {
  kind: "gps";
  /** Host time at which the epoch was complete, ms since the Unix epoch. */
  atMs: number;
  /** Receiver time (UTC), ms since the Unix epoch. */
  timeMs?: number;
  mode: FixMode;
  /** WGS 84 degrees. */
  latDeg?: number;
  lonDeg?: number;
  altMslM?: number;
  altHaeM?: number;
  satellitesUsed?: number;
  /** In view, with C/N0 where tracked; the latest full sky report. */
  satellites: readonly Satellite[];
  hdop?: number;
  vdop?: number;
  pdop?: number;
  /** Estimated horizontal and vertical errors, metres (1 sigma where the source says so). */
  horizontalErrorM?: number;
  verticalErrorM?: number;
  /** Antenna as the receiver sees it, when it says. */
  antenna?: "ok" | "open" | "short";
}
