/**
 * Fields of the satellite and signal blocks of MSM1 to MSM7, with their bits, in the order sent (RTCM 10403.3, tables
 * 3.5-80 to 3.5-89). Each block is sent field by field: all satellites' first field, then all their second.
 */
export interface MsmLayout {
  satellite: readonly number[];
  signal: readonly MsmSignalField[];
}

/** `skip` is a pseudorange, phase or rate: not read here. */
type MsmSignalField = readonly [field: "skip" | "lockTime" | "halfCycle" | "cn0", bits: number];

const CODE: MsmSignalField = ["skip", 15];
const PHASE: MsmSignalField = ["skip", 22];
const FINE_CODE: MsmSignalField = ["skip", 20];
const FINE_PHASE: MsmSignalField = ["skip", 24];
const RATE: MsmSignalField = ["skip", 15];
const LOCK: MsmSignalField = ["lockTime", 4];
const FINE_LOCK: MsmSignalField = ["lockTime", 10];
const HALF: MsmSignalField = ["halfCycle", 1];
const CN0: MsmSignalField = ["cn0", 6];
const FINE_CN0: MsmSignalField = ["cn0", 10];

const MSM_LAYOUTS: Readonly<Record<number, MsmLayout>> = {
  1: { satellite: [10], signal: [CODE] },
  2: { satellite: [10], signal: [PHASE, LOCK, HALF] },
  3: { satellite: [10], signal: [CODE, PHASE, LOCK, HALF] },
  4: { satellite: [8, 10], signal: [CODE, PHASE, LOCK, HALF, CN0] },
  5: { satellite: [8, 4, 10, 14], signal: [CODE, PHASE, LOCK, HALF, CN0, RATE] },
  6: { satellite: [8, 10], signal: [FINE_CODE, FINE_PHASE, FINE_LOCK, HALF, FINE_CN0] },
  7: { satellite: [8, 4, 10, 14], signal: [FINE_CODE, FINE_PHASE, FINE_LOCK, HALF, FINE_CN0, RATE] },
};

/** The layout of MSM`kind`; `kind` is 1 to 7. */
export function msmLayout(kind: number): MsmLayout {
  const layout = MSM_LAYOUTS[kind];
  if (layout === undefined) throw new RangeError(`MSM kind is ${kind}; allowed are 1 to 7`);
  return layout;
}

/** dB-Hz of a C/N0 field: whole ones in 6 bits (DF403), sixteenths in 10 (DF408); 0 means unknown. */
export function cn0DbHz(value: number, bits: number): number | undefined {
  if (value === 0) return undefined;
  return bits === 10 ? value / 16 : value;
}
