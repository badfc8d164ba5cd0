import type { IntegrityFinding } from "@earshot/drivers";
import type { DeviceState, GpsFacts } from "../board/facts.ts";
import { ago } from "./age.ts";
import { type DeviceWords, deviceProblem } from "./device.ts";
import { attention, broken, ok, type Part } from "./part.ts";

const TITLE = "GPS";
const WORDS: DeviceWords = { title: TITLE, section: "[gps]", firstReadingMs: 20_000, silentMs: 15_000 };

/** Does the receiver speak, is its antenna there, does it know where it is, does anybody disturb it? */
export function gpsPart(gps: DeviceState & Pick<GpsFacts, "reading" | "integrity">, nowMs: number): Part {
  const problem = deviceProblem(gps, WORDS, nowMs);
  if (gps.reading === undefined || gps.lastAtMs === undefined) {
    return problem ?? attention(TITLE, "Waiting for the first reading");
  }
  if (problem?.health === "broken") return problem;
  const { mode, satellitesUsed = 0, inView } = gps.reading;
  const cn0 =
    gps.integrity?.cn0 === undefined ? "" : `, mean ${Math.round(gps.integrity.cn0.meanDbHz)} dB-Hz`;
  const sky = `${satellitesUsed} satellites used, ${inView} in view${cn0}, ${ago(gps.lastAtMs, nowMs)}`;
  return (
    ownAlarm(gps.reading, sky) ??
    doubt(gps.integrity?.findings ?? []) ??
    (mode < 2 ? noFix(gps.reading.rejectedFix !== undefined, sky) : undefined) ??
    problem ??
    ok(TITLE, `${mode}D fix: ${sky}`)
  );
}

function noFix(isRejected: boolean, sky: string): Part {
  const text = isRejected ? "The receiver rejects its own fix as too inexact" : "No fix";
  return attention(TITLE, `${text}: ${sky}`, "Give the GPS antenna a clear view of the sky.");
}

/** What the receiver says of itself. */
function ownAlarm(reading: NonNullable<GpsFacts["reading"]>, sky: string): Part | undefined {
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

/** What was noticed in the last minute, what makes the receiver doubtful first. */
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
