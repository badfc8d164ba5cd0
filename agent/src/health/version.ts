import type { AgentStatus } from "../board/agent-status.ts";
import { attention, broken, type Part } from "./part.ts";
import { minuteText } from "./time-text.ts";

const TITLE = "Version";

/** Nothing while the network takes what this agent sends. */
export function versionParts({ outdated, version, atMs }: AgentStatus): Part[] {
  if (outdated === undefined) return [];
  const { fromEpoch, fromMs, reports } = outdated;
  const when = `${minuteText(fromMs)} (epoch ${fromEpoch})`;
  const what = reports.map(
    ({ type, version: own, needed }, i) =>
      `no ${type} reports${i === 0 ? ` of agent ${version}` : ""}, which have version ${own} (${needed} is needed)`,
  );
  const taken = `the network takes ${what.join(", and ")}`;
  return atMs < fromMs
    ? [attention(TITLE, `From ${when} on, ${taken}`, "Update the agent before then.")]
    : [broken(TITLE, `Since ${when} ${taken}`, "Update the agent: until then they earn nothing.")];
}
