import { defined } from "../satellites.ts";
import type { Payload } from "./payload.ts";

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
  return defined<TimTp>({
    kind: "tim-tp",
    pulseTowMs: p.u4(0) + p.u4(4) / 2 ** 32,
    week: p.u2(12),
    timeBase: p.flag(14, 0) ? "utc" : "gnss",
    quantisationErrorPs: p.flag(14, 4) ? undefined : p.i4(8),
  });
}
