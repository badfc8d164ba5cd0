import type { IntegrityFinding } from "@earshot/drivers";
import type { AgentStatus, GpsFacts } from "../board/agent-status.ts";
import { type DeviceTexts, deviceProblem } from "./device.ts";
import { attention, broken, ok, type Part } from "./part.ts";
import { comparePosition, distanceText } from "./position.ts";
import { compareTimes, receiverTimeFault } from "./time-sources.ts";
import { ago } from "./time-text.ts";

const TITLE = "GPS";
const SERIAL: DeviceTexts = { title: TITLE, section: "[gps]", firstReadingMs: 20_000, silentMs: 15_000 };
const START_GPSD =
  "Start gpsd (sudo systemctl enable --now gpsd), and check that host and port in [gps] are where it listens.";
/** Behind gpsd the port, its speed and the receiver are gpsd's. */
const GPSD: DeviceTexts = {
  ...SERIAL,
  advice: {
    lost: START_GPSD,
    "not-reached": START_GPSD,
    flapping: "Look why gpsd ends its connections: journalctl -u gpsd; it may be started again and again.",
    silent: "Look at what gpsd gets (gpsmon), then at the receiver's cable and power.",
    "not-gpsd": "Check host and port in [gps]: another program listens there; gpsd's port is 2947.",
    "no-device":
      'Name the receiver in DEVICES of /etc/default/gpsd, as in DEVICES="/dev/ttyACM0", then: sudo systemctl restart gpsd. If it is named there, it is not plugged in, or another program uses it.',
    "device-closed":
      "Check that the receiver is plugged in, that no other program uses it, and its name in DEVICES of /etc/default/gpsd; then: sudo systemctl restart gpsd",
    "device-silent":
      "Check the receiver's power and cable, and what gpsd gets of it: sudo gpsmon; another receiver than GNSS may be in DEVICES of /etc/default/gpsd.",
  },
};

/** What a receiver can be compared with; `doctor` has no entropy. */
type GpsSurroundings = Pick<AgentStatus, "atMs" | "entropy"> & {
  hotspot: Pick<AgentStatus["hotspot"], "asserted">;
};

type Reading = NonNullable<GpsFacts["reading"]>;

/** What is known of a receiver, open or not. */
export type ReceiverFacts = Omit<GpsFacts, "opened" | "lost" | "readings">;

/** Does the receiver send, is its antenna connected, are position and time right, is it jammed or spoofed? */
export function gpsPart(gps: ReceiverFacts, surroundings: GpsSurroundings): Part {
  const { atMs } = surroundings;
  const problem = deviceProblem(gps, gps.type === "gpsd" ? GPSD : SERIAL, atMs);
  if (gps.reading === undefined || gps.lastAtMs === undefined) {
    return problem ?? attention(TITLE, "Waiting for the first reading");
  }
  if (problem?.health === "broken") return problem;
  const { mode, satellitesUsed = 0, inView } = gps.reading;
  const cn0 =
    gps.integrity?.cn0 === undefined ? "" : `, mean ${Math.round(gps.integrity.cn0.meanDbHz)} dB-Hz`;
  const sky = `${satellitesUsed} satellites used, ${inView} in view${cn0}, ${ago(gps.lastAtMs, atMs)}`;
  const fix = `${mode}D fix: ${sky}`;
  return (
    ownAlarm(gps.reading, sky) ??
    doubt(gps.integrity?.findings ?? []) ??
    (mode < 2 ? noFix(gps.reading, sky) : elsewhere(gps.reading, surroundings, fix)) ??
    wrongTime(gps, surroundings, fix) ??
    problem ??
    ok(TITLE, `${fix}${offText(gps.reading, surroundings)}`)
  );
}

const SKY = "Give the GPS antenna a clear view of the sky.";
const FALSE_FIX = "Restart the receiver; if it says so again, update its firmware or replace it.";
const FALSE_FIXES: Record<NonNullable<Reading["falseFix"]>, string> = {
  "at-zero": "No fix: it says latitude 0, longitude 0",
  "no-satellites": "No fix: it says one of 0 satellites",
};

function noFix({ rejectedFix, falseFix }: Reading, sky: string): Part {
  if (falseFix !== undefined) return attention(TITLE, `${FALSE_FIXES[falseFix]}: ${sky}`, FALSE_FIX);
  const text = rejectedFix === undefined ? "No fix" : "The receiver rejects its own fix as too inexact";
  return attention(TITLE, `${text}: ${sky}`, SKY);
}

function elsewhere(reading: Reading, { hotspot }: GpsSurroundings, fix: string): Part | undefined {
  const doubt = hotspot.asserted && comparePosition(hotspot.asserted, reading)?.doubt;
  return doubt && attention(TITLE, `${doubt.text}; ${fix}`, doubt.advice);
}

function offText(reading: Reading, { hotspot }: GpsSurroundings): string {
  const off = hotspot.asserted && comparePosition(hotspot.asserted, reading);
  return off === undefined ? "" : `; ${distanceText(off.offM)} from the asserted position`;
}

function wrongTime(gps: ReceiverFacts, { atMs, entropy }: GpsSurroundings, fix: string): Part | undefined {
  const verdict = compareTimes({ atMs, gps, ...(entropy === undefined ? {} : { entropy }) });
  if (verdict === undefined || !verdict.isGpsWrong) return undefined;
  const { text, advice } = receiverTimeFault(verdict);
  return attention(TITLE, `${text}; ${fix}`, advice);
}

/** Alarms of the receiver itself. */
function ownAlarm(reading: Reading, sky: string): Part | undefined {
  const { antenna, jamming, spoofing } = reading;
  if (antenna === "open" || antenna === "short") {
    const text = `The antenna is ${antenna === "open" ? "not connected" : "shorted"}`;
    return broken(TITLE, text, ADVICE[`antenna_${antenna}`]);
  }
  if (spoofing === "indicated" || spoofing === "affirmed") {
    return attention(TITLE, `The signals look forged: ${sky}`, ADVICE.spoofed);
  }
  return jamming === "critical" ? attention(TITLE, `Jammed: ${sky}`, ADVICE.jammed) : undefined;
}

/** Findings of the last minute; those with an integrity flag first. */
function doubt(findings: readonly IntegrityFinding[]): Part | undefined {
  const [first, ...more] = findings.toSorted(
    (one, other) => Number(other.flag !== undefined) - Number(one.flag !== undefined),
  );
  if (first === undefined) return undefined;
  const text = [first, ...more].map((one) => one.text).join(". ");
  return attention(TITLE, text, ADVICE[first.code]);
}

const ANTENNA = "Check the GPS antenna, its cable and its connectors: water in one is the commonest cause.";
const FORGED =
  "Find out what transmits on GPS frequencies nearby; witnesses of this hotspot are not paid meanwhile.";
const FIXED = "Fix the antenna where it sees the whole sky, and check latitude and longitude in [hotspot].";

const ADVICE: Record<IntegrityFinding["code"], string> = {
  antenna_open: ANTENNA,
  antenna_short: ANTENNA,
  signals_fell: "Look for snow or anything else on the antenna, then for water in its connectors.",
  jammed: "Move the GPS antenna away from transmitters and USB 3 devices.",
  spoofed: FORGED,
  signals_uniform: FORGED,
  position_jumped: FIXED,
  moving: FIXED,
  clock_stepped: "If it happens again, replace the receiver: its time cannot be trusted.",
  host_clock_stepped:
    "Find out what sets this machine's clock (timedatectl, chronyc tracking): only one program may.",
};
