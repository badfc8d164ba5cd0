import type { AgentStatus } from "../board/agent-status.ts";
import { attention, broken, type Part } from "./part.ts";
import { minuteText } from "./time-text.ts";

const TITLE = "Version";

/** Nothing while the network takes what this agent sends. */
export function versionParts({ outdated, version, atMs }: AgentStatus): Part[] {
  if (outdated === undefined) return [];
  const { fromEpoch, fromMs, reports } = outdated;
  const what = reports
    .map(
      ({ type, version: own, needed }) => `${type} reports (they have version ${own}, ${needed} is needed)`,
    )
    .join(" and ");
  const isNow = atMs >= fromMs;
  const text = `The network takes no ${what} of agent ${version} ${isNow ? "since" : "from"} ${minuteText(fromMs)}, epoch ${fromEpoch}${isNow ? "" : ", on"}`;
  return isNow
    ? [broken(TITLE, text, "Update the agent: until then these reports earn nothing.")]
    : [attention(TITLE, text, "Update the agent before then.")];
}
