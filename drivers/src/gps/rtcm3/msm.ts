import { BitReader } from "./bit-reader.ts";
import { type LockTime, lockTime } from "./lock-time.ts";
import { cn0DbHz, type MsmLayout, msmLayout } from "./msm-layout.ts";
import { type MsmSystem, msmOf, signalCode } from "./msm-signals.ts";
import { type MsmTime, msmTime } from "./msm-time.ts";

/** One signal of one satellite, as an MSM reports it. Absent means not reported by this kind of MSM, or invalid. */
export interface MsmSignal {
  /** RINEX 3 observation code without its first letter: 1C, 2X, 5Q; `?` and the number of a reserved one. */
  signal: string;
  cn0DbHz?: number;
  lockTime?: LockTime;
  /** The phase may be half a cycle off. */
  halfCycleAmbiguous?: boolean;
}

export interface MsmSatellite {
  system: MsmSystem;
  /** As `Satellite.id`: SBAS by its PRN, all others from 1. */
  id: number;
  signals: MsmSignal[];
}

/** A multiple signal message: what one constellation's satellites were received like at one epoch. */
export interface MsmMessage {
  kind: "msm";
  type: number;
  stationId: number;
  system: MsmSystem;
  /** 1 to 7. MSM4 to MSM7 carry C/N0, MSM2 to MSM7 the lock time. */
  msmKind: number;
  time: MsmTime;
  /** More messages of the same epoch follow (DF393). */
  moreFollow: boolean;
  /** Issue of data station, 0 to 7 (DF409). */
  issueOfDataStation: number;
  /** 0 not applied, 1 applied, 2 unknown (DF411). */
  clockSteering: number;
  /** 0 internal, 1 external locked, 2 external not locked, 3 unknown (DF412). */
  externalClock: number;
  divergenceFreeSmoothing: boolean;
  /** DF418, as sent. */
  smoothingInterval: number;
  /** Numbers set in the signal mask. */
  signalIds: number[];
  satellites: MsmSatellite[];
}

/**
 * Why a message is refused as a whole: `truncated`, shorter than its fields; `out-of-range`, a time that no week or
 * day has; `too-many-cells`, more than 64 pairs of satellite and signal.
 */
export type Rtcm3Refusal = "truncated" | "out-of-range" | "too-many-cells";

export type MsmResult = { ok: true; message: MsmMessage } | { ok: false; code: Rtcm3Refusal };

/** The standard allows at most 64 pairs of satellite and signal in the cell mask. */
const MAX_CELLS = 64;

/**
 * Decodes MSM1 to MSM7 of GPS, GLONASS, Galileo, SBAS, QZSS and BeiDou (RTCM 10403.3, section 3.5.16); undefined for
 * other messages. Pseudoranges, phases and rates are skipped.
 *
 *     12 number | 12 station | 30 time | 1 more | 3 IODS | 7 reserved | 2+2 clock | 1+3 smoothing
 *     64 satellite mask | 32 signal mask | satellites × signals cell mask | satellite fields | cell fields
 */
export function decodeMsm(payload: Uint8Array): MsmResult | undefined {
  const bits = new BitReader(payload);
  const type = bits.unsigned(12);
  const found = msmOf(type);
  if (found === undefined) return undefined;
  const { constellation, kind } = found;
  const stationId = bits.unsigned(12);
  const time = msmTime(constellation.time, bits.unsigned(30));
  const header = {
    moreFollow: bits.flag(),
    issueOfDataStation: bits.unsigned(3),
    // Seven reserved bits come before the clock.
    clockSteering: bits.unsigned(9) & 0b11,
    externalClock: bits.unsigned(2),
    divergenceFreeSmoothing: bits.flag(),
    smoothingInterval: bits.unsigned(3),
  };
  const { system, idOffset, signals } = constellation;
  const satelliteIds = bits.mask(64);
  const signalIds = bits.mask(32);
  if (bits.truncated) return { ok: false, code: "truncated" };
  if (time === undefined) return { ok: false, code: "out-of-range" };
  if (satelliteIds.length * signalIds.length > MAX_CELLS) return { ok: false, code: "too-many-cells" };
  const satellites = satelliteIds.map((id) => ({
    system,
    id: id + idOffset,
    signals: bits.mask(signalIds.length).map((at): MsmSignal => {
      return { signal: signalCode(signals, signalIds[at - 1] ?? 0) };
    }),
  }));
  readCells(bits, satellites, msmLayout(kind));
  if (bits.truncated) return { ok: false, code: "truncated" };
  const reported = { stationId, system, msmKind: kind, time, ...header, signalIds, satellites };
  return { ok: true, message: { kind: "msm", type, ...reported } };
}

function readCells(bits: BitReader, satellites: MsmSatellite[], layout: MsmLayout): void {
  const cells = satellites.flatMap(({ signals }) => signals);
  for (const width of layout.satellite) bits.skip(width * satellites.length);
  for (const [field, width] of layout.signal) {
    if (field === "skip") bits.skip(width * cells.length);
    else for (const cell of cells) readField(cell, field, bits.unsigned(width), width);
  }
}

function readField(
  cell: MsmSignal,
  field: "lockTime" | "halfCycle" | "cn0",
  value: number,
  bits: number,
): void {
  if (field === "halfCycle") cell.halfCycleAmbiguous = value === 1;
  if (field === "lockTime") setDefined(cell, "lockTime", lockTime(value, bits));
  if (field === "cn0") setDefined(cell, "cn0DbHz", cn0DbHz(value, bits));
}

function setDefined<K extends keyof MsmSignal>(cell: MsmSignal, key: K, value: MsmSignal[K]): void {
  if (value !== undefined) cell[key] = value;
}
