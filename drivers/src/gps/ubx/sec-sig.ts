import type { GpsReading } from "../reading.ts";
import { defined } from "../satellites.ts";
import { SPOOFING_STATES } from "./nav-status.ts";
import type { Payload } from "./payload.ts";

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
  return defined<Omit<SecSig, "bands">>({ kind: "sec-sig", jamming, spoofing });
}
