import type { AgentStatus } from "../board/agent-status.ts";
import type { StartStatus, StartStep } from "../board/start-board.ts";
import { beaconPart } from "./beacon.ts";
import { clockPart } from "./clock.ts";
import { brokerPart, outboxPart, packetParts } from "./delivery.ts";
import { gpsPart } from "./gps.ts";
import { keyCopiesPart } from "./key-copies.ts";
import { keysPart } from "./keys.ts";
import { machinePart } from "./machine.ts";
import { networkParts } from "./network.ts";
import { attention, broken, CONFIGURATION, type Health, ok, type Part, worstOf } from "./part.ts";
import { radioPart } from "./radio.ts";
import { sensorPart } from "./sensor.ts";
import { duration } from "./time-text.ts";
import { versionParts } from "./version.ts";

export interface Assessment {
  health: Health;
  parts: Part[];
}

/** What a status means for a technician. A pure function, used by page, command line and `doctor`. */
export function assess(status: AgentStatus): Assessment {
  const parts = [
    ...(status.configWarnings ?? []).map(({ text, advice }) =>
      attention(CONFIGURATION, text, `${advice} Then restart the agent.`),
    ),
    radioPart(status),
    ...(status.gps === undefined ? [] : [gpsPart(status.gps, status)]),
    ...status.sensors.map((sensor) => sensorPart(sensor, status.atMs)),
    ...(status.machine === undefined ? [] : [machinePart(status.machine, status.atMs)]),
    ...versionParts(status),
    brokerPart(status),
    outboxPart(status),
    ...packetParts(status),
    ...keysPart(status),
    ...keyCopiesPart(status),
    clockPart(status),
    ...networkParts(status),
    beaconPart(status),
  ];
  return { health: worstOf(parts), parts };
}

const TITLES: Readonly<Record<StartStep, string>> = {
  configuration: CONFIGURATION,
  storage: "Storage",
  key: "Key",
};

/** What keeps the agent from running. Later steps of the start are not known yet. */
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
