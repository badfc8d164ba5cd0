import { omitUndefined } from "@earshot/protocol/runtime";
import { knownU4, type Payload } from "./payload.ts";
import { type ReceiverUtc, readUtc } from "./utc-time.ts";

/** How the receiver got its position: 5 means that it uses a known one and solves only for the time. */
export type UbxFixType = 0 | 1 | 2 | 3 | 4 | 5;

/** NAV-PVT: the whole navigation solution in one message. */
export interface NavPvt {
  kind: "nav-pvt";
  /** GPS time of week of the epoch. */
  towMs: number;
  /** Only when date and time are valid and the leap seconds are settled. */
  utc?: ReceiverUtc;
  timeErrorNs?: number;
  fixType: UbxFixType;
  fixOk: boolean;
  /** Corrections were applied. */
  differential: boolean;
  satellitesUsed: number;
  /** WGS 84. */
  latDeg: number;
  lonDeg: number;
  altHaeM: number;
  altMslM: number;
  horizontalErrorM?: number;
  verticalErrorM?: number;
  velocityNorthMps: number;
  velocityEastMps: number;
  velocityDownMps: number;
  groundSpeedMps: number;
  speedErrorMps?: number;
  pdop?: number;
}

/** Date, time and "fully resolved" of the field `valid`. */
const VALID_UTC = 0b111;

/**
 * NAV-PVT, class 01 id 07, 92 bytes; 84 before protocol 15 (M8, F9: UBX-NAV-PVT).
 *
 *     0 iTOW · 4 year … 10 sec · 11 valid · 12 tAcc · 16 nano · 20 fixType · 21 flags · 23 numSV · 24 lon · 28 lat
 *     32 height · 36 hMSL · 40 hAcc · 44 vAcc · 48 velN · 52 velE · 56 velD · 60 gSpeed · 68 sAcc · 76 pDOP
 *
 * Undefined for another length, an unknown fix type or a place outside of the Earth's coordinates.
 */
export function decodeNavPvt(p: Payload): NavPvt | undefined {
  if (p.length !== 92 && p.length !== 84) return undefined;
  const fixType = p.u1(20);
  const [latDeg, lonDeg] = [p.i4(28) / 1e7, p.i4(24) / 1e7];
  if (fixType > 5 || Math.abs(latDeg) > 90 || Math.abs(lonDeg) > 180) return undefined;
  return omitUndefined<NavPvt>({
    kind: "nav-pvt",
    towMs: p.u4(0),
    utc: p.bits(11, 0, 2) === VALID_UTC ? readUtc(p, 4, 16) : undefined,
    timeErrorNs: knownU4(p.u4(12)),
    fixType: fixType as UbxFixType,
    fixOk: p.flag(21, 0),
    differential: p.flag(21, 1),
    satellitesUsed: p.u1(23),
    latDeg,
    lonDeg,
    altHaeM: p.i4(32) / 1000,
    altMslM: p.i4(36) / 1000,
    horizontalErrorM: metres(p.u4(40)),
    verticalErrorM: metres(p.u4(44)),
    velocityNorthMps: p.i4(48) / 1000,
    velocityEastMps: p.i4(52) / 1000,
    velocityDownMps: p.i4(56) / 1000,
    groundSpeedMps: p.i4(60) / 1000,
    speedErrorMps: metres(p.u4(68)),
    pdop: knownDop(p.u2(76)),
  });
}

/** From millimetres. */
function metres(value: number): number | undefined {
  const known = knownU4(value);
  return known === undefined ? undefined : known / 1000;
}

/** From hundredths; 0 and 99.99 mean that there is none. */
export function knownDop(value: number): number | undefined {
  return value === 0 || value >= 9999 ? undefined : value / 100;
}

/** NAV-DOP: dilution of precision; absent where the receiver has none. */
export interface NavDop {
  kind: "nav-dop";
  towMs: number;
  gdop?: number;
  pdop?: number;
  tdop?: number;
  vdop?: number;
  hdop?: number;
}

/**
 * NAV-DOP, class 01 id 04, 18 bytes, in hundredths (M8, F9: UBX-NAV-DOP).
 *
 *     0 iTOW · 4 gDOP · 6 pDOP · 8 tDOP · 10 vDOP · 12 hDOP · 14 nDOP · 16 eDOP
 */
export function decodeNavDop(p: Payload): NavDop | undefined {
  if (p.length !== 18) return undefined;
  return omitUndefined<NavDop>({
    kind: "nav-dop",
    towMs: p.u4(0),
    gdop: knownDop(p.u2(4)),
    pdop: knownDop(p.u2(6)),
    tdop: knownDop(p.u2(8)),
    vdop: knownDop(p.u2(10)),
    hdop: knownDop(p.u2(12)),
  });
}
