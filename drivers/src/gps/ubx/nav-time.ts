import { omitUndefined } from "@earshot/protocol/runtime";
import { knownU4, type Payload } from "./payload.ts";
import { type ReceiverUtc, readUtc } from "./utc-time.ts";

/** NAV-TIMEGPS: the GPS week and the leap seconds, each only when valid. */
export interface NavTimeGps {
  kind: "nav-timegps";
  towMs: number;
  /** Fraction to add to `towMs`, nanoseconds. */
  towFractionNs: number;
  week?: number;
  /** GPS − UTC. */
  leapSeconds?: number;
}

/** NAV-TIMEUTC: UTC, when valid. */
export interface NavTimeUtc {
  kind: "nav-timeutc";
  towMs: number;
  utc?: ReceiverUtc;
  timeErrorNs?: number;
}

/** NAV-TIMELS: leap seconds, now and announced. */
export interface NavTimeLs {
  kind: "nav-timels";
  towMs: number;
  /** GPS − UTC, when valid. */
  leapSeconds?: number;
  /** The next or last change, when known: −1, 0 or 1, and how far away (negative once past). */
  change?: number;
  secondsToChange?: number;
}

/** NAV-CLOCK: the receiver's own oscillator against GNSS time. */
export interface NavClock {
  kind: "nav-clock";
  towMs: number;
  biasNs: number;
  driftNsPerS: number;
  timeErrorNs?: number;
  /** Picoseconds per second. */
  frequencyErrorPsPerS?: number;
}

/** NAV-EOE: all messages of the epoch have been sent. */
export interface NavEoe {
  kind: "nav-eoe";
  towMs: number;
}

/**
 * NAV-TIMEGPS, class 01 id 20, 16 bytes (M8, F9: UBX-NAV-TIMEGPS).
 *
 *     0 iTOW · 4 fTOW · 8 week · 10 leapS · 11 valid: bit 0 tow, 1 week, 2 leapS · 12 tAcc
 */
export function decodeNavTimeGps(p: Payload): NavTimeGps | undefined {
  if (p.length !== 16) return undefined;
  return omitUndefined<NavTimeGps>({
    kind: "nav-timegps",
    towMs: p.u4(0),
    towFractionNs: p.i4(4),
    week: p.flag(11, 0) && p.flag(11, 1) ? p.i2(8) : undefined,
    leapSeconds: p.flag(11, 2) ? p.i1(10) : undefined,
  });
}

/**
 * NAV-TIMEUTC, class 01 id 21, 20 bytes (M8, F9: UBX-NAV-TIMEUTC).
 *
 *     0 iTOW · 4 tAcc · 8 nano · 12 year … 18 sec · 19 valid: bit 0 tow, 1 week, 2 UTC
 */
export function decodeNavTimeUtc(p: Payload): NavTimeUtc | undefined {
  if (p.length !== 20) return undefined;
  const utc = p.bits(19, 0, 2) === 0b111 ? readUtc(p, 12, 8) : undefined;
  return omitUndefined<NavTimeUtc>({
    kind: "nav-timeutc",
    towMs: p.u4(0),
    utc,
    timeErrorNs: knownU4(p.u4(4)),
  });
}

/**
 * NAV-TIMELS, class 01 id 26, 24 bytes (M8, F9: UBX-NAV-TIMELS).
 *
 *     0 iTOW · 4 version 0 · 8 srcOfCurrLs · 9 currLs · 10 srcOfLsChange · 11 lsChange · 12 timeToLsEvent
 *     16 dateOfLsGpsWn · 18 dateOfLsGpsDn · 23 valid: bit 0 currLs, 1 timeToLsEvent
 */
export function decodeNavTimeLs(p: Payload): NavTimeLs | undefined {
  if (p.length !== 24 || p.u1(4) !== 0) return undefined;
  const known = p.flag(23, 1);
  return omitUndefined<NavTimeLs>({
    kind: "nav-timels",
    towMs: p.u4(0),
    leapSeconds: p.flag(23, 0) ? p.i1(9) : undefined,
    change: known ? p.i1(11) : undefined,
    secondsToChange: known ? p.i4(12) : undefined,
  });
}

/**
 * NAV-CLOCK, class 01 id 22, 20 bytes (M8, F9: UBX-NAV-CLOCK).
 *
 *     0 iTOW · 4 clkB ns · 8 clkD ns/s · 12 tAcc ns · 16 fAcc ps/s
 */
export function decodeNavClock(p: Payload): NavClock | undefined {
  if (p.length !== 20) return undefined;
  return omitUndefined<NavClock>({
    kind: "nav-clock",
    towMs: p.u4(0),
    biasNs: p.i4(4),
    driftNsPerS: p.i4(8),
    timeErrorNs: knownU4(p.u4(12)),
    frequencyErrorPsPerS: knownU4(p.u4(16)),
  });
}

/** NAV-EOE, class 01 id 61, 4 bytes: iTOW (M8, F9: UBX-NAV-EOE). */
export function decodeNavEoe(p: Payload): NavEoe | undefined {
  return p.length === 4 ? { kind: "nav-eoe", towMs: p.u4(0) } : undefined;
}

/** TIM-TP: what the next time pulse will mark. */
export interface TimTp {
  kind: "tim-tp";
  /** Time of week of the pulse, in the time base below; the fraction in 2⁻³² ms included. */
  pulseTowMs: number;
  week: number;
  timeBase: "gnss" | "utc";
  /** By how much the pulse comes too late for being tied to the receiver's oscillator, picoseconds; when valid. */
  quantisationErrorPs?: number;
}

/**
 * TIM-TP, class 0D id 01, 16 bytes (M8, F9: UBX-TIM-TP).
 *
 *     0 towMS · 4 towSubMS · 8 qErr ps · 12 week · 14 flags: bit 0 time base, bit 4 qErrInvalid · 15 refInfo
 */
export function decodeTimTp(p: Payload): TimTp | undefined {
  if (p.length !== 16) return undefined;
  return omitUndefined<TimTp>({
    kind: "tim-tp",
    pulseTowMs: p.u4(0) + p.u4(4) / 2 ** 32,
    week: p.u2(12),
    timeBase: p.flag(14, 0) ? "utc" : "gnss",
    quantisationErrorPs: p.flag(14, 4) ? undefined : p.i4(8),
  });
}
