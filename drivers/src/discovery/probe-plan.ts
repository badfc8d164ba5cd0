import { METER_VOLTAGE, SUNSPEC_MARK } from "./modbus-queries.ts";
import { type Query, RAK_VERSION, RN_VERSION, RYLR_VERSION, SHDLC_PRODUCT, UBX_VERSION } from "./queries.ts";

/** What is done at one baud rate. */
export interface ProbeStep {
  baudRate: number;
  /** How long is listened before anything is asked. */
  listenMs: number;
  /** Asked one after the other when nothing was heard. */
  queries: readonly Query[];
}

export interface ProbePlan {
  steps: readonly ProbeStep[];
  /** How long an answer may take. */
  answerMs: number;
  /** After so many silent steps the device is assumed to speak only when asked, and listening stops. */
  silentSteps: number;
}

/**
 * Receivers and sensors speak by themselves each second, a PMS5003 in calm air each 2.3 s; the rest answers within
 * 0.2 s. A silent port takes some 10 s.
 */
export const PROBE_PLAN: ProbePlan = {
  answerMs: 500,
  silentSteps: 2,
  steps: [
    { baudRate: 9600, listenMs: 2500, queries: [UBX_VERSION, METER_VOLTAGE, SUNSPEC_MARK] },
    { baudRate: 115_200, listenMs: 1300, queries: [RAK_VERSION, RYLR_VERSION, SHDLC_PRODUCT, UBX_VERSION] },
    { baudRate: 38_400, listenMs: 1300, queries: [UBX_VERSION] },
    { baudRate: 57_600, listenMs: 1300, queries: [RN_VERSION] },
    { baudRate: 4800, listenMs: 1300, queries: [] },
    { baudRate: 2400, listenMs: 0, queries: [METER_VOLTAGE] },
    { baudRate: 19_200, listenMs: 0, queries: [METER_VOLTAGE, SUNSPEC_MARK] },
  ],
};
