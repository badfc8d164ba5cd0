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

/** What a GNSS receiver reported about one epoch (usually one second). Absent means not reported, never zero. */
export interface GpsReading {
  kind: "gps";
  /** Host time at which the epoch was complete, ms since the Unix epoch. */
  atMs: number;
  /** Receiver time (UTC), ms since the Unix epoch, rollovers of the GPS week corrected. */
  timeMs?: number;
  /** How many times 1024 weeks before `timeMs` the date is that the receiver reported: it needs new firmware. */
  weekRollovers?: number;
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
  /** Estimated horizontal and vertical errors, metres (1 sigma where the source states it). */
  horizontalErrorM?: number;
  verticalErrorM?: number;
  /** Estimated error of the position over all three axes, metres; of receivers that do not distinguish them. */
  positionErrorM?: number;
  /**
   * True when the receiver uses a position that was surveyed before or typed in, and solves only for the time. The
   * position is then no measurement of this epoch, and proves nothing about where the receiver is.
   */
  timeOnly?: boolean;
  /** What the receiver computed and itself calls invalid: beyond its limits of dilution and error (u-blox: gnssFixOK is 0). */
  rejectedFix?: RejectedFix;
  /** Why a fix that the receiver reported counts as none: it is at latitude 0, longitude 0, or of no satellites. */
  falseFix?: "at-zero" | "no-satellites";
  /** Speed over the ground, from the Doppler shift, and upward; of a fixed antenna both are noise around zero. */
  groundSpeedMps?: number;
  climbMps?: number;
  /** Speed over all three axes; of receivers that do not distinguish them. */
  speedMps?: number;
  speedErrorMps?: number;
  /** Estimated error of `timeMs`, nanoseconds. */
  timeErrorNs?: number;
  /** The receiver's own clock against GNSS time. */
  clockBiasNs?: number;
  clockDriftNsPerS?: number;
  /**
   * The host's clock minus GNSS time at one moment, nanoseconds: positive when the host is ahead. Taken at the time
   * pulse (to microseconds), or when a message reported its time (late by the transmission time of the message: tens to hundreds of ms).
   */
  hostClockOffsetNs?: number;
  hostClockOffsetBy?: "pulse" | "message";
  /** GPS − UTC, seconds. */
  leapSeconds?: number;
  /** By how much the next time pulse misses its second, to be corrected by software: picoseconds. */
  timePulseErrorPs?: number;
  surveyIn?: SurveyIn;
  /** Antenna as the receiver sees it, when it reports it; the worst of its front ends. */
  antenna?: "ok" | "open" | "short";
  antennaPower?: "off" | "on";
  /** Interference, as the receiver judges it: a warning still has a fix, critical has not. */
  jamming?: "none" | "warning" | "critical";
  /** How strong a narrow-band disturber is: 0 none to 255; the worst of the front ends. */
  jammingIndicator?: number;
  /** Whether the signals look forged, as the receiver judges it. */
  spoofing?: "none" | "indicated" | "affirmed";
  /** Each radio front end, when the receiver distinguishes them. */
  rfBlocks?: readonly RfBlock[];
}

/** Reported for people who look for a fault; it proves nothing about where the receiver is. */
export interface RejectedFix {
  mode: 2 | 3;
  latDeg: number;
  lonDeg: number;
  altMslM?: number;
  altHaeM?: number;
  horizontalErrorM?: number;
}

/** One radio front end (a band, or an antenna) of a receiver. Absent means not reported. */
export interface RfBlock {
  id: number;
  antenna?: "ok" | "open" | "short";
  antennaPower?: "off" | "on";
  jamming?: "none" | "warning" | "critical";
  /** 0 to 255. */
  jammingIndicator: number;
  /** Noise level in the receiver's own unit; compare only with the same receiver's. */
  noisePerMs: number;
  /** Gain control, 0 to 1; a jump of it means that something changed at the antenna. */
  agcRatio: number;
}

/** A receiver surveying its own position: the mean of many fixes. */
export interface SurveyIn {
  active: boolean;
  /** The survey met its limits and its mean is in use. */
  valid: boolean;
  durationS: number;
  /** Positions averaged; 0 when the position was typed in. */
  observations: number;
  /** Estimated error of the mean, metres. */
  errorM: number;
  /** The mean, WGS 84; absent before there is one. */
  latDeg?: number;
  lonDeg?: number;
  altHaeM?: number;
}
