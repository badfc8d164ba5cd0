import { HEARING_RULES } from "../src/judging/hearing-rules.ts";
import { LEVEL_RULES } from "../src/judging/level-rules.ts";
import type { MatchedContext } from "../src/judging/witness-context.ts";
import { DEFAULT_PARAMETERS } from "../src/parameters/parameters.ts";
import { REGIONS } from "../src/radio/regions.ts";

/** What somebody's receiver reported of one frame. */
export interface Reception {
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
  rssiDbm: number;
  snrDb: number;
  /** NaN where it is not known. */
  distanceM: number;
}

/** Reads the columns freqHz, datarate (SF12BW125), rssiDbm, snrDb and distanceM of a CSV file with a header line. */
export function parseReceptions(csv: string): Reception[] {
  const [header = "", ...lines] = csv.trim().split(/\r?\n/);
  const columns = header.split(",");
  return lines.map((line, i) => {
    const cells = line.split(",");
    const cell = (name: string) => cells[columns.indexOf(name)] ?? "";
    const rate = /^SF(\d+)BW(\d+)$/.exec(cell("datarate"));
    const reception = {
      freqHz: Number(cell("freqHz")),
      spreadingFactor: Number(rate?.[1]),
      bandwidthHz: Number(rate?.[2]) * 1000,
      rssiDbm: Number.parseFloat(cell("rssiDbm")),
      snrDb: Number.parseFloat(cell("snrDb")),
    };
    const wrong = Object.entries(reception).find(([, value]) => !Number.isFinite(value));
    if (wrong) throw new RangeError(`Line ${i + 2} of the receptions: ${wrong[0]} is ${wrong[1]}`);
    return { ...reception, distanceM: Number.parseFloat(cell("distanceM")) };
  });
}

/** The transmitter of the recordings: 14 dBm into some 2 dBi. Receivers' gains are unknown: 2 dBi again. */
const POWER_DBM = 14;
const GAIN_DDBI = 20;
/** Positions are blurred by some 600 m at both ends; nearer than this a distance means nothing for free space. */
const TRUSTED_DISTANCE_M = 2000;
const CHANNELS_HZ = Object.values(REGIONS).flatMap((region) => region.beaconChannelsHz);
/** A frequency further than this from every channel was meant: the recording is of another plan. */
const CHANNEL_REACH_HZ = 50_000;

/** The channel that a frame was sent on, which recordings do not contain. */
const sentOnHz = (freqHz: number): number =>
  CHANNELS_HZ.find((channelHz) => Math.abs(channelHz - freqHz) < CHANNEL_REACH_HZ) ?? freqHz;

/** The reception as if the frame had been a beacon: only what the rules judge by. */
function contextOf(reception: Reception): MatchedContext {
  const { freqHz, spreadingFactor, bandwidthHz, rssiDbm, snrDb, distanceM } = reception;
  const hotspot = { region: "EU868", antennaGainDdbi: GAIN_DDBI };
  const entropyIndex = 29_671_954;
  const atMs = entropyIndex * DEFAULT_PARAMETERS.entropyPeriodMs;
  // Rounded as the agent rounds a forwarder's values.
  const levels = { rssiDbm: Math.round(rssiDbm), snrDdb: Math.round(snrDb * 10) };
  return {
    report: { packet: { atMs, freqHz, spreadingFactor, bandwidthHz, ...levels } },
    hotspot,
    beacon: {
      report: { packet: { atMs, entropyIndex, powerDbm: POWER_DBM } },
      hotspot,
      derived: { freqHz: sentOnHz(freqHz), spreadingFactor, bandwidthHz },
    },
    judging: { parameters: DEFAULT_PARAMETERS },
    distanceM: Number.isFinite(distanceM) ? distanceM : TRUSTED_DISTANCE_M,
  } as unknown as MatchedContext;
}

/** What a network does not pay is not what cannot be: near receptions are as real as others. */
const RULES = [...HEARING_RULES, ...LEVEL_RULES].filter(({ reason }) => reason !== "too_close");

export interface Count {
  receptions: number;
  /** How many each rule would refuse if it were the only one. */
  byRule: Map<string, number>;
  /** How many any rule refuses. */
  refused: number;
}

/** Runs the rules themselves over receptions. */
export function countRefused(receptions: readonly Reception[]): Count {
  const byRule = new Map(RULES.map(({ reason }) => [reason, 0]));
  let refused = 0;
  for (const reception of receptions) {
    const context = contextOf(reception);
    const isFar = reception.distanceM > TRUSTED_DISTANCE_M;
    const reasons = RULES.filter(
      (rule) => (isFar || rule.reason !== "rssi_above_free_space") && rule.check(context) !== undefined,
    ).map(({ reason }) => reason);
    for (const reason of reasons) byRule.set(reason, (byRule.get(reason) ?? 0) + 1);
    if (reasons.length > 0) refused++;
  }
  return { receptions: receptions.length, byRule, refused };
}

export function formatCount({ receptions, byRule, refused }: Count): string {
  const row = (name: string, count: number) =>
    `${name.padEnd(24)}${String(count).padStart(6)}${((100 * count) / receptions).toFixed(3).padStart(9)} %`;
  return [...[...byRule].map(([reason, count]) => row(reason, count)), row("in all", refused)].join("\n");
}
