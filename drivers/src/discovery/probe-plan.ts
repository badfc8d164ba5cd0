import type { Query } from "../devices/device-kind.ts";
import { DEVICE_KINDS } from "../devices/registry.ts";

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
const LISTENING: readonly Omit<ProbeStep, "queries">[] = [
  { baudRate: 9600, listenMs: 2500 },
  { baudRate: 115_200, listenMs: 1300 },
  { baudRate: 38_400, listenMs: 1300 },
  { baudRate: 57_600, listenMs: 1300 },
  { baudRate: 4800, listenMs: 1300 },
  { baudRate: 2400, listenMs: 0 },
  { baudRate: 19_200, listenMs: 0 },
];

/** Those of this rate, devices that leave the factory with it first. */
function queriesAt(baudRate: number): Query[] {
  const all = DEVICE_KINDS.flatMap(({ queries = [] }) => queries);
  return all
    .filter(({ baudRates }) => baudRates.includes(baudRate))
    .sort((a, b) => Number(b.baudRates[0] === baudRate) - Number(a.baudRates[0] === baudRate));
}

export const PROBE_PLAN: ProbePlan = {
  answerMs: 500,
  silentSteps: 2,
  steps: LISTENING.map((step) => ({ ...step, queries: queriesAt(step.baudRate) })),
};
