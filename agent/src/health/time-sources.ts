import { GPS_MINUS_UTC_S, GPS_ROLLOVER_MS } from "@earshot/drivers";
import { EARLIEST_PLAUSIBLE_MS, INTEGRITY_FLAGS } from "@earshot/protocol/hotspot";
import type { AgentStatus } from "../board/agent-status.ts";
import { duration, minuteText } from "./time-text.ts";

/** Judging tolerates 2 s; serial lines and gpsd delay a receiver's time by up to one. */
export const MAX_OFF_MS = 2000;
/** Readings older than this say nothing of the clocks as they are now. */
const FRESH_MS = 60_000;
/** A receiver's date has ten bits for the week: none can tell what is later than this. */
const LATEST_PLAUSIBLE_MS = EARLIEST_PLAUSIBLE_MS + GPS_ROLLOVER_MS;
/** TAI − UTC, seconds, since 2017 (IERS Bulletin C). */
const TAI_MINUS_UTC_S = GPS_MINUS_UTC_S + 19;
const SCALE_TOLERANCE_MS = 1500;
const ZONE_STEP_MS = 1_800_000;
const ZONE_TOLERANCE_MS = 5000;
/** 14 h, in half hours. */
const MAX_ZONES = 28;

/** What the three that know the time say together: this machine's clock, the receiver, and the network's entropy. */
export interface TimeComparison {
  /** This machine's clock minus the receiver's time, as the receiver told it. */
  offMs: number;
  /** The receiver's time now, as it tells it. */
  toldMs: number;
  /** Both may be; where clock and receiver differ and neither is, nothing tells which of the two it is. */
  isHostWrong: boolean;
  isGpsWrong: boolean;
  /** The network's entropy decided it. */
  byNetwork: boolean;
  /** By how many times 1024 weeks the receiver is back; 0 when it is not. */
  weekRollovers: number;
}

type Witnesses = Pick<AgentStatus, "atMs" | "entropy"> & {
  gps?: Pick<NonNullable<AgentStatus["gps"]>, "reading">;
};

/** `undefined` while no receiver with a fix tells a time. */
export function compareTimes({ atMs, gps, entropy }: Witnesses): TimeComparison | undefined {
  const reading = gps?.reading;
  if (reading?.timeMs === undefined || reading.mode < 2) return undefined;
  if (Math.abs(atMs - reading.atMs) > FRESH_MS) return undefined;
  const { timeMs, hostClockOffsetNs, weekRollovers = 0 } = reading;
  const measuredMs = hostClockOffsetNs === undefined ? reading.atMs - timeMs : hostClockOffsetNs / 1e6;
  const offMs = measuredMs + weekRollovers * GPS_ROLLOVER_MS;
  const facts = { offMs, toldMs: atMs - offMs, weekRollovers };
  if (Math.abs(offMs) <= MAX_OFF_MS) {
    return { ...facts, isHostWrong: false, isGpsWrong: false, byNetwork: false };
  }
  const wrong = entropy && wrongByNetwork(atMs, facts.toldMs, entropy);
  if (wrong !== undefined) return { ...facts, ...wrong, byNetwork: true };
  return { ...facts, ...wrongByItself(atMs, facts), byNetwork: false };
}

type Wrong = Pick<TimeComparison, "isHostWrong" | "isGpsWrong">;

/**
 * Entropy is published when its period begins, so it is never earlier than that. Live it comes some seconds later; a first
 * one the broker may have kept, for no longer than it is valid while the network runs, and for any time when it does not.
 */
function wrongByNetwork(
  hostMs: number,
  toldMs: number,
  { atMs, receivedAtMs, validityMs, isLive }: NonNullable<AgentStatus["entropy"]>,
): Wrong | undefined {
  const leastMs = atMs + (hostMs - receivedAtMs) - MAX_OFF_MS;
  const isEarly = (ms: number) => ms < leastMs;
  const spanMs = isLive ? LIVE_DELAY_MS : validityMs;
  const isLate = (ms: number) => ms > leastMs + spanMs + 2 * MAX_OFF_MS;
  const [isHostOff, isGpsOff] = [hostMs, toldMs].map((ms) => isEarly(ms) || isLate(ms));
  if (isHostOff !== isGpsOff) return { isHostWrong: isHostOff === true, isGpsWrong: isGpsOff === true };
  if (!isEarly(hostMs) && !isEarly(toldMs)) return undefined;
  return { isHostWrong: isEarly(hostMs), isGpsWrong: isEarly(toldMs) };
}

function wrongByItself(
  hostMs: number,
  { offMs, toldMs, weekRollovers }: Omit<TimeComparison, keyof Wrong | "byNetwork">,
): Wrong {
  const isImplausible = (ms: number) => ms < EARLIEST_PLAUSIBLE_MS || ms >= LATEST_PLAUSIBLE_MS;
  const [isHostWrong, isGpsWrong] = [isImplausible(hostMs), isImplausible(toldMs)] as const;
  if (isHostWrong || isGpsWrong) return { isHostWrong, isGpsWrong };
  if (weekRollovers !== 0) return { isHostWrong: false, isGpsWrong: true };
  // A time scale without leap seconds is ahead of UTC: a receiver so far ahead has not heard of them yet.
  return { isHostWrong: false, isGpsWrong: offMs < 0 && scaleApart(offMs) !== undefined };
}

/** The time scale that is as far from UTC. */
function scaleApart(offMs: number): string | undefined {
  const isAt = (seconds: number) => Math.abs(Math.abs(offMs) - seconds * 1000) <= SCALE_TOLERANCE_MS;
  if (isAt(GPS_MINUS_UTC_S)) return "GPS time";
  return isAt(TAI_MINUS_UTC_S) ? "TAI" : undefined;
}

/** What comes while it is published is on its way for less. */
const LIVE_DELAY_MS = 10_000;

/** A receiver tells its time each second. */
const TOLD_MS = 5000;
/** By how much gpsd's report of an epoch comes after it; beyond, nobody knows which second it is. */
const ARRIVAL_MS = { least: -200, most: 1200 };
const DISTRUSTED = INTEGRITY_FLAGS.clockStep | INTEGRITY_FLAGS.spoofing;

/**
 * UTC now as GPS has it, ms since the Unix epoch, for stations that label their pulse with it: within half a second of
 * the truth, or `undefined`. By the pulse or by the message that told it, which comes tens to hundreds of ms late; where
 * only whole reports are there (gpsd without TOFF), by this machine's clock when they confirm its second. A receiver
 * that is wrong, doubted, or alone against this machine's clock is not passed on.
 */
export function trustedGpsTimeMs(status: Witnesses & Pick<AgentStatus, "gps">): number | undefined {
  const { atMs, gps } = status;
  const verdict = compareTimes(status);
  if (gps?.reading === undefined || verdict === undefined || verdict.isGpsWrong) return undefined;
  if (atMs - gps.reading.atMs > TOLD_MS || ((gps.integrity?.flags ?? 0) & DISTRUSTED) !== 0) return undefined;
  const { offMs, toldMs, isHostWrong } = verdict;
  if (isHostWrong) return toldMs;
  if (Math.abs(offMs) > MAX_OFF_MS) return undefined;
  if (gps.reading.hostClockOffsetBy !== undefined) return toldMs;
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

/** What is wrong with the time that a receiver tells, and what to do. */
export function receiverTimeFault(verdict: TimeComparison): { text: string; advice: string } {
  const { offMs, toldMs, weekRollovers, byNetwork } = verdict;
  const told = minuteText(toldMs);
  if (weekRollovers !== 0) return rolloverFault(`The receiver says ${told},`, weekRollovers);
  const advice = "Restart the receiver; if it says so again, update its firmware or replace it.";
  if (toldMs < EARLIEST_PLAUSIBLE_MS) {
    return { text: `The receiver says ${told}, before this software was made`, advice };
  }
  const scale = scaleApart(offMs);
  if (scale !== undefined && offMs < 0) {
    const text = `The receiver's time is ${apart(offMs)} ahead: it takes ${scale} for UTC`;
    return { text, advice: `It should know the leap seconds within 15 min of its first fix. ${advice}` };
  }
  const side = offMs < 0 ? "ahead" : "behind";
  const witness = byNetwork ? ": the network agrees with this machine's clock" : "";
  return { text: `The receiver says ${told}, ${apart(offMs)} ${side}${witness}`, advice };
}

/** What a receiver says arrives late by up to a second, so one that is ahead is so by as much more. */
const apart = (offMs: number): string => duration(offMs < 0 ? 1000 * Math.ceil(-offMs / 1000) : offMs);

/** How clock and receiver differ, for who reads about the clock. */
export function clockAgainstReceiver({ offMs, isHostWrong, byNetwork }: TimeComparison): string {
  const off = apart(offMs);
  if (!isHostWrong) return `This machine's clock and the receiver are ${off} apart: ${guessOf(offMs)}`;
  const why = byNetwork ? ", and the network agrees with GPS" : "";
  return `The clock is ${off} ${offMs > 0 ? "ahead of" : "behind"} GPS time${why}`;
}

/** What a difference looks like while nothing tells who is right. */
function guessOf(offMs: number): string {
  const zones = Math.abs(Math.round(offMs / ZONE_STEP_MS));
  const isZone = zones > 0 && zones <= MAX_ZONES;
  if (isZone && Math.abs(Math.abs(offMs) - zones * ZONE_STEP_MS) <= ZONE_TOLERANCE_MS) {
    return "one of them tells local time";
  }
  const scale = scaleApart(offMs);
  if (scale !== undefined) return `one of them counts leap seconds wrongly, as ${scale} has none`;
  return "nothing tells yet which of them is right";
}
