import { formatSeconds } from "../network/format-measurement.ts";
import { entropyTimeMs } from "../time/schedule.ts";
import type { Rule } from "./types.ts";
import type { MatchedContext } from "./witness-context.ts";

/** Radios tune in steps (61 Hz on SX127x) and forwarders print kHz; channels lie 100 kHz and more apart. */
const FREQUENCY_TOLERANCE_HZ = 1000;

const outsideValidity: Rule<MatchedContext> = {
  reason: "outside_validity",
  check({ report, beacon, judging: { parameters } }) {
    const { clockSkewMs, entropyValidityMs, hearingDelayMs } = parameters;
    const afterMs = report.packet.atMs - entropyTimeMs(beacon.report.packet.entropyIndex, parameters);
    const isValid = afterMs >= -clockSkewMs && afterMs <= entropyValidityMs + clockSkewMs + hearingDelayMs;
    return isValid ? undefined : [{ name: "afterEntropyMs", value: afterMs }];
  },
  explain: ({ afterEntropyMs }) =>
    `The beacon was heard ${formatSeconds(afterEntropyMs)} after its entropy, when it could not be on air: check the hotspot's clock (NTP or GPS).`,
};

/** Two clocks, each off by the allowed skew either way, and the delay between sending and hearing. */
const heardApart: Rule<MatchedContext> = {
  reason: "heard_apart",
  check({ report, beacon, judging: { parameters } }) {
    const apartMs = report.packet.atMs - beacon.report.packet.atMs;
    const allowedMs = 2 * parameters.clockSkewMs + parameters.hearingDelayMs;
    return Math.abs(apartMs) > allowedMs
      ? [
          { name: "apartMs", value: apartMs },
          { name: "allowedMs", value: allowedMs },
        ]
      : undefined;
  },
  explain: ({ apartMs = 0, allowedMs }) =>
    `Heard ${formatSeconds(Math.abs(apartMs))} ${apartMs < 0 ? "before" : "after"} it was sent (${formatSeconds(allowedMs)} are allowed): check this hotspot's clock (NTP or GPS), then the beaconer's.`,
};

const otherRegion: Rule<MatchedContext> = {
  reason: "other_region",
  check: ({ hotspot, beacon }) => (hotspot.region === beacon.hotspot.region ? undefined : []),
  explain: () =>
    "The beaconer asserts another region: a receiver on this region's channel plan cannot hear it. Check the asserted region.",
};

const wrongFrequency: Rule<MatchedContext> = {
  reason: "wrong_frequency",
  check({ report, beacon }) {
    const offsetHz = report.packet.freqHz - beacon.derived.freqHz;
    return Math.abs(offsetHz) > FREQUENCY_TOLERANCE_HZ ? [{ name: "offsetHz", value: offsetHz }] : undefined;
  },
  explain: ({ offsetHz }) =>
    `Heard ${offsetHz} Hz away from where it was sent: check the packet forwarder's channel plan.`,
};

const wrongDataRate: Rule<MatchedContext> = {
  reason: "wrong_data_rate",
  check: ({ report: { packet }, beacon: { derived } }) =>
    packet.spreadingFactor === derived.spreadingFactor && packet.bandwidthHz === derived.bandwidthHz
      ? undefined
      : [
          { name: "spreadingFactor", value: packet.spreadingFactor },
          { name: "bandwidthHz", value: packet.bandwidthHz },
          { name: "sentSpreadingFactor", value: derived.spreadingFactor },
          { name: "sentBandwidthHz", value: derived.bandwidthHz },
        ],
  explain: ({ spreadingFactor, bandwidthHz, sentSpreadingFactor, sentBandwidthHz }) =>
    `Heard with SF${spreadingFactor} at ${bandwidthHz} Hz, but it was sent with SF${sentSpreadingFactor} at ${sentBandwidthHz} Hz: a radio cannot do that.`,
};

const tooClose: Rule<MatchedContext> = {
  reason: "too_close",
  check: ({ distanceM, judging: { parameters } }) =>
    distanceM < parameters.minDistanceM
      ? [
          { name: "distanceM", value: distanceM },
          { name: "minDistanceM", value: parameters.minDistanceM },
        ]
      : undefined,
  explain: ({ distanceM, minDistanceM }) =>
    `The beaconer stands ${distanceM} m away; coverage is proven from ${minDistanceM} m.`,
};

const tooFar: Rule<MatchedContext> = {
  reason: "too_far",
  check: ({ distanceM, judging: { parameters } }) =>
    distanceM > parameters.maxDistanceM
      ? [
          { name: "distanceM", value: distanceM },
          { name: "maxDistanceM", value: parameters.maxDistanceM },
        ]
      : undefined,
  explain: ({ distanceM, maxDistanceM }) =>
    `The beaconer stands ${distanceM} m away, and this network pays for up to ${maxDistanceM} m. Nothing to do here if both positions are asserted correctly.`,
};

/** When, on which channel and how far away a beacon was heard. */
export const HEARING_RULES: readonly Rule<MatchedContext>[] = [
  outsideValidity,
  heardApart,
  otherRegion,
  wrongFrequency,
  wrongDataRate,
  tooClose,
  tooFar,
];
