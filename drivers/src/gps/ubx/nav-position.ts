import { omitUndefined } from "@earshot/protocol/runtime";
import { type Geodetic, geodeticOf } from "../rtcm3/geodetic.ts";
import { knownDop, type UbxFixType } from "./nav-pvt.ts";
import { knownU4, type Payload } from "./payload.ts";

/** NAV-POSLLH: the position; nothing in it shows whether to believe it. */
export interface NavPosLlh extends Geodetic {
  kind: "nav-posllh";
  towMs: number;
  altMslM: number;
  horizontalErrorM?: number;
  verticalErrorM?: number;
}

/** NAV-VELNED: how fast. */
export interface NavVelNed {
  kind: "nav-velned";
  towMs: number;
  velocityNorthMps: number;
  velocityEastMps: number;
  velocityDownMps: number;
  groundSpeedMps: number;
  speedErrorMps?: number;
}

/** NAV-SOL: the solution of receivers before generation 9, which NAV-PVT replaced. */
export interface NavSol {
  kind: "nav-sol";
  towMs: number;
  towFractionNs: number;
  /** GPS week, when valid. */
  week?: number;
  fixType: UbxFixType;
  fixOk: boolean;
  satellitesUsed: number;
  position?: Geodetic;
  /** Three-dimensional. */
  positionErrorM?: number;
  /** Over all three axes. */
  speedMps: number;
  speedErrorMps?: number;
  pdop?: number;
}

/**
 * NAV-POSLLH, class 01 id 02, 28 bytes (M8, F9: UBX-NAV-POSLLH).
 *
 *     0 iTOW · 4 lon · 8 lat · 12 height · 16 hMSL · 20 hAcc · 24 vAcc
 */
export function decodeNavPosLlh(p: Payload): NavPosLlh | undefined {
  if (p.length !== 28) return undefined;
  const [latDeg, lonDeg] = [p.i4(8) / 1e7, p.i4(4) / 1e7];
  if (Math.abs(latDeg) > 90 || Math.abs(lonDeg) > 180) return undefined;
  return omitUndefined<NavPosLlh>({
    kind: "nav-posllh",
    towMs: p.u4(0),
    latDeg,
    lonDeg,
    altHaeM: p.i4(12) / 1000,
    altMslM: p.i4(16) / 1000,
    horizontalErrorM: scaled(p.u4(20), 1000),
    verticalErrorM: scaled(p.u4(24), 1000),
  });
}

/**
 * NAV-VELNED, class 01 id 12, 36 bytes, centimetres per second (M8, F9: UBX-NAV-VELNED).
 *
 *     0 iTOW · 4 velN · 8 velE · 12 velD · 16 speed · 20 gSpeed · 24 heading · 28 sAcc · 32 cAcc
 */
export function decodeNavVelNed(p: Payload): NavVelNed | undefined {
  if (p.length !== 36) return undefined;
  return omitUndefined<NavVelNed>({
    kind: "nav-velned",
    towMs: p.u4(0),
    velocityNorthMps: p.i4(4) / 100,
    velocityEastMps: p.i4(8) / 100,
    velocityDownMps: p.i4(12) / 100,
    groundSpeedMps: p.u4(20) / 100,
    speedErrorMps: scaled(p.u4(28), 100),
  });
}

/**
 * NAV-SOL, class 01 id 06, 52 bytes, centimetres (M8: UBX-NAV-SOL).
 *
 *     0 iTOW · 4 fTOW · 8 week · 10 gpsFix · 11 flags · 12 ecefX, Y, Z · 24 pAcc · 28 ecefVX, VY, VZ · 40 sAcc
 *     44 pDOP · 47 numSV
 */
export function decodeNavSol(p: Payload): NavSol | undefined {
  if (p.length !== 52 || p.u1(10) > 5) return undefined;
  return omitUndefined<NavSol>({
    kind: "nav-sol",
    towMs: p.u4(0),
    towFractionNs: p.i4(4),
    week: p.bits(11, 2, 3) === 0b11 ? p.i2(8) : undefined,
    fixType: p.u1(10) as UbxFixType,
    fixOk: p.flag(11, 0),
    satellitesUsed: p.u1(47),
    position: geodeticOfEcef(p.i4(12) / 100, p.i4(16) / 100, p.i4(20) / 100),
    positionErrorM: scaled(p.u4(24), 100),
    speedMps: Math.hypot(p.i4(28), p.i4(32), p.i4(36)) / 100,
    speedErrorMps: scaled(p.u4(40), 100),
    pdop: knownDop(p.u2(44)),
  });
}

function scaled(value: number, divisor: number): number | undefined {
  const known = knownU4(value);
  return known === undefined ? undefined : known / divisor;
}

/** Receivers without a position send zeros. */
const NEAREST_M = 1_000_000;

/** The place of Earth-centred, Earth-fixed coordinates in metres; undefined near the Earth's centre. */
export function geodeticOfEcef(xM: number, yM: number, zM: number): Geodetic | undefined {
  return Math.hypot(xM, yM, zM) > NEAREST_M ? geodeticOf({ xM, yM, zM }) : undefined;
}
