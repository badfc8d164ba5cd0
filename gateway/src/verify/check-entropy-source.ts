import {
  DRAND,
  type DrandChain,
  drandEntropy,
  drandRoundAt,
  type Entropy,
  type EntropyProof,
  entropyTimeMs,
  epochOf,
  type NetworkParameters,
  parametersHash,
} from "@earshot/protocol";
import { drandChecker, type SignedRound } from "@earshot/protocol/drand";
import { type Check, differ, expectEqual } from "./check.ts";

const FILE = "entropy.cbor";

/** How the entropy of an epoch came about. */
export interface EntropyOrigin {
  /** The chain that it follows from; null: the operator's word. */
  chain: DrandChain | null;
  /** Of the epoch's own values. */
  proven: number;
  unproven: number;
  /** Whether the values that draw after the epoch's end belong to other rules, so that only the next bundle shows them. */
  isDrawElsewhere: boolean;
}

/**
 * That each value is what the parameters' source gives for its index, with the round that arithmetic fixes and a valid
 * signature of the chain, or says that it has none. Of the values after the epoch, which draw, only as long as the
 * network announced no other parameters for them.
 */
export function* checkEntropySource(
  entropy: readonly Entropy[],
  epoch: number,
  parameters: NetworkParameters,
): Check<EntropyOrigin> {
  const { drandChain: chain } = parameters;
  const own = entropy.filter(({ index }) => epochOf(index, parameters) === epoch);
  const checked = byTheseRules(entropy, epoch, parameters);
  const isDrawElsewhere = checked.at(-1)?.index !== entropy.at(-1)?.index;
  if (chain === null) for (const one of checked) yield* expectNone(one);
  else yield* checkChain(checked, chain, parameters);
  const proven = own.filter(({ source }) => source?.signature != null).length;
  return { chain, proven, unproven: own.length - proven, isDrawElsewhere };
}

/** The epoch's own and what follows, up to where an epoch begins for which other parameters were announced. */
function byTheseRules(entropy: readonly Entropy[], epoch: number, parameters: NetworkParameters): Entropy[] {
  const hash = parametersHash(parameters).toHex();
  const found: Entropy[] = [];
  for (const one of entropy) {
    const [at, last] = [epochOf(one.index, parameters), found.at(-1)];
    if (at < epoch) continue;
    const isNext = last !== undefined && epochOf(last.index, parameters) < at;
    if (isNext && (last.state?.parametersHash.toHex() ?? hash) !== hash) break;
    found.push(one);
  }
  return found;
}

function* expectNone({ index, source }: Entropy): Check<void> {
  if (source === null) return;
  yield* differ(FILE, `index ${index}, source`, "none: the parameters name no chain", `kind ${source.kind}`);
}

function* checkChain(
  entropy: readonly Entropy[],
  chain: DrandChain,
  parameters: NetworkParameters,
): Check<void> {
  const signed: (SignedRound & { index: number })[] = [];
  for (const { index, source, value } of entropy) {
    const at = `index ${index}, source`;
    if (source?.kind !== DRAND) {
      return yield* differ(
        FILE,
        at,
        `a round of drand chain ${chain.hash}`,
        source ? `kind ${source.kind}` : "none",
      );
    }
    const { round, signature } = source;
    yield* checkFields(at, source, { index, chain, parameters });
    if (signature === null) continue;
    const expected = drandEntropy(signature, parameters.network, index).toHex();
    yield* expectEqual(FILE, `index ${index}, value`, expected, value.toHex(), "as its signature gives");
    signed.push({ index, round, signature });
  }
  const wrong = signed[drandChecker(chain.publicKey).firstInvalid(signed) ?? signed.length];
  if (wrong === undefined) return;
  const wanted = `the signature of round ${wrong.round} by the chain's key ${chain.publicKey.toHex()}`;
  yield* differ(FILE, `index ${wrong.index}, signature`, wanted, wrong.signature.toHex());
}

function* checkFields(
  at: string,
  { round, signature, counts }: EntropyProof,
  { index, chain, parameters }: { index: number; chain: DrandChain; parameters: NetworkParameters },
): Check<void> {
  const expected = drandRoundAt(entropyTimeMs(index, parameters), chain);
  yield* expectEqual(FILE, `${at}: round`, String(expected), String(round), "the first in its period");
  const mayCount = signature !== null || parameters.unprovenEntropyCounts === 1;
  yield* expectEqual(
    FILE,
    `${at}: counts`,
    String(mayCount),
    String(counts),
    "by its signature and the parameters",
  );
}
