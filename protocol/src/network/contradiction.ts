import { equalBytes } from "../encoding/bytes.ts";
import { type Entropy, entropyHash } from "./entropy.ts";

/** Why two entropy messages that one network signed cannot both be honest, and what they show to anybody. */
export const CONTRADICTIONS = {
  two_messages: "two entropy messages of one period differ",
  manifest_changed: "a closed epoch has another manifest than before",
  epochs_taken_back: "epochs that were closed are not closed any more",
  state_left_out: "what the next epoch is judged by is announced no more",
} as const;

export type Contradiction = keyof typeof CONTRADICTIONS;

/** What contradicts in two messages whose signatures hold, in either order; undefined when nothing does. */
export function contradictionOf(one: Entropy, other: Entropy): Contradiction | undefined {
  if (one.index === other.index) {
    return equalBytes(entropyHash(one), entropyHash(other)) ? undefined : "two_messages";
  }
  const [earlier, later] = one.index < other.index ? [one, other] : [other, one];
  if (earlier.state === null) return undefined;
  if (later.state === null) return "state_left_out";
  const [before, after] = [earlier.state.closedEpoch ?? -1, later.state.closedEpoch ?? -1];
  if (after < before) return "epochs_taken_back";
  const isSame = before !== after || equalBytes(earlier.state.manifestHash, later.state.manifestHash);
  return isSame ? undefined : "manifest_changed";
}
