import { duration, grouped, percent } from "./format.js";

/** What a status packet says, in words. Pure: tests call these without a browser. */

/** Between a number and its unit: no line ends there. */
const THIN = "\u202f";

const FLAGS = ["antenna open or short", "jamming", "spoofing", "position jumped", "clock stepped"];

export const flagsText = (flags) => FLAGS.filter((_, bit) => (flags >> bit) % 2 === 1).join(", ");

const listed = (...words) => words.filter((word) => typeof word === "string").join(", ");

const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;

export function radioText(radio) {
  if (radio === null) return "none attached";
  const { channels, spreadingFactors, ackPermille, temperatureC } = radio;
  return listed(
    channels === null ? "attached" : counted(channels, "channel", "channels"),
    spreadingFactors !== null && counted(spreadingFactors, "spreading factor", "spreading factors"),
    ackPermille !== null && `${ackPermille / 10}${THIN}% acknowledged`,
    temperatureC !== null && `${temperatureC}${THIN}°C`,
  );
}

/** Nothing at all, not even a garbled frame, for an hour: the commonest failure that nothing reports. */
export function trafficText({ fromMs, untilMs, received, garbled }) {
  const span = duration(untilMs - fromMs);
  const all = received + garbled;
  if (all === 0) return `nothing in ${span}: is its antenna connected?`;
  const share = garbled === 0 ? "none of them garbled" : `${percent(garbled / all)} of them garbled`;
  return `${grouped(all)} ${all === 1 ? "frame" : "frames"} in ${span}, ${share}`;
}

/** Most first. */
export const lossesText = ({ counts }) =>
  counts
    .toSorted((one, other) => other.count - one.count)
    .map(({ count, text }) => `${grouped(count)} × ${text}`)
    .join("; ");

export const machineText = ({ cpuTemperatureC, load, diskUsedPermille }) =>
  listed(
    cpuTemperatureC !== null && `${cpuTemperatureC}${THIN}°C`,
    load !== null && `load ${percent(load)}`,
    diskUsedPermille !== null && `disk ${percent(diskUsedPermille / 1000)} full`,
  ) || "not reported";

/** How a witness heard a frame: what its radio tells, no more. */
export const receptionText = ({ rssiDbm, rssiKind, snrDb, freqOffsetHz, fineTimeNs, ...more }) =>
  listed(
    `${minus(rssiDbm)}${THIN}dBm${rssiKind === null ? "" : ` of the ${rssiKind}`}`,
    `SNR ${minus(snrDb)}${THIN}dB`,
    freqOffsetHz !== null && `carrier ${freqOffsetHz > 0 ? "+" : ""}${grouped(freqOffsetHz)}${THIN}Hz`,
    fineTimeNs !== null && `at ${grouped(fineTimeNs)}${THIN}ns of its second`,
    more.fineTimeEncrypted === true && "fine time encrypted",
    more.concentrator !== null && `concentrator ${more.concentrator}`,
    more.antenna !== null && `antenna ${more.antenna}`,
  );

const minus = (number) => String(number).replace("-", "\u2212");
