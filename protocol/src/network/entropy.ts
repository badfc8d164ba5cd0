import { sha256 } from "../crypto/sha256.ts";
import { u32 } from "../encoding/bytes.ts";
import { bytes, integer, nullable, record } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { PARAMETER_RANGES } from "../parameters/parameters.ts";
import { messageCodec } from "./message.ts";

/**
 * What the network publishes at the start of each entropy period (60 s by default), retained, on the entropy
 * topic. Chained by hash, so that a value cannot be replaced afterwards. It carries everything that an agent needs
 * to keep its schedule: an agent needs no other parameters.
 */
export interface Entropy {
  /** floor(time / periodMs): with the default period, minutes since the Unix epoch. */
  index: number;
  atMs: number;
  /** 32 random bytes. */
  value: Uint8Array;
  /** `entropyHash` of the previous message; zeros in the first. */
  previousHash: Uint8Array;
  periodMs: number;
  /** How long after `atMs` a beacon made from it may be on air. */
  validityMs: number;
  /** Entropy periods in a beacon window. */
  windowPeriods: number;
  /** The first value published in this window: a hotspot that starts late can still derive its period. */
  windowValue: Uint8Array;
  /** `reportDeadlineMs` of the parameters; null: `DEFAULT_DEADLINE_PERIODS`. */
  reportDeadlineMs: number | null;
  /** `revealDeadlineMs` of the parameters; null: twice the report deadline. */
  revealDeadlineMs: number | null;
}

/** Report deadline of a network that does not publish it, in entropy periods: that of `DEFAULT_PARAMETERS`. */
const DEFAULT_DEADLINE_PERIODS = 10;

/** How long after its entropy's time witnesses' reports on a beacon are accepted, and its own report. */
export function deadlinesOf({
  periodMs,
  reportDeadlineMs,
  revealDeadlineMs,
}: Pick<Entropy, "periodMs" | "reportDeadlineMs" | "revealDeadlineMs">): {
  reportMs: number;
  revealMs: number;
} {
  const reportMs = reportDeadlineMs ?? DEFAULT_DEADLINE_PERIODS * periodMs;
  return { reportMs, revealMs: revealDeadlineMs ?? 2 * reportMs };
}

export const entropyMessage = messageCodec<Entropy>(
  5,
  record<Entropy>({
    index: uint32,
    atMs: timeMs,
    value: bytes(32),
    previousHash: bytes(32),
    periodMs: integer(1, 86_400_000),
    validityMs: integer(1, 86_400_000),
    windowPeriods: integer(1, 100_000),
    windowValue: bytes(32),
    reportDeadlineMs: nullable(integer(...PARAMETER_RANGES.reportDeadlineMs)),
    revealDeadlineMs: nullable(integer(...PARAMETER_RANGES.revealDeadlineMs)),
  }),
  1,
  { role: "entropy", atMs: ({ atMs }) => atMs },
);

/** SHA-256 of index, value and previous hash: the link of the chain. */
export const entropyHash = (entropy: Pick<Entropy, "index" | "value" | "previousHash">): Uint8Array =>
  sha256(u32(entropy.index), entropy.value, entropy.previousHash);
