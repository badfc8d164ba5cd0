/** Numbers in words. Pure: tests call these without a browser. */

const THIN = "\u202f";
const MINUS = "\u2212";

const withMinus = (text) => text.replace("-", MINUS);

/** Digits in groups of three, of a number or decimal text of any length. */
export const grouped = (value) =>
  withMinus(String(value)).replace(/^(\D?)(\d+)/, (_, sign, digits) => {
    return sign + digits.replace(/\B(?=(\d{3})+$)/g, THIN);
  });

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** A length of time in its largest unit: "12 s", "3 min", "5 h", "2 d". */
export function duration(ms) {
  const [size, unit] = UNITS.find(([each]) => ms >= each) ?? [1000, "s"];
  return `${Math.max(0, Math.floor(ms / size))}${THIN}${unit}`;
}

export const ageText = (ms) => (ms < 1000 ? "just now" : `${duration(ms)} ago`);

/** Metres, or kilometres from 1 km on. */
export function metres(m) {
  if (m < 1000) return `${Math.round(m)}${THIN}m`;
  const km = (m / 1000).toFixed(m < 10_000 ? 1 : 0).replace(".0", "");
  return `${km}${THIN}km`;
}

export function bytesText(bytes) {
  if (bytes < 1000) return `${bytes}${THIN}B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)}${THIN}kB`;
  return `${(bytes / 1_000_000).toFixed(1)}${THIN}MB`;
}

/** The start and end of an id or hash. */
export const short = (text, head = 8, tail = 6) =>
  text.length <= head + tail + 1 ? text : `${text.slice(0, head)}…${text.slice(-tail)}`;

const tenths = (value) => withMinus((value / 10).toFixed(1));

/** How a measurement's unit, the end of its name, is written. */
const BY_SUFFIX = [
  ["Ddbm", (value) => `${tenths(value)}${THIN}dBm`],
  ["Ddb", (value) => `${tenths(value)}${THIN}dB`],
  ["Dbm", (value) => `${withMinus(String(value))}${THIN}dBm`],
  ["Hz", (value) => hertz(value)],
  ["Ms", (value) => `${withMinus((value / 1000).toFixed(1))}${THIN}s`],
  ["M", (value) => metres(value)],
];

function hertz(hz) {
  if (Math.abs(hz) >= 1_000_000) return `${withMinus((hz / 1_000_000).toFixed(3))}${THIN}MHz`;
  if (Math.abs(hz) >= 1000) return `${withMinus((hz / 1000).toFixed(1))}${THIN}kHz`;
  return `${withMinus(String(hz))}${THIN}Hz`;
}

const WORDS = { rssi: "RSSI", snr: "SNR", freq: "frequency", bound: "limit", eirp: "EIRP" };

/** "distanceM", 508 → "distance 508 m": the unit leaves the name and joins the number. */
export function measurement({ name, value }) {
  const [suffix, write] = BY_SUFFIX.find(([end]) => name.endsWith(end) && name !== end) ?? ["", grouped];
  const words = name
    .slice(0, name.length - suffix.length)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(" ")
    .map((word) => WORDS[word] ?? word);
  return `${words.join(" ")} ${write(value)}`;
}

/** A stable identifier as words: "rssi_above_free_space" → "RSSI above free space". */
export const reasonText = (reason) =>
  reason === "ok"
    ? "paid"
    : reason
        .split("_")
        .map((word) => WORDS[word] ?? word)
        .join(" ");

export const percent = (share) => `${Math.round(share * 100)}${THIN}%`;

/** Degrees with their hemisphere. */
export const coordinates = (latitude, longitude) => {
  const one = (value, positive, negative) =>
    `${Math.abs(value).toFixed(5)}° ${value < 0 ? negative : positive}`;
  return `${one(latitude, "N", "S")}, ${one(longitude, "E", "W")}`;
};

/** Runs of numbers: "1–3, 7". */
export const runs = (ranges) =>
  ranges
    .map(({ first, last }) => (first === last ? grouped(first) : `${grouped(first)}–${grouped(last)}`))
    .join(", ");

/** What is missing between ascending ranges. */
export const gapsBetween = (ranges) =>
  ranges.slice(1).map(({ first }, i) => ({ first: ranges[i].last + 1, last: first - 1 }));
