import type { ChannelCounts } from "@earshot/drivers";
import type { ChannelFacts, ConcentratorFacts, ForwarderFacts, RadioFacts } from "../board/agent-status.ts";
import { ago, duration } from "../health/time-text.ts";
import { card, count, factList, type Html, megahertz, table } from "./html.ts";

/** Each concentrator with what it heard by radio and channel; of a modem, its one channel. */
export function radioCards(radio: RadioFacts, nowMs: number): Html[] {
  const withStatus = new Set(radio.statuses.map(({ gatewayEui }) => gatewayEui));
  const silent = (radio.forwarders ?? []).filter(({ gatewayEui }) => !withStatus.has(gatewayEui));
  const cards = [
    ...radio.statuses.map((status) => concentratorCard(status, radio, nowMs)),
    ...silent.map((one) => card(`Concentrator ${one.gatewayEui}`, factList(forwarderFacts(one, nowMs)))),
  ];
  const hasCounts = radio.statuses.some(({ channelCounts }) => channelCounts !== undefined);
  if (hasCounts || radio.channels.length === 0) return cards;
  return [...cards, card("Channels", heardTable(radio.channels, nowMs))];
}

function concentratorCard(status: ConcentratorFacts, radio: RadioFacts, nowMs: number): Html {
  const { gatewayEui, radioCounts = [], channelCounts = [] } = status;
  const title = gatewayEui === undefined ? "Radio module" : `Concentrator ${gatewayEui}`;
  const parts: Html[] = [factsOf(status, radio, nowMs)];
  if (radioCounts.length > 0) {
    parts.push(countsTable("Radio", radioCounts, ({ radio: number }) => String(number)));
  }
  if (channelCounts.length > 0) {
    parts.push(countsTable("Channel", channelCounts, ({ freqHz }) => megahertz(freqHz)));
  }
  return card(title, parts);
}

type Fact = readonly [label: string, value: string | undefined];

const forwarderFacts = (
  { lastSeenMs, canTransmit, host, isOnThisMachine }: ForwarderFacts,
  nowMs: number,
): Fact[] => [
  [
    "Runs on",
    isOnThisMachine === undefined ? undefined : isOnThisMachine ? "this machine" : `another machine, ${host}`,
  ],
  ["Last datagram", ago(lastSeenMs, nowMs)],
  ["Asks for transmissions", canTransmit ? "yes" : "no"],
];

function factsOf(status: ConcentratorFacts, radio: RadioFacts, nowMs: number): Html {
  const { rxOk, rxBad, rxNoCrc, transmitted, crcErrorPermille, rxOffPlan, ackPercent } = status;
  const { channels, spreadingFactors, temperatureC, gatewayEui } = status;
  const forwarder = radio.forwarders?.find((one) => one.gatewayEui === gatewayEui);
  return factList([
    ["Hears at once", reach(channels, spreadingFactors)],
    ["Good frames", count(rxOk)],
    ["Bad CRC", crcText(rxBad, crcErrorPermille)],
    ["Without CRC", rxNoCrc === 0 ? undefined : count(rxNoCrc)],
    ["Off the channel plan", rxOffPlan === undefined ? undefined : count(rxOffPlan)],
    ["Transmitted", count(transmitted)],
    ["Acknowledged to it", ackPercent === undefined ? undefined : `${ackPercent}%`],
    ["Hearing", hearingText(status)],
    ["Temperature", temperatureC === undefined ? undefined : `${temperatureC.toFixed(1)} °C`],
    ["Beacons", radio.cannotBeacon === undefined ? undefined : `none: ${radio.cannotBeacon}`],
    ["Last counters", ago(status.atMs, nowMs)],
    ...(forwarder === undefined ? [] : forwarderFacts(forwarder, nowMs)),
  ]);
}

function reach(channels: number | undefined, factors: number | undefined): string | undefined {
  if (channels === 1 && factors === 1) return "one channel, one spreading factor";
  const parts = [
    ...(channels === undefined ? [] : [`${channels} channels`]),
    ...(factors === undefined ? [] : [`${factors} spreading factors`]),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

const crcText = (rxBad: number, permille: number | undefined): string =>
  permille === undefined ? count(rxBad) : `${count(rxBad)} (${(permille / 10).toFixed(1)}%)`;

/** Whether this silence is longer than usual. */
function hearingText({ hearing }: ConcentratorFacts): string | undefined {
  if (hearing === undefined) return undefined;
  const { state, framesPerHour, silentMs } = hearing;
  if (state === "learning") return "learning what is usual";
  const usual = `${framesPerHour < 10 ? framesPerHour.toFixed(1) : Math.round(framesPerHour)} frames an hour are usual`;
  return `${state === "deaf" ? "deaf" : "well"}; ${usual}, silent for ${duration(silentMs)}`;
}

function countsTable<C extends Omit<ChannelCounts, "freqHz">>(
  title: string,
  counts: readonly C[],
  name: (one: C) => string,
): Html {
  return table(
    [title, "Good", "Bad CRC", "Mean RSSI"],
    counts.map((one) => [name(one), count(one.rxOk), count(one.rxBad), dbm(one.rssiDbm)]),
  );
}

function heardTable(channels: readonly ChannelFacts[], nowMs: number): Html {
  return table(
    ["Channel", "Frames", "Best RSSI", "Last"],
    channels.map(({ freqHz, frames, bestRssiDbm, lastAtMs }) => [
      ...[megahertz(freqHz), count(frames), dbm(bestRssiDbm), ago(lastAtMs, nowMs)],
    ]),
  );
}

const dbm = (value: number | undefined): string | undefined =>
  value === undefined ? undefined : `${Math.round(value)} dBm`;
