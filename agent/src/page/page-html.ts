import { html, raw } from "hono/html";
import type { AgentStatus, DeviceFacts } from "../board/agent-status.ts";
import type { StartStatus } from "../board/start-board.ts";
import type { Assessment } from "../health/assess.ts";
import { byUrgency, HEALTH_TEXT, type Health, type Part } from "../health/part.ts";
import { ago, utcTime } from "../health/time-text.ts";
import { count, type Html, table } from "./html.ts";
import { gpsCard, machineCard, sensorCard } from "./measured-cards.ts";
import { packetCards } from "./packet-cards.ts";
import { radioCards } from "./radio-cards.ts";
import { STYLE } from "./style.ts";

const REFRESH_S = 10;
const OVERALL: Record<Health, string> = {
  ok: "✓ All is well",
  attention: "! Needs attention",
  broken: "✕ Something is broken",
};

/** The whole page of a running agent. Reloads itself, needs no script. What is wrong comes first, then all figures. */
export const statusPage = (status: AgentStatus, assessment: Assessment): Html =>
  document(
    status.hotspot,
    assessment,
    html`<h2>Measured</h2>
<div class="cards">${measuredCards(status)}</div>
${lossesCard(status)}
<h2>Sent and heard</h2>
<div class="cards">${packetCards(status)}</div>
<h2>Lines to the devices</h2>
${deviceLines(status)}`,
    html`Network ${status.network}, agent ${status.version}${gatewayText(status)}, started ${ago(status.startedAtMs, status.atMs)}`,
    status.atMs,
  );

export const gatewayText = ({ gateway }: Pick<AgentStatus, "gateway">): string =>
  gateway === undefined ? "" : `, gateway ${gateway.version}`;

/** The page of an agent that does not run yet, with the reasons. */
export const startPage = (start: StartStatus & Assessment): Html =>
  document(
    start.hotspot ?? { name: "Earshot agent, not started yet", id: start.configFile },
    start,
    "",
    html`Agent ${start.version}, started ${ago(start.startedAtMs, start.atMs)}`,
    start.atMs,
  );

const document = (
  hotspot: { name: string; id: string },
  { health, parts }: Assessment,
  figures: Html | string,
  about: Html,
  atMs: number,
): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_S}">
<title>${HEALTH_TEXT[health]}: ${hotspot.name}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>${hotspot.name}</h1>
<p class="id">${hotspot.id}</p>
<p class="overall ${health}">${OVERALL[health]}${summary(parts)}</p>
<main>
<div class="parts">${byUrgency(parts).map(partCard)}</div>
${figures}
</main>
<footer>As of ${utcTime(atMs)}; reloads every ${REFRESH_S} s. ${about}. <a href="/status.json">status.json</a></footer>
</body>
</html>`;

const NAMED = 3;

/** `: GPS, Sensor air, Sensor meter and 2 more` */
function summary(parts: readonly Part[]): string {
  const troubled = byUrgency(parts).filter(({ health }) => health !== "ok");
  const named = troubled.slice(0, NAMED).map(({ title }) => title);
  const more = troubled.length > NAMED ? ` and ${troubled.length - NAMED} more` : "";
  return troubled.length === 0 ? "" : `: ${named.join(", ")}${more}`;
}

const partCard = ({ title, health, text, advice }: Part): Html => html`
<section class="part ${health}"><h3>${title} <span class="state ${health}">${HEALTH_TEXT[health]}</span></h3>
<p>${text}</p>${advice === undefined ? "" : html`<p class="advice">${advice}</p>`}</section>`;

const lossesCard = ({ losses }: AgentStatus): Html | "" =>
  losses.length === 0
    ? ""
    : html`
<h2>Refused, dropped or lost</h2>
<section class="card"><p>Since the agent started:</p><ul>${losses.map(({ count: number, text }) => html`<li>${count(number)} × ${text}</li>`)}</ul></section>`;

function measuredCards({ radio, gps, sensors, machine, atMs }: AgentStatus): Html[] {
  const views = [
    ...radioCards(radio, atMs),
    gps === undefined ? undefined : gpsCard(gps),
    ...sensors.map((sensor) => sensorCard(sensor, atMs)),
    machine === undefined ? undefined : machineCard(machine),
  ].filter((one) => one !== undefined);
  return views.length === 0 ? [html`<p>Nothing was measured since the agent started.</p>`] : views;
}

const LINK_STATE: Record<DeviceFacts["state"], string> = {
  ok: "speaks",
  searching: "waited for",
  lost: "lost",
};

/** The traffic on the line to each device: for finding a wrong cable, baud rate or program. */
function deviceLines({ radio, gps, sensors, machine, atMs }: AgentStatus): Html {
  const devices: [string, DeviceFacts][] = [
    ["Radio", radio],
    ...(gps === undefined ? [] : [["GPS", gps] as [string, DeviceFacts]]),
    ...sensors.map((sensor): [string, DeviceFacts] => [sensor.source, sensor]),
    ...(machine === undefined ? [] : [["Machine", machine] as [string, DeviceFacts]]),
  ];
  return html`<section class="card">${table(
    ["Device", "State", "Last", "A second", "Frames", "Damaged", "Stray bytes", "Dropped", "Opened"],
    devices.map(([name, device]) => [name, ...rowOf(device, atMs)]),
  )}</section>`;
}

function rowOf(device: DeviceFacts, nowMs: number): (string | undefined)[] {
  const { state, lastAtMs, readingsPerS, frames, badFrames, garbageBytes, droppedReadings, opened } = device;
  const rate = readingsPerS === undefined ? undefined : readingsPerS.toFixed(readingsPerS < 10 ? 1 : 0);
  return [
    LINK_STATE[state],
    lastAtMs === undefined ? undefined : ago(lastAtMs, nowMs),
    rate,
    ...[frames, badFrames, garbageBytes, droppedReadings].map((one) =>
      one === undefined ? undefined : count(one),
    ),
    count(opened),
  ];
}
