import {
  type Entropy,
  entropyCounts,
  entropyHash,
  entropyMessage,
  entropyTimeMs,
  epochIndexes,
  equalBytes,
  type Manifest,
  type NetworkKeys,
  type NetworkParameters,
  windowOf,
} from "@earshot/protocol";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import { type Check, differ, expectEqual } from "./check.ts";
import { refusedSignature, signedBy } from "./check-keys.ts";

const FILE = "entropy.cbor";
const NO_HASH = new Uint8Array(32);

/** Signatures, chain, and that nothing the epoch is judged by has been left out. */
export function* checkEntropy(
  bytes: Uint8Array,
  manifest: Pick<Manifest, "epoch" | "previousEpoch">,
  keys: NetworkKeys,
  parameters: NetworkParameters,
): Check<Entropy[]> {
  const read = readByteStrings(bytes);
  if (!read.ok) {
    return yield* differ(FILE, `item ${read.item + 1}`, "a message", `unreadable bytes at ${read.offset}`);
  }
  const chain: Entropy[] = [];
  for (const [i, message] of read.items.entries()) {
    const entropy = yield* openEntropy(message, i, keys, parameters);
    yield* checkLink(entropy, chain.at(-1), i);
    chain.push(entropy);
  }
  yield* checkSpan(chain, manifest, parameters);
  yield* checkWindows(chain, manifest.epoch, parameters);
  return chain;
}

const place = (i: number, { index }: Entropy): string => `item ${i + 1}, index ${index}`;

function* openEntropy(
  message: Uint8Array,
  i: number,
  keys: NetworkKeys,
  parameters: NetworkParameters,
): Check<Entropy> {
  const opened = entropyMessage.open(message, parameters.network, keys);
  if (!opened.ok) {
    const wanted = `entropy ${signedBy(keys, "entropy")}`;
    return yield* differ(FILE, `item ${i + 1}`, wanted, refusedSignature(message, opened.code));
  }
  const { index, atMs, periodMs, validityMs, windowPeriods } = opened.value;
  const expected = [parameters.entropyPeriodMs, parameters.entropyValidityMs, parameters.windowPeriods];
  const found = [periodMs, validityMs, windowPeriods];
  const fields = "period, validity, periods per window";
  yield* expectEqual(FILE, `${place(i, opened.value)}, ${fields}`, expected.join(", "), found.join(", "));
  const fromMs = entropyTimeMs(index, parameters);
  const untilMs = fromMs + parameters.entropyPeriodMs - 1;
  if (atMs < fromMs || atMs > untilMs) {
    const wanted = `a time in its period, from ${fromMs} to ${untilMs}`;
    yield* differ(FILE, `${place(i, opened.value)}, atMs`, wanted, String(atMs));
  }
  return opened.value;
}

function* checkLink(entropy: Entropy, before: Entropy | undefined, i: number): Check<void> {
  if (before === undefined) return;
  if (entropy.index <= before.index) {
    yield* differ(FILE, place(i, entropy), `an index above ${before.index}`, String(entropy.index));
  }
  const expected = entropyHash(before).toHex();
  yield* expectEqual(FILE, `${place(i, entropy)}, previousHash`, expected, entropy.previousHash.toHex());
}

/**
 * The chain begins with the last value before the epoch, in the network's first epoch with the first of all, and reaches
 * the epoch's last draw.
 */
function* checkSpan(
  chain: readonly Entropy[],
  { epoch, previousEpoch }: Pick<Manifest, "epoch" | "previousEpoch">,
  parameters: NetworkParameters,
): Check<void> {
  const { first, draw } = epochIndexes(epoch, parameters);
  const [start] = chain;
  const end = chain.at(-1);
  if (start === undefined || end === undefined || end.index < draw || !entropyCounts(end)) {
    const wanted = `entropy up to the first that counts from index ${draw} on`;
    return yield* differ(FILE, "end", wanted, `${end?.index ?? "none"}`);
  }
  // What lies between this epoch and the one before it was skipped: there must be no entropy in it.
  if (previousEpoch === null) {
    const isFirst = start.index >= first && equalBytes(start.previousHash, NO_HASH);
    if (isFirst) return;
    const wanted = `the network's first entropy, as no epoch was before: index ${first} or later, previous hash zero`;
    return yield* differ(FILE, place(0, start), wanted, `previous hash ${start.previousHash.toHex()}`);
  }
  const gapStart = (previousEpoch + 1) * parameters.epochPeriods;
  if (start.index >= gapStart) {
    yield* differ(FILE, place(0, start), `the last entropy before index ${gapStart}`, "a later one");
  }
}

/** Agents that start late learn the window's first value that counts from here: it must be the one that judging uses. */
function* checkWindows(
  chain: readonly Entropy[],
  epoch: number,
  { epochPeriods, windowPeriods }: NetworkParameters,
): Check<void> {
  const firsts = new Map<number, Entropy>();
  for (const [i, entropy] of chain.entries()) {
    if (entropy.index < epoch * epochPeriods) continue;
    const window = windowOf(entropy.index, windowPeriods);
    const first = firsts.get(window) ?? entropy;
    if (entropyCounts(first)) firsts.set(window, first);
    const at = `${place(i, entropy)}, windowValue`;
    yield* expectEqual(FILE, at, first.value.toHex(), entropy.windowValue.toHex());
  }
}

/**
 * Two bundles overlap in what draws the first one's witnesses: the same index must carry the same value, and none may be
 * left out, as if the network had been down.
 */
export function* checkSameEntropy(chain: readonly Entropy[], previous: readonly Entropy[]): Check<void> {
  const known = new Map(previous.map((entropy) => [entropy.index, entropyHash(entropy).toHex()]));
  for (const [i, entropy] of chain.entries()) {
    const expected = known.get(entropy.index);
    if (expected === undefined) continue;
    yield* expectEqual(FILE, `${place(i, entropy)}, hash`, expected, entropyHash(entropy).toHex());
  }
  const own = new Set(chain.map(({ index }) => index));
  const from = chain[0]?.index ?? 0;
  for (const { index } of previous) {
    if (index < from || own.has(index)) continue;
    yield* differ(FILE, `index ${index}`, "an item, as in the bundle before", "none");
  }
}
