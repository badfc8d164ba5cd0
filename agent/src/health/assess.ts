import type { AgentStatus } from "../board/facts.ts";
import { beaconPart } from "./beacon.ts";
import { clockPart } from "./clock.ts";
import { brokerPart, outboxPart } from "./delivery.ts";
import { gpsPart } from "./gps.ts";
import { machinePart } from "./machine.ts";
import { unmadeParts } from "./packets.ts";
import { attention, CONFIGURATION, type Health, type Part, worstOf } from "./part.ts";
import { radioPart } from "./radio.ts";
import { sensorPart } from "./sensor.ts";

export interface Assessment {
  health: Health;
  parts: Part[];
}

/** What a status means for a technician: a pure function, for page, command line and `doctor` alike. */
export function assess(status: AgentStatus): Assessment {
  const parts = [
    ...(status.configDoubts ?? []).map(({ text, advice }) =>
      attention(CONFIGURATION, text, `${advice} Then restart the agent.`),
    ),
    radioPart(status),
    ...(status.gps === undefined ? [] : [gpsPart(status.gps, status)]),
    ...status.sensors.map((sensor) => sensorPart(sensor, status.atMs)),
    ...(status.machine === undefined ? [] : [machinePart(status.machine, status.atMs)]),
    brokerPart(status),
    outboxPart(status),
    ...unmadeParts(status),
    clockPart(status),
    beaconPart(status),
  ];
  return { health: worstOf(parts), parts };
}
