import type { StartStatus, StartStep } from "../board/start-board.ts";
import { duration } from "./age.ts";
import type { Assessment } from "./assess.ts";
import { attention, broken, CONFIGURATION, ok, type Part, worstOf } from "./part.ts";

const TITLES: Readonly<Record<StartStep, string>> = {
  configuration: CONFIGURATION,
  storage: "Storage",
  key: "Key",
};

/** What is in the way of an agent that does not run yet; what comes after it in the start is not known. */
export function assessStart(status: StartStatus): Assessment {
  const { trouble, network, hotspot, configFile } = status;
  const parts = [
    ...(network === undefined ? [] : [ok(TITLES.configuration, `${configFile} is valid`)]),
    ...(hotspot === undefined ? [] : [ok(TITLES.key, `${hotspot.name}, ${hotspot.id}`)]),
    ...(trouble === undefined ? [attention("Start", "The agent is starting")] : troubleParts(trouble)),
  ];
  return { health: worstOf(parts), parts };
}

function troubleParts({ step, problems, forMs, retryInMs }: NonNullable<StartStatus["trouble"]>): Part[] {
  const again = `It is tried again by itself, next in ${duration(retryInMs)} (broken for ${duration(forMs)}).`;
  return problems.map(({ text, advice }) => broken(TITLES[step], text, `${advice} ${again}`.trim()));
}
