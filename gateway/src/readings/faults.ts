import { type FaultCount, type QuantityFacts, type QuantityScore, quantityFacts } from "@earshot/protocol";

/** Why a quantity does not score 1000. */
interface Fault {
  code: "out_of_bounds" | "jump" | "constant_too_long" | "unavailable";
  /** Periods with it; of `unavailable` silences. */
  times: number;
  /** Of the periods received; of `unavailable` of the time. */
  permille: number;
  /** The newest period with it; null for `unavailable`. */
  lastAtMs: number | null;
  /** A sentence: what is wrong and the likely cause. */
  sentence: string;
}

/** @param latestAtMs of the newest period with the quantity: a fault that it has is one of now */
export function faultsOf(name: string, score: QuantityScore, latestAtMs: number): Fault[] {
  const facts = quantityFacts(name);
  const isNow = ({ lastAtMs }: FaultCount) => lastAtMs === latestAtMs;
  const fault = (code: Fault["code"], { periods, ...rest }: FaultCount, sentence: string): Fault[] =>
    periods === 0 ? [] : [{ code, times: periods, ...rest, sentence }];
  return [
    ...fault(
      "constant_too_long",
      score.constantTooLong,
      constantSentence(score, isNow(score.constantTooLong)),
    ),
    ...fault("out_of_bounds", score.outOfBounds, boundsSentence(score, facts)),
    ...fault("jump", score.jump, jumpSentence(score, facts)),
    ...silence(score),
  ];
}

const constantSentence = ({ longestConstantMs }: QuantityScore, isNow: boolean): string =>
  `${isNow ? "constant for" : "was constant for"} ${lengthText(longestConstantMs)}: the sensor may be stuck`;

const boundsSentence = ({ outOfBounds, received }: QuantityScore, facts: QuantityFacts): string =>
  `${outOfBounds.periods} of ${received} periods not within ${numberText(facts.min)} to ${valueText(facts.max, facts)}: the sensor or its wiring may be at fault`;

function jumpSentence({ jump }: QuantityScore, facts: QuantityFacts): string {
  if (facts.kind === "counter") {
    return `went back ${timesText(jump.periods)} without beginning anew near 0: a meter that is misread, or two on one line`;
  }
  const step = valueText(facts.maxStep ?? 0, facts);
  return `jumped ${timesText(jump.periods)} by more than ${step} from one period to the next: a loose contact, or a sensor that was moved`;
}

function silence({ gaps, missingMs, longestGapMs, availabilityPermille }: QuantityScore): Fault[] {
  if (gaps === 0) return [];
  const longest = gaps === 1 ? "" : `, the longest ${lengthText(longestGapMs)}`;
  const sentence = `nothing came for ${lengthText(missingMs)}${gaps === 1 ? "" : ` in ${gaps} silences`}${longest}`;
  return [
    { code: "unavailable", times: gaps, permille: 1000 - availabilityPermille, lastAtMs: null, sentence },
  ];
}

const valueText = (value: number, { unit }: QuantityFacts): string =>
  `${numberText(value)} ${unit}`.trimEnd();

/** With a true minus, and digits in groups of three from five on. */
const numberText = (value: number): string =>
  String(value)
    .replace("-", "\u2212")
    .replace(/^(\D?)(\d{5,})/, (_, sign, digits) => sign + digits.replace(/\B(?=(\d{3})+$)/g, "\u202f"));

const timesText = (times: number): string => (times === 1 ? "once" : `${times} times`);

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** "7 h", "2 d 3 h", "45 s": the largest unit and what the next one adds. */
export function lengthText(ms: number): string {
  const i = UNITS.findIndex(([size]) => ms >= size);
  if (i === -1) return "less than 1 s";
  const [size, unit] = UNITS[i] as (typeof UNITS)[number];
  const [nextSize, nextUnit] = UNITS[i + 1] ?? [1, ""];
  const whole = Math.floor(ms / size);
  const rest = Math.floor((ms - whole * size) / nextSize);
  return nextUnit === "" || rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${nextUnit}`;
}
