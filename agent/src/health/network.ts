import type { AgentStatus } from "../board/agent-status.ts";
import { attention, type Part } from "./part.ts";

/** Present where the network was found to contradict itself. */
export function networkParts({ contradictions = [] }: Pick<AgentStatus, "contradictions">): Part[] {
  return contradictions.map(({ kind, text }) =>
    attention(
      "Network",
      `The network contradicts what it signed before: ${text}`,
      `Ask its operator. The two signed messages in /status.json (contradictions, ${kind}) prove it to anybody.`,
    ),
  );
}
