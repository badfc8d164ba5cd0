import { omitUndefined } from "@earshot/protocol/runtime";
import type { GpsReading } from "../gps-reading.ts";
import type { UbxFixType } from "./nav-pvt.ts";
import type { Payload } from "./payload.ts";

/** The result of the receiver's spoofing detection. */
export type SpoofingState = "none" | "indicated" | "affirmed";

/** NAV-STATUS: the state of the fix, and whether it looks spoofed. */
export interface NavStatus {
  kind: "nav-status";
  towMs: number;
  fixType: UbxFixType;
  fixOk: boolean;
  weekValid: boolean;
  towValid: boolean;
  /** Absent when detection is off or has no result; `affirmed` stands for "multiple spoofing indications". */
  spoofing?: SpoofingState;
  timeToFirstFixMs: number;
  sinceStartMs: number;
}

/** `spoofDetState` of NAV-STATUS and `spfState` of SEC-SIG: 0 unknown, 1 none, 2 indicated, 3 several or affirmed. */
export const SPOOFING_STATES: readonly (SpoofingState | undefined)[] = [
  undefined,
  "none",
  "indicated",
  "affirmed",
];

/**
 * NAV-STATUS, class 01 id 03, 16 bytes (M8, F9: UBX-NAV-STATUS).
 *
 *     0 iTOW · 4 gpsFix · 5 flags · 6 fixStat · 7 flags2, bits 3 and 4 spoofDetState · 8 ttff · 12 msss
 */
export function decodeNavStatus(p: Payload): NavStatus | undefined {
  if (p.length !== 16 || p.u1(4) > 5) return undefined;
  return omitUndefined<NavStatus>({
    kind: "nav-status",
    towMs: p.u4(0),
    fixType: p.u1(4) as UbxFixType,
    fixOk: p.flag(5, 0),
    weekValid: p.flag(5, 2),
    towValid: p.flag(5, 3),
    spoofing: SPOOFING_STATES[p.bits(7, 3, 4)],
    timeToFirstFixMs: p.u4(8),
    sinceStartMs: p.u4(12),
  });
}

/** SEC-SIG: the receiver's judgement of jamming and spoofing; absent where its detection is off or undecided. */
export interface SecSig {
  kind: "sec-sig";
  jamming?: GpsReading["jamming"];
  spoofing?: GpsReading["spoofing"];
  /** Centres of the bands watched, and whether each is jammed; from version 2. */
  bands: { freqKhz: number; jammed: boolean }[];
}

const JAMMING_STATES: readonly GpsReading["jamming"][] = [undefined, "none", "warning", "critical"];

/**
 * SEC-SIG, class 27 id 09.
 *
 *     version 1, 12 bytes (M10 SPG 5.10): 4 jamFlags · 8 spfFlags
 *     versions 2 and 3, 4 + 4 n bytes (F9 HPG 1.50): 1 flags of both · 3 n · then each centFreq and jammed
 */
export function decodeSecSig(p: Payload): SecSig | undefined {
  if (p.length < 4) return undefined;
  const version = p.u1(0);
  if (version === 1) return p.length === 12 ? { ...judged(p.u1(4), p.u1(8)), bands: [] } : undefined;
  if ((version !== 2 && version !== 3) || p.length !== 4 + 4 * p.u1(3)) return undefined;
  const bands = Array.from({ length: p.u1(3) }, (_, index) => p.u4(4 + 4 * index));
  return {
    ...judged(p.u1(1) & 0b111, p.u1(1) >> 3),
    bands: bands.map((word) => ({ freqKhz: word & 0xffffff, jammed: (word & 0x1000000) !== 0 })),
  };
}

/** Each byte: bit 0 detection on, then the state. */
function judged(jam: number, spoof: number): Omit<SecSig, "bands"> {
  const jamming = jam & 1 ? JAMMING_STATES[(jam >> 1) & 0b11] : undefined;
  const spoofing = spoof & 1 ? SPOOFING_STATES[(spoof >> 1) & 0b111] : undefined;
  return omitUndefined<Omit<SecSig, "bands">>({ kind: "sec-sig", jamming, spoofing });
}
