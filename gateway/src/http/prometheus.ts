import type { GatewayMetrics } from "../monitoring/metrics.ts";
import { PROGRAM } from "../monitoring/program.ts";
import type { Health } from "./health.ts";

/** One metric in all its label sets, as in the Prometheus text format 0.0.4. */
interface MetricFamily {
  name: string;
  help: string;
  type: "counter" | "gauge";
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

export function prometheusText(families: readonly MetricFamily[]): string {
  const lines = families.flatMap(({ name, help, type, samples }) => [
    `# HELP ${name} ${escapeHelp(help)}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels = {}, value }) => line(name, labels, value)),
  ]);
  return `${lines.join("\n")}\n`;
}

type Source = Readonly<GatewayMetrics>;

const counter = (name: string, help: string, value: number): MetricFamily => ({
  name: `earshot_${name}_total`,
  help,
  type: "counter",
  samples: [{ value }],
});

const gauge = (name: string, help: string, value: number): MetricFamily => ({
  name: `earshot_${name}`,
  help,
  type: "gauge",
  samples: [{ value }],
});

const by = (
  label: string,
  name: string,
  help: string,
  counts: ReadonlyMap<string, number>,
): MetricFamily => ({
  name: `earshot_${name}_total`,
  help,
  type: "counter",
  samples: [...counts].map(([key, value]) => ({ labels: { [label]: key }, value })),
});

const seconds = (ms: number | null): number => (ms === null ? Number.NaN : ms / 1000);

/** Everything `/metrics` shows. NaN stands for what is not known yet. */
export const gatewayFamilies = (metrics: Source, health: Health, followers: number): MetricFamily[] => [
  {
    ...gauge("build_info", "1, with the program's version", 1),
    samples: [{ labels: { version: PROGRAM.version }, value: 1 }],
  },
  gauge("healthy", "1 when the store answers and entropy is fresh", health.ok ? 1 : 0),
  by("type", "packets_accepted", "New packets stored, by type", metrics.accepted),
  by("quantity", "reading_quantities", "Quantities in new reading packets, by name", metrics.quantities),
  by("quantity", "readings_out_of_bounds", "Of them outside of their bounds, by name", metrics.implausible),
  counter("packets_duplicate", "Packets that were stored already", metrics.duplicates),
  by("reason", "packets_refused", "Packets refused before storing, by reason", metrics.refused),
  counter("batches", "Transactions with packets", metrics.batches),
  counter("batched_packets", "Packets in those transactions", metrics.batchedPackets),
  gauge("largest_batch_packets", "Packets in the largest transaction", metrics.largestBatch),
  by("reason", "logins_refused", "Broker logins refused, by reason", metrics.loginsRefused),
  gauge("connected_clients", "Hotspots connected to the broker", metrics.connectedClients),
  gauge("broker_connections", "Open connections to the embedded broker", metrics.connections),
  gauge("broker_sessions", "Its sessions, also of hotspots that are away", metrics.sessions),
  by("reason", "broker_connections_ended", "Its connections that ended, by reason", metrics.connectionsEnded),
  counter("messages_dropped", "Messages to hotspots not kept: too many wait", metrics.messagesDropped),
  by("reason", "verdicts", "Verdicts given, by reason (ok is paid)", metrics.verdicts),
  by("outcome", "verdict_outcomes", "Verdicts given: paid, unpaid (valid) or refused", metrics.outcomes),
  counter("downlink_failures", "Messages to hotspots that the broker did not take", metrics.downlinkFailures),
  counter("refusals_untold", "Refused packets whose sender was not told", metrics.refusalsUntold),
  gauge("entropy_index", "Index of the newest entropy published, -1 before the first", metrics.entropyIndex),
  counter("entropy_unproven", "Periods without proof of their entropy (drand)", metrics.entropyUnproven),
  gauge("entropy_age_seconds", "Age of the newest entropy", seconds(health.entropyAgeMs)),
  gauge("judged_through_index", "Highest entropy index judged, -1 before the first", metrics.judgedThrough),
  gauge("judged_through_age_seconds", "Age of the newest judged period", seconds(health.judgedThroughAgeMs)),
  gauge("closed_epoch", "The newest closed epoch, -1 before the first", metrics.closedEpoch),
  gauge("log_entries", "Entries of the network's log, -1 before the first", metrics.logSize),
  gauge(
    "log_witnessed_entries",
    "Entries below its newest checkpoint that has the policy's cosignatures, -1 before the first",
    metrics.logWitnessed,
  ),
  by("witness", "log_cosignatures", "Checkpoints cosigned, by witness", metrics.cosignatures),
  by("witness", "log_cosign_failures", "Attempts to have one cosigned that failed", metrics.cosignFailures),
  gauge("event_followers", "Open event streams", followers),
];
