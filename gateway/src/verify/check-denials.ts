import {
  type Denial,
  denialMessage,
  denialSubject,
  epochSpanMs,
  type NetworkKeys,
  type NetworkParameters,
} from "@earshot/protocol";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import { denialsHash } from "../bundle/registry-hash.ts";
import { type Check, differ } from "./check.ts";
import { refusedSignature, signedBy } from "./check-keys.ts";

const FILE = "denials.cbor";

/** Those in force in an epoch. */
export interface OpenedDenials {
  denials: Denial[];
  /** `denialsHash`. */
  hash: Uint8Array;
}

/** Each signed by the network before it began to hold, in force in the epoch, and one for each subject. */
export function* readDenials(
  bytes: Uint8Array,
  epoch: number,
  keys: NetworkKeys,
  parameters: NetworkParameters,
): Check<OpenedDenials> {
  const read = readByteStrings(bytes);
  if (!read.ok) {
    return yield* differ(FILE, `item ${read.item + 1}`, "a message", `unreadable bytes at ${read.offset}`);
  }
  const denials: Denial[] = [];
  for (const [i, message] of read.items.entries()) {
    const at = `item ${i + 1}`;
    const opened = denialMessage.open(message, parameters.network, keys);
    if (!opened.ok) {
      const wanted = `a denial ${signedBy(keys, "registry")}`;
      return yield* differ(FILE, at, wanted, refusedSignature(message, opened.code));
    }
    yield* checkDenial(opened.value, denials.at(-1), at, epoch, parameters);
    denials.push(opened.value);
  }
  return { denials, hash: denialsHash(read.items) };
}

function* checkDenial(
  denial: Denial,
  before: Denial | undefined,
  at: string,
  epoch: number,
  parameters: NetworkParameters,
): Check<void> {
  const { atMs, fromEpoch, untilEpoch } = denial;
  if (fromEpoch > epoch || untilEpoch <= epoch) {
    yield* differ(FILE, at, `a denial in force in epoch ${epoch}`, `from ${fromEpoch} until ${untilEpoch}`);
  }
  const { fromMs } = epochSpanMs(fromEpoch, parameters);
  if (atMs >= fromMs) yield* differ(FILE, `${at}, atMs`, `a time before ${fromMs}`, String(atMs));
  if (before === undefined || denialSubject(before) < denialSubject(denial)) return;
  yield* differ(FILE, at, "denials in order of subject, each once", `${denialSubject(before)} before it`);
}
