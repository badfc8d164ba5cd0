import type { DeviceState, GpsFacts } from "../board/facts.ts";
import { ago } from "./age.ts";
import { type DeviceWords, deviceProblem } from "./device.ts";
import { attention, broken, ok, type Part } from "./part.ts";

const TITLE = "GPS";
const WORDS: DeviceWords = { title: TITLE, section: "[gps]", firstReadingMs: 20_000, silentMs: 15_000 };

/** Does the receiver speak, is its antenna there, does it know where it is, does anybody disturb it? */
export function gpsPart(gps: DeviceState & Pick<GpsFacts, "reading">, nowMs: number): Part {
  const problem = deviceProblem(gps, WORDS, nowMs);
  if (gps.reading === undefined || gps.lastAtMs === undefined) {
    return problem ?? attention(TITLE, "Waiting for the first reading");
  }
  if (problem?.health === "broken") return problem;
  const { mode, satellitesUsed = 0, inView, antenna, jamming, spoofing } = gps.reading;
  if (antenna === "open" || antenna === "short") {
    return broken(
      TITLE,
      `The antenna is ${antenna === "open" ? "not connected" : "shorted"}`,
      "Check the GPS antenna and its cable.",
    );
  }
  const sky = `${satellitesUsed} satellites used, ${inView} in view, ${ago(gps.lastAtMs, nowMs)}`;
  if (spoofing === "indicated" || spoofing === "affirmed") {
    const advice =
      "Find out what transmits on GPS frequencies nearby; witnesses of this hotspot are not paid.";
    return attention(TITLE, `The signals look forged: ${sky}`, advice);
  }
  if (jamming === "critical") {
    return attention(
      TITLE,
      `Jammed: ${sky}`,
      "Move the GPS antenna away from transmitters and USB 3 devices.",
    );
  }
  if (mode < 2) return attention(TITLE, `No fix: ${sky}`, "Give the GPS antenna a clear view of the sky.");
  return problem ?? ok(TITLE, `${mode}D fix: ${sky}`);
}
