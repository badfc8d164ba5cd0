import { html, raw } from "hono/html";
import type { AgentStatus } from "../board/facts.ts";
import type { StartStatus } from "../board/start-board.ts";
import { ago, utcTime } from "../health/age.ts";
import type { Assessment } from "../health/assess.ts";
import type { Health, Part } from "../health/part.ts";
import { linesView } from "./device-view.ts";
import { count, type Html } from "./html.ts";
import { gpsView, machineView, sensorView } from "./measured-view.ts";
import { packetsView } from "./packet-view.ts";
import { radioView } from "./radio-view.ts";
import { STYLE } from "./style.ts";

const REFRESH_S = 10;
const STATE: Record<Health, string> = { ok: "✓ ok", attention: "! attention", broken: "✕ broken" };
const OVERALL: Record<Health, string> = {
  ok: "✓ All is well",
  attention: "! Needs attention",
  broken: "✕ Something is broken",
};
const URGENCY: readonly Health[] = ["broken", "attention", "ok"];

/** The whole page, made on the agent; reloads itself, needs no script. What is wrong comes first, then all figures. */
export const view = (status: AgentStatus, assessment: Assessment): Html =>
  document(
    status.hotspot,
    assessment,
    html`<h2>Measured</h2>
<div class="cards">${measuredViews(status)}</div>
${lossesView(status)}
<h2>Sent and heard</h2>
<div class="cards">${packetsView(status)}</div>
<h2>Lines to the devices</h2>
${linesView(status)}`,
    html`Network ${status.network}, agent ${status.version}, started ${ago(status.startedAtMs, status.atMs)}`,
    status.atMs,
  );

/** The page of an agent that does not run yet: what is in its way. */
export const startView = (start: StartStatus & Assessment): Html =>
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
<title>${STATE[health]}: ${hotspot.name}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>${hotspot.name}</h1>
<p class="id">${hotspot.id}</p>
<p class="overall ${health}">${OVERALL[health]}${summary(parts)}</p>
<main>
<div class="parts">${byUrgency(parts).map(partView)}</div>
${figures}
</main>
<footer>As of ${utcTime(atMs)}; reloads every ${REFRESH_S} s. ${about}. <a href="/status.json">status.json</a></footer>
</body>
</html>`;

const byUrgency = (parts: readonly Part[]): Part[] =>
  parts.toSorted((one, other) => URGENCY.indexOf(one.health) - URGENCY.indexOf(other.health));

const NAMED = 3;

/** `: GPS, Sensor air, Sensor meter and 2 more` */
function summary(parts: readonly Part[]): string {
  const troubled = byUrgency(parts).filter(({ health }) => health !== "ok");
  const named = troubled.slice(0, NAMED).map(({ title }) => title);
  const more = troubled.length > NAMED ? ` and ${troubled.length - NAMED} more` : "";
  return troubled.length === 0 ? "" : `: ${named.join(", ")}${more}`;
}

const partView = ({ title, health, text, advice }: Part): Html => html`
<section class="part ${health}"><h3>${title} <span class="state ${health}">${STATE[health]}</span></h3>
<p>${text}</p>${advice === undefined ? "" : html`<p class="advice">${advice}</p>`}</section>`;

const lossesView = ({ losses }: AgentStatus): Html | "" =>
  losses.length === 0
    ? ""
    : html`
<h2>Refused, dropped or lost</h2>
<section class="card"><p>Since the agent started:</p><ul>${losses.map(({ count: number, text }) => html`<li>${count(number)} × ${text}</li>`)}</ul></section>`;

function measuredViews({ radio, gps, sensors, machine, atMs }: AgentStatus): Html[] {
  const views = [
    ...radioView(radio, atMs),
    gps === undefined ? undefined : gpsView(gps),
    ...sensors.map((sensor) => sensorView(sensor, atMs)),
    machine === undefined ? undefined : machineView(machine),
  ].filter((one) => one !== undefined);
  return views.length === 0 ? [html`<p>Nothing was measured since the agent started.</p>`] : views;
}
