import type { SurveyIn } from "../gps-reading.ts";
import { geodeticOfEcef } from "./nav-position.ts";
import type { Payload } from "./payload.ts";

/** TIM-SVIN (timing receivers to generation 8 and ZED-F9T) and NAV-SVIN (ZED-F9P): the receiver surveys its place. */
export interface SurveyInMessage extends SurveyIn {
  kind: "survey-in";
}

/**
 * TIM-SVIN, class 0D id 04, 28 bytes (M8: UBX-TIM-SVIN).
 *
 *     0 dur s · 4 meanX, Y, Z cm · 16 meanV mm² · 20 obs · 24 valid · 25 active
 */
export function decodeTimSvin(p: Payload): SurveyInMessage | undefined {
  if (p.length !== 28 || p.u1(24) > 1 || p.u1(25) > 1) return undefined;
  return {
    kind: "survey-in",
    active: p.u1(25) === 1,
    valid: p.u1(24) === 1,
    durationS: p.u4(0),
    observations: p.u4(20),
    errorM: Math.sqrt(p.u4(16)) / 1000,
    ...mean(p.i4(4) / 100, p.i4(8) / 100, p.i4(12) / 100),
  };
}

/**
 * NAV-SVIN, class 01 id 3B, 40 bytes (F9: UBX-NAV-SVIN).
 *
 *     0 version 0 · 4 iTOW · 8 dur s · 12 meanX, Y, Z cm · 24 the same in 0.1 mm · 28 meanAcc 0.1 mm · 32 obs
 *     36 valid · 37 active
 */
export function decodeNavSvin(p: Payload): SurveyInMessage | undefined {
  if (p.length !== 40 || p.u1(0) !== 0 || p.u1(36) > 1 || p.u1(37) > 1) return undefined;
  const axis = (at: number, fineAt: number) => p.i4(at) / 100 + p.i1(fineAt) / 10_000;
  return {
    kind: "survey-in",
    active: p.u1(37) === 1,
    valid: p.u1(36) === 1,
    durationS: p.u4(8),
    observations: p.u4(32),
    errorM: p.u4(28) / 10_000,
    ...mean(axis(12, 24), axis(16, 25), axis(20, 26)),
  };
}

function mean(x: number, y: number, z: number): Pick<SurveyIn, "latDeg" | "lonDeg" | "altHaeM"> {
  return geodeticOfEcef(x, y, z) ?? {};
}
