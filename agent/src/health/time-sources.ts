import { GPS_MINUS_UTC_S, GPS_ROLLOVER_MS } from "@earshot/drivers";
import { EARLIEST_PLAUSIBLE_MS, INTEGRITY_FLAGS } from "@earshot/protocol/hotspot";
import type { AgentStatus } from "../board/agent-status.ts";
import { duration, minuteText } from "./time-text.ts";

/** Judging tolerates 2 s; serial lines and gpsd delay a receiver's time by up to one. */
export const MAX_OFF_MS = 2000;
/** Older readings do not show how the clocks are now. */
const FRESH_MS = 60_000;
/** A receiver's date has ten bits for the week: later dates cannot be right. */
const LATEST_PLAUSIBLE_MS = EARLIEST_PLAUSIBLE_MS + GPS_ROLLOVER_MS;
/** TAI − UTC, seconds, since 2017 (IERS Bulletin C). */
const TAI_MINUS_UTC_S = GPS_MINUS_UTC_S + 19;
const SCALE_TOLERANCE_MS = 1500;
const ZONE_STEP_MS = 1_800_000;
const ZONE_TOLERANCE_MS = 5000;
/** 14 h, in half hours. */
const MAX_ZONES = 28;

/** The three sources of time compared: this machine's clock, the receiver, and the network's entropy. */
interface TimeComparison {
  /** This machine's clock minus the receiver's time. */
  offMs: number;
  /** The receiver's time now. */
  receiverMs: number;
  /** Both may be wrong. When the two differ and neither is marked, it is not known which one is wrong. */
  isHostWrong: boolean;
  isGpsWrong: boolean;
  /** The network's entropy decided it. */
  byNetwork: boolean;
  /** By how many times 1024 weeks the receiver is behind; 0 when it is not. */
  weekRollovers: number;
}

type TimeSources = Pick<AgentStatus, "atMs" | "entropy"> & {
  gps?: Pick<NonNullable<AgentStatus["gps"]>, "reading">;
};

/** `undefined` while no receiver with a fix gives a time. */
export function compareTimes({ atMs, gps, entropy }: TimeSources): TimeComparison | undefined {
  const reading = gps?.reading;
  if (reading?.timeMs === undefined || reading.mode < 2) return undefined;
  if (Math.abs(atMs - reading.atMs) > FRESH_MS) return undefined;
  const { timeMs, hostClockOffsetNs, weekRollovers = 0 } = reading;
  const measuredMs = hostClockOffsetNs === undefined ? reading.atMs - timeMs : hostClockOffsetNs / 1e6;
  const offMs = measuredMs + weekRollovers * GPS_ROLLOVER_MS;
  const facts = { offMs, receiverMs: atMs - offMs, weekRollovers };
  if (Math.abs(offMs) <= MAX_OFF_MS) {
    return { ...facts, isHostWrong: false, isGpsWrong: false, byNetwork: false };
  }
  const wrong = entropy && wrongByNetwork(atMs, facts.receiverMs, entropy);
  if (wrong !== undefined) return { ...facts, ...wrong, byNetwork: true };
  return { ...facts, ...wrongByItself(atMs, facts), byNetwork: false };
}

type Wrong = Pick<TimeComparison, "isHostWrong" | "isGpsWrong">;

/**
 * Entropy is published when its period begins, never earlier. Live, it arrives some seconds later. The first one of a
 * session may have waited at the broker: while the network runs no longer than it is valid, else for any time.
 */
function wrongByNetwork(
  hostMs: number,
  receiverMs: number,
  { atMs, receivedAtMs, validityMs, isLive }: NonNullable<AgentStatus["entropy"]>,
): Wrong | undefined {
  const leastMs = atMs + (hostMs - receivedAtMs) - MAX_OFF_MS;
  const isEarly = (ms: number) => ms < leastMs;
  const spanMs = isLive ? LIVE_DELAY_MS : validityMs;
  const isLate = (ms: number) => ms > leastMs + spanMs + 2 * MAX_OFF_MS;
  const [isHostOff, isGpsOff] = [hostMs, receiverMs].map((ms) => isEarly(ms) || isLate(ms));
  if (isHostOff !== isGpsOff) return { isHostWrong: isHostOff === true, isGpsWrong: isGpsOff === true };
  if (!isEarly(hostMs) && !isEarly(receiverMs)) return undefined;
  return { isHostWrong: isEarly(hostMs), isGpsWrong: isEarly(receiverMs) };
}

function wrongByItself(
  hostMs: number,
  { offMs, receiverMs, weekRollovers }: Omit<TimeComparison, keyof Wrong | "byNetwork">,
): Wrong {
  const isImplausible = (ms: number) => ms < EARLIEST_PLAUSIBLE_MS || ms >= LATEST_PLAUSIBLE_MS;
  const [isHostWrong, isGpsWrong] = [isImplausible(hostMs), isImplausible(receiverMs)] as const;
  if (isHostWrong || isGpsWrong) return { isHostWrong, isGpsWrong };
  if (weekRollovers !== 0) return { isHostWrong: false, isGpsWrong: true };
  // A time scale without leap seconds is ahead of UTC: a receiver so far ahead has not received them yet.
  return { isHostWrong: false, isGpsWrong: offMs < 0 && timeScaleAt(offMs) !== undefined };
}

/** The time scale whose difference to UTC this is. */
function timeScaleAt(offMs: number): string | undefined {
  const isAt = (seconds: number) => Math.abs(Math.abs(offMs) - seconds * 1000) <= SCALE_TOLERANCE_MS;
  if (isAt(GPS_MINUS_UTC_S)) return "GPS time";
  return isAt(TAI_MINUS_UTC_S) ? "TAI" : undefined;
}

/** Live entropy arrives in less. */
const LIVE_DELAY_MS = 10_000;

/** A receiver sends its time each second: an older one is stale. */
const RECENT_MS = 5000;
/** How long after an epoch gpsd's report of it arrives; outside these limits the second is uncertain. */
const ARRIVAL_MS = { least: -200, most: 1200 };
const DISTRUSTED = INTEGRITY_FLAGS.clockStep | INTEGRITY_FLAGS.spoofing;

/**
 * UTC now by GPS, ms since the Unix epoch, right to half a second, or `undefined`. Stations label their pulse with it.
 *
 * It comes from the pulse, or from the receiver's message, which is tens to hundreds of ms late. Where only whole reports
 * are available (gpsd without TOFF) it is this machine's clock, when they confirm its second. `undefined` also for a
 * receiver that is wrong, doubtful, or differs from this machine's clock with no third source.
 */
export function trustedGpsTimeMs(status: TimeSources & Pick<AgentStatus, "gps">): number | undefined {
  const { atMs, gps } = status;
  const verdict = compareTimes(status);
  if (gps?.reading === undefined || verdict === undefined || verdict.isGpsWrong) return undefined;
  if (atMs - gps.reading.atMs > RECENT_MS || ((gps.integrity?.flags ?? 0) & DISTRUSTED) !== 0)
    return undefined;
  const { offMs, receiverMs, isHostWrong } = verdict;
  if (isHostWrong) return receiverMs;
  if (Math.abs(offMs) > MAX_OFF_MS) return undefined;
  if (gps.reading.hostClockOffsetBy !== undefined) return receiverMs;
  return offMs >= ARRIVAL_MS.least && offMs <= ARRIVAL_MS.most ? atMs : undefined;
}

/** @param subject what the sentence begins with */
export function rolloverFault(subject: string, weekRollovers: number): { text: string; advice: string } {
  const weeks = Math.abs(weekRollovers) * 1024;
  return weekRollovers > 0
    ? {
        text: `${subject} ${weeks} weeks back: its count of weeks began again`,
        advice: "Update the receiver's firmware, or replace the receiver; its position still counts.",
      }
    : {
        text: `${subject} ${weeks} weeks ahead: it counts the weeks wrongly`,
        advice:
          "Update the receiver's firmware and gpsd, or replace the receiver; its position still counts.",
      };
}

/** What is wrong with the receiver's time, and what to do. */
export function receiverTimeFault(verdict: TimeComparison): { text: string; advice: string } {
  const { offMs, receiverMs, weekRollovers, byNetwork } = verdict;
  const receiverTime = minuteText(receiverMs);
  if (weekRollovers !== 0) return rolloverFault(`The receiver says ${receiverTime},`, weekRollovers);
  const advice = "Restart the receiver; if it says so again, update its firmware or replace it.";
  if (receiverMs < EARLIEST_PLAUSIBLE_MS) {
    return { text: `The receiver says ${receiverTime}, before this software was made`, advice };
  }
  const scale = timeScaleAt(offMs);
  if (scale !== undefined && offMs < 0) {
    const text = `The receiver's time is ${apart(offMs)} ahead: it takes ${scale} for UTC`;
    return { text, advice: `It should know the leap seconds within 15 min of its first fix. ${advice}` };
  }
  const side = offMs < 0 ? "ahead" : "behind";
  const confirmation = byNetwork ? ": the network agrees with this machine's clock" : "";
  return { text: `The receiver says ${receiverTime}, ${apart(offMs)} ${side}${confirmation}`, advice };
}

/** A receiver's time arrives up to a second late, so one that is ahead is ahead by up to a second more. */
const apart = (offMs: number): string => duration(offMs < 0 ? 1000 * Math.ceil(-offMs / 1000) : offMs);

/** How this machine's clock and the receiver differ. */
export function clockDifferenceText({ offMs, isHostWrong, byNetwork }: TimeComparison): string {
  const off = apart(offMs);
  if (!isHostWrong) return `This machine's clock and the receiver are ${off} apart: ${likelyCause(offMs)}`;
  const why = byNetwork ? ", and the network agrees with GPS" : "";
  return `The clock is ${off} ${offMs > 0 ? "ahead of" : "behind"} GPS time${why}`;
}

/** The likely cause of a difference, while it is not known which one is right. */
function likelyCause(offMs: number): string {
  const zones = Math.abs(Math.round(offMs / ZONE_STEP_MS));
  const isZone = zones > 0 && zones <= MAX_ZONES;
  if (isZone && Math.abs(Math.abs(offMs) - zones * ZONE_STEP_MS) <= ZONE_TOLERANCE_MS) {
    return "one of them tells local time";
  }
  const scale = timeScaleAt(offMs);
  if (scale !== undefined) return `one of them counts leap seconds wrongly, as ${scale} has none`;
  return "nothing tells yet which of them is right";
}
