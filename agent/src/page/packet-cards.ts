import { html } from "hono/html";
import type { AgentStatus, BeaconFacts, VerdictFacts, WitnessFacts } from "../board/agent-status.ts";
import { ago, utcTime } from "../health/time-text.ts";
import { card, type Html, megahertz } from "./html.ts";

/** Beacons sent, beacons heard, and the network's verdicts. */
export function packetCards({ beacons, verdicts, witnesses, atMs }: AgentStatus): Html[] {
  return [
    listOf("Last beacons", "No beacon was sent since the agent started.", beacons, beaconItem(atMs)),
    listOf("Last heard", "No beacon was heard since the agent started.", witnesses, witnessItem(atMs)),
    listOf("Last verdicts", "No verdict came since the agent started.", verdicts, verdictItem(atMs)),
  ];
}

function listOf<T>(title: string, none: string, items: readonly T[], item: (one: T) => Html): Html {
  return card(title, items.length === 0 ? html`<p>${none}</p>` : html`<ul>${items.map(item)}</ul>`);
}

const OUTCOME: Record<VerdictFacts["outcome"], string> = {
  paid: "✓ paid",
  refused: "✕ refused",
  unpaid: "○ valid, not paid",
};

const beaconItem =
  (nowMs: number) =>
  (beacon: BeaconFacts): Html =>
    html`
<li><p><b>${beacon.isSent ? "✓ sent" : `✕ ${beacon.error ?? "not sent"}`}</b>, ${ago(beacon.atMs, nowMs)}</p>
<p class="small">${megahertz(beacon.freqHz)}, SF${beacon.spreadingFactor}${beacon.isSent ? `, ${beacon.powerDbm} dBm` : ""}, ${utcTime(beacon.atMs)}</p></li>`;

const verdictItem =
  (nowMs: number) =>
  (verdict: VerdictFacts): Html =>
    html`
<li><p><b>${OUTCOME[verdict.outcome]}</b>${verdict.type === undefined ? "" : ` (${verdict.type})`}, ${ago(verdict.receivedAtMs, nowMs)}</p>
<p class="small">${verdict.sentence}</p>
<p class="small id">by rules ${verdict.parametersHash}</p></li>`;

const witnessItem =
  (nowMs: number) =>
  (witness: WitnessFacts): Html =>
    html`
<li><p><b>${witness.rssiDbm} dBm, SNR ${witness.snrDb} dB</b>, ${ago(witness.atMs, nowMs)}</p>
<p class="small">from ${witness.beaconer}, ${megahertz(witness.freqHz)}${offsetText(witness)}, SF${witness.spreadingFactor}, ${utcTime(witness.atMs)}</p></li>`;

/** `, carrier -1203 Hz off` */
const offsetText = ({ freqOffsetHz }: WitnessFacts): string =>
  freqOffsetHz === undefined ? "" : `, carrier ${freqOffsetHz} Hz off`;
