import { html } from "hono/html";
import type { AgentStatus, DeviceFacts } from "../board/facts.ts";
import { ago } from "../health/age.ts";
import { count, type Html, table } from "./html.ts";

const STATE: Record<DeviceFacts["state"], string> = { ok: "speaks", searching: "waited for", lost: "lost" };

/** What the lines between agent and devices do: for whoever looks for a wrong cable, baud rate or program. */
export function linesView({ radio, gps, sensors, machine, atMs }: AgentStatus): Html {
  const devices: [string, DeviceFacts][] = [
    ["Radio", radio],
    ...(gps === undefined ? [] : [["GPS", gps] as [string, DeviceFacts]]),
    ...sensors.map((sensor): [string, DeviceFacts] => [sensor.source, sensor]),
    ...(machine === undefined ? [] : [["Machine", machine] as [string, DeviceFacts]]),
  ];
  return html`<section class="card">${table(
    ["Device", "State", "Last", "A second", "Frames", "Damaged", "Stray bytes", "Given up", "Opened"],
    devices.map(([name, device]) => [name, ...rowOf(device, atMs)]),
  )}</section>`;
}

function rowOf(device: DeviceFacts, nowMs: number): (string | undefined)[] {
  const { state, lastAtMs, readingsPerS, frames, badFrames, garbageBytes, droppedReadings, opened } = device;
  const rate = readingsPerS === undefined ? undefined : readingsPerS.toFixed(readingsPerS < 10 ? 1 : 0);
  return [
    STATE[state],
    lastAtMs === undefined ? undefined : ago(lastAtMs, nowMs),
    rate,
    ...[frames, badFrames, garbageBytes, droppedReadings].map((one) =>
      one === undefined ? undefined : count(one),
    ),
    count(opened),
  ];
}
