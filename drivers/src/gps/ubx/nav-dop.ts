import { defined } from "../satellites.ts";
import { knownDop } from "./nav-pvt.ts";
import type { Payload } from "./payload.ts";

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
  return defined<NavDop>({
    kind: "nav-dop",
    towMs: p.u4(0),
    gdop: knownDop(p.u2(4)),
    pdop: knownDop(p.u2(6)),
    tdop: knownDop(p.u2(8)),
    vdop: knownDop(p.u2(10)),
    hdop: knownDop(p.u2(12)),
  });
}
