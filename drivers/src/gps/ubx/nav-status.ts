import { defined } from "../satellites.ts";
import type { UbxFixType } from "./nav-pvt.ts";
import type { Payload } from "./payload.ts";

/** What the receiver's spoofing detection says. */
export type SpoofingState = "none" | "indicated" | "affirmed";

/** NAV-STATUS: the state of the fix, and whether it looks spoofed. */
export interface NavStatus {
  kind: "nav-status";
  towMs: number;
  fixType: UbxFixType;
  fixOk: boolean;
  weekValid: boolean;
  towValid: boolean;
  /** Absent when detection is off or says nothing; `affirmed` stands for "multiple spoofing indications". */
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
  return defined<NavStatus>({
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
