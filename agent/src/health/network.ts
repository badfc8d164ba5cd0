import type { AgentStatus } from "../board/agent-status.ts";
import { attention, type Part } from "./part.ts";

/** Present where the network was found to contradict itself. */
export function networkParts({ contradictions = [] }: Pick<AgentStatus, "contradictions">): Part[] {
  return contradictions.map(({ kind, text }) =>
    attention(
      "Network",
      `The network contradicts what it signed before: ${text}`,
      `Ask its operator. What /status.json has under contradictions (${kind}), saved to a file, proves it to anybody: verify-epoch --evidence FILE.`,
    ),
  );
}
