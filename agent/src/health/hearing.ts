import type { ConcentratorFacts, RadioFacts, RadioSetup } from "../board/agent-status.ts";
import { restartAdvice } from "./forwarders.ts";
import { attention, broken, type Part } from "./part.ts";
import { duration } from "./time-text.ts";

/** A share of fewer frames means nothing. */
const MIN_FRAMES = 200;
/** One half of a band is quieter than the other, but not by so much. */
const DEAF_CHAIN_ONE_IN = 50;
/** The forwarder of another region, or another part of the band. */
const OFF_PLAN_PERMILLE = 500;

/** Does the radio hear as it used to, on both of its receivers, and on the channels of this region? */
export function hearingProblem(
  title: string,
  { statuses, setup }: Pick<RadioFacts, "statuses" | "setup">,
): Part | undefined {
  for (const problem of [deaf, deafChain, offPlan]) {
    for (const status of statuses) {
      const found = problem(title, status, setup);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function deaf(title: string, status: ConcentratorFacts, setup: RadioSetup | undefined): Part | undefined {
  const { hearing } = status;
  if (hearing?.state !== "deaf") return undefined;
  const usual = `${Math.round(hearing.framesPerHour)} frames an hour are usual`;
  return broken(
    title,
    `${nameOf(status)} is deaf: it runs, and has heard nothing for ${duration(hearing.silentMs)}, not even damaged frames; ${usual}`,
    `${restartAdvice(setup)}. Still deaf: check antenna, cable and lightning arrester.`,
  );
}

function deafChain(title: string, status: ConcentratorFacts): Part | undefined {
  const heard = (status.radioCounts ?? []).map(({ radio, rxOk, rxBad }) => ({ radio, frames: rxOk + rxBad }));
  const sorted = heard.toSorted((one, other) => one.frames - other.frames);
  const [least] = sorted;
  const most = sorted.at(-1);
  if (least === undefined || most === undefined || most.frames < MIN_FRAMES) return undefined;
  if (least.frames * DEAF_CHAIN_ONE_IN >= most.frames) return undefined;
  return attention(
    title,
    `${nameOf(status)}: radio ${least.radio} heard ${least.frames} frames, radio ${most.radio} ${most.frames}`,
    "One of the concentrator's two receivers hears almost nothing: restart it, and replace it if that stays.",
  );
}

function offPlan(title: string, { rxOffPlan = 0, rxOk, rxBad }: ConcentratorFacts): Part | undefined {
  const heard = rxOk + rxBad;
  if (heard < MIN_FRAMES || rxOffPlan * 1000 < OFF_PLAN_PERMILLE * heard) return undefined;
  return attention(
    title,
    `${rxOffPlan} of ${heard} frames came on channels that the region does not have`,
    "Check region in [hotspot], and the channels in the packet forwarder's global_conf.json: both must be the same plan.",
  );
}

const nameOf = ({ gatewayEui }: ConcentratorFacts): string =>
  gatewayEui === undefined ? "The radio" : `Concentrator ${gatewayEui}`;

/** What the radio can hear at once, where that is known: `8 channels, 6 spreading factors`. */
export function reachText({ statuses }: Pick<RadioFacts, "statuses">): string | undefined {
  const channels = total(
    statuses.map(({ channels, channelCounts }) => channels ?? channelCounts?.length ?? 0),
  );
  const factors = Math.max(0, ...statuses.map(({ spreadingFactors = 0 }) => spreadingFactors));
  if (channels === 1 && factors === 1) return "hears one channel and one spreading factor only";
  const parts = [
    ...(channels > 0 ? [`${channels} channels`] : []),
    ...(factors > 0 ? [`${factors} spreading factors`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(", ");
}

/** The worst of the concentrators. */
export function crcErrorText({ statuses }: Pick<RadioFacts, "statuses">): string | undefined {
  const known = statuses.flatMap(({ crcErrorPermille }) =>
    crcErrorPermille === undefined ? [] : [crcErrorPermille],
  );
  return known.length === 0 ? undefined : `${(Math.max(...known) / 10).toFixed(1)}% with a bad CRC`;
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);
