import { INTEGRITY_FLAGS, type IntegrityFlag } from "@earshot/protocol/hotspot";
import type { FixMode, GpsReading } from "../gps-reading.ts";

/** What was noticed, in a sentence with its numbers. */
export interface IntegrityFinding {
  code:
    | "antenna_open"
    | "antenna_short"
    | "jammed"
    | "signals_fell"
    | "spoofed"
    | "signals_uniform"
    | "position_jumped"
    | "moving"
    | "clock_stepped"
    | "host_clock_stepped";
  /** Absent: worth a look, and no reason to doubt the receiver. */
  flag?: IntegrityFlag;
  text: string;
  /** Names with their units. */
  measured: Readonly<Record<string, number>>;
}

/** What a receiver was like in the last minute. Absent means not reported, or too few data. */
export interface IntegritySummary {
  fromMs: number;
  toMs: number;
  readings: number;
  /** Of the latest reading; 0 without one. */
  fixMode: FixMode;
  /** Of the readings, with a fix. */
  fixPermille?: number;
  satellitesUsed?: { min: number; mean: number };
  /** Over the satellites in use, or tracked where the receiver does not report which it uses; the median epoch. */
  cn0?: { satellites: number; meanDbHz: number; spreadDb: number };
  /** Largest common fall of C/N0 in the minute. */
  dropDb?: number;
  maxSpeedMps?: number;
  /** Of the latest fix from the running median, and the largest of the minute. */
  offM?: { latest: number; max: number };
  /** Host's clock minus receiver time, and how it was measured. */
  hostClockOffsetMs?: number;
  hostClockOffsetBy?: "pulse" | "message" | "arrival";
  antenna?: GpsReading["antenna"];
  jamming?: GpsReading["jamming"];
  maxJammingIndicator?: number;
  spoofing?: GpsReading["spoofing"];
  /** `INTEGRITY_FLAGS` of the findings, together. */
  flags: number;
  findings: readonly IntegrityFinding[];
}

/** What one watch adds to the summary. */
export interface WatchReport {
  facts: Partial<IntegritySummary>;
  findings: IntegrityFinding[];
}

export const flagsOf = (findings: readonly IntegrityFinding[]): number =>
  findings.reduce((flags, { flag }) => flags | (flag === undefined ? 0 : INTEGRITY_FLAGS[flag]), 0);
