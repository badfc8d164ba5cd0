import { expect, test } from "bun:test";
import type { AgentStatus } from "../board/agent-status.ts";
import { versionParts } from "./version.ts";

const FROM_MS = Date.UTC(2027, 2, 4, 12);
const partsAt = (atMs: number, outdated?: AgentStatus["outdated"]) =>
  versionParts({ version: "0.1.0", atMs, ...(outdated && { outdated }) } as AgentStatus);

test("an agent that the network takes says nothing", () => {
  expect(partsAt(0)).toEqual([]);
});

test("one that it will not take, or does not take any more, says since when and why", () => {
  const outdated: AgentStatus["outdated"] = {
    ...{ fromEpoch: 20_881, fromMs: FROM_MS },
    reports: [
      { type: "beacon", version: 1, needed: 2 },
      { type: "witness", version: 1, needed: 3 },
    ],
  };
  expect(partsAt(FROM_MS - 1, outdated)).toEqual([
    {
      ...{ title: "Version", health: "attention" },
      text: "From 2027-03-04 12:00 UTC (epoch 20881) on, the network takes no beacon reports of agent 0.1.0, which have version 1 (2 is needed), and no witness reports, which have version 1 (3 is needed)",
      advice: "Update the agent before then.",
    },
  ]);
  expect(partsAt(FROM_MS, { ...outdated, reports: outdated.reports.slice(1) })).toEqual([
    {
      ...{ title: "Version", health: "broken" },
      text: "Since 2027-03-04 12:00 UTC (epoch 20881) the network takes no witness reports of agent 0.1.0, which have version 1 (3 is needed)",
      advice: "Update the agent: until then they earn nothing.",
    },
  ]);
});
