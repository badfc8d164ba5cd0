import { sha256 } from "../crypto/sha256.ts";
import { DRAND_SIGNATURE_BYTES } from "../drand/chain.ts";
import { u32 } from "../encoding/bytes.ts";
import { bytes, flag, integer, nullable, record } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { PARAMETER_RANGES } from "../parameters/parameters.ts";
import { messageCodec } from "./message.ts";

/** What shows that nobody chose a value. */
export interface EntropyProof {
  /** `DRAND`: others may follow. */
  kind: number;
  /** Of the chain: `drandRoundAt` the period's begin. */
  round: number;
  /** The round's, 48 bytes; null where it was not to be had in time, so that `value` is the network's word. */
  signature: Uint8Array | null;
  /** Whether beacons of this period count: with a signature always, without as `unprovenEntropyCounts` says. */
  counts: boolean;
}

/** `EntropyProof.kind` of a drand chain: value = `drandEntropy`. */
export const DRAND = 1;

/**
 * What the network was when it made this entropy, so that nothing can be made up or changed afterwards and dated before.
 * "The next epoch" is the one after that of the message's index; its rules are what the epoch's last message says.
 */
export interface AnnouncedState {
  /** The newest closed epoch and SHA-256 of its manifest; null and zeros before the first. */
  closedEpoch: number | null;
  manifestHash: Uint8Array;
  /** `parametersHash` of those in force in the next epoch. */
  parametersHash: Uint8Array;
  /** `denialsHash` of those in force in the next epoch. */
  denialsHash: Uint8Array;
  /** `registryHash` of the next epoch. */
  registryHash: Uint8Array;
}

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
  /**
   * The first value in this window that counts, its own while there is none: a hotspot that starts late can still derive
   * its period.
   */
  windowValue: Uint8Array;
  /** `reportDeadlineMs` of the parameters; null: `DEFAULT_DEADLINE_PERIODS`. */
  reportDeadlineMs: number | null;
  /** `revealDeadlineMs` of the parameters; null: twice the report deadline. */
  revealDeadlineMs: number | null;
  /** Null: the network made the value itself, and nothing shows that it did not choose it. */
  source: EntropyProof | null;
  state: AnnouncedState | null;
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
    source: nullable(
      record<EntropyProof>({
        kind: integer(0, 0xffff),
        round: uint32,
        signature: nullable(bytes(DRAND_SIGNATURE_BYTES)),
        counts: flag,
      }),
    ),
    state: nullable(
      record<AnnouncedState>({
        closedEpoch: nullable(integer(0, 0xffff_fffe)),
        manifestHash: bytes(32),
        parametersHash: bytes(32),
        denialsHash: bytes(32),
        registryHash: bytes(32),
      }),
    ),
  }),
  1,
  { role: "entropy", atMs: ({ atMs }) => atMs },
);

/** Whether beacons of its period count, and it may begin a window or draw witnesses. */
export const entropyCounts = ({ source }: Pick<Entropy, "source">): boolean => source?.counts ?? true;

/**
 * SHA-256 of index, value, previous hash and announced state: the link of the chain. Only of these, so that whoever does
 * not know a later field computes the same.
 */
export const entropyHash = ({
  index,
  value,
  previousHash,
  state,
}: Pick<Entropy, "index" | "value" | "previousHash"> & Partial<Pick<Entropy, "state">>): Uint8Array =>
  sha256(u32(index), value, previousHash, ...(state ? stateParts(state) : []));

/** All of one length. */
const stateParts = (state: AnnouncedState): Uint8Array[] => [
  u32(state.closedEpoch ?? 0xffff_ffff),
  state.manifestHash,
  state.parametersHash,
  state.denialsHash,
  state.registryHash,
];
