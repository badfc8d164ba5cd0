import { drandChecker } from "@earshot/protocol/drand";
import {
  type DrandChain,
  drandEntropy,
  drandRoundAt,
  entropyTimeMs,
  equalBytes,
} from "@earshot/protocol/hotspot";
import type { EntropyCheck } from "./entropy-tracker.ts";

/**
 * Checks that each value follows from the chain's signature of the round that arithmetic fixes. A value that says that it
 * has none passes; none without a source does. A file of its own, loaded only where it is asked for: the curve's library
 * takes 15 MB.
 */
export function drandCheck(chain: DrandChain, network: string): EntropyCheck {
  const checker = drandChecker(chain.publicKey);
  return ({ index, periodMs, source, value }) => {
    if (source === null) return false;
    const { round, signature } = source;
    if (round !== drandRoundAt(entropyTimeMs(index, { entropyPeriodMs: periodMs }), chain)) return false;
    if (signature === null) return true;
    return (
      equalBytes(value, drandEntropy(signature, network, index)) && checker.isValid({ round, signature })
    );
  };
}
