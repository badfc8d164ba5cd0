import type { AgentStatus } from "../board/agent-status.ts";
import { attention, type Part } from "./part.ts";

/** Nothing while the network sees one agent. */
export function keyCopiesPart({ keyCopies }: Pick<AgentStatus, "keyCopies">): Part[] {
  if (keyCopies === undefined) return [];
  const { agentTurns, reusedNumbers, concentrators } = keyCopies;
  const signs = [
    ...(agentTurns > 0 ? [`two agents took turns ${agentTurns} times`] : []),
    ...(reusedNumbers > 0 ? [`${reusedNumbers} numbers were used for two packets`] : []),
    ...(concentrators > 1 ? [`${concentrators} concentrators heard for them`] : []),
  ];
  return [
    attention(
      "Hotspot key",
      `Another agent signs with this hotspot's key: of its newest packets, ${signs.join(", ")}`,
      "End the other agent, if you run it: a hotspot's card or state folder must not be copied. Else the key is stolen: earshot-agent key rotate gives the hotspot another, before the other does.",
    ),
  ];
}
