import { html, raw } from "hono/html";
import type { AgentStatus, BeaconFacts, VerdictFacts, WitnessFacts } from "../board/facts.ts";
import { ago, utcTime } from "../health/age.ts";
import type { Assessment } from "../health/assess.ts";
import type { Health, Part } from "../health/part.ts";
import { STYLE } from "./style.ts";

type Html = ReturnType<typeof html>;

const REFRESH_S = 10;
const STATE: Record<Health, string> = { ok: "✓ ok", attention: "! attention", broken: "✕ broken" };
const OVERALL: Record<Health, string> = {
  ok: "✓ All is well",
  attention: "! Needs attention",
  broken: "✕ Something is broken",
};

/** The whole page, made on the agent; reloads itself, needs no script. */
export const view = (status: AgentStatus, { health, parts }: Assessment): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_S}">
<title>${STATE[health]}: ${status.hotspot.name}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<h1>${status.hotspot.name}</h1>
<p class="id">${status.hotspot.id}</p>
<p class="overall ${health}">${OVERALL[health]}</p>
<main>
${parts.map(partView)}
${listOf("Last beacons", "No beacon was sent since the agent started.", status.beacons, beaconView(status.atMs))}
${listOf("Last verdicts", "No verdict came since the agent started.", status.verdicts, verdictView(status.atMs))}
${listOf("Last heard", "No beacon was heard since the agent started.", status.witnesses, witnessView(status.atMs))}
</main>
<footer>As of ${utcTime(status.atMs)}; reloads every ${REFRESH_S} s. Network ${status.network}, agent ${status.version},
started ${ago(status.startedAtMs, status.atMs)}. <a href="/status.json">status.json</a></footer>
</body>
</html>`;

const partView = ({ title, health, text, advice }: Part): Html => html`
<section class="part ${health}"><h3>${title} <span class="state ${health}">${STATE[health]}</span></h3>
<p>${text}</p>${advice === undefined ? "" : html`<p class="advice">${advice}</p>`}</section>`;

function listOf<T>(title: string, none: string, items: readonly T[], item: (one: T) => Html): Html {
  return html`<h2>${title}</h2>${items.length === 0 ? html`<p>${none}</p>` : html`<ul>${items.map(item)}</ul>`}`;
}

const OUTCOME: Record<VerdictFacts["outcome"], string> = {
  paid: "✓ paid",
  refused: "✕ refused",
  unpaid: "○ valid, not paid",
};

const megahertz = (freqHz: number): string => `${(freqHz / 1e6).toFixed(2)} MHz`;

const beaconView =
  (nowMs: number) =>
  (beacon: BeaconFacts): Html =>
    html`
<li><p><b>${beacon.isSent ? "✓ sent" : `✕ ${beacon.error ?? "not sent"}`}</b>, ${ago(beacon.atMs, nowMs)}</p>
<p class="small">${megahertz(beacon.freqHz)}, SF${beacon.spreadingFactor}${beacon.isSent ? `, ${beacon.powerDbm} dBm` : ""}, ${utcTime(beacon.atMs)}</p></li>`;

const verdictView =
  (nowMs: number) =>
  (verdict: VerdictFacts): Html =>
    html`
<li><p><b>${OUTCOME[verdict.outcome]}</b>${verdict.type === undefined ? "" : ` (${verdict.type})`}, ${ago(verdict.receivedAtMs, nowMs)}</p>
<p class="small">${verdict.sentence}</p>
<p class="small id">by rules ${verdict.parametersHash}</p></li>`;

const witnessView =
  (nowMs: number) =>
  (witness: WitnessFacts): Html =>
    html`
<li><p><b>${witness.rssiDbm} dBm, SNR ${witness.snrDb} dB</b>, ${ago(witness.atMs, nowMs)}</p>
<p class="small">from ${witness.beaconer}, ${megahertz(witness.freqHz)}, SF${witness.spreadingFactor}, ${utcTime(witness.atMs)}</p></li>`;
