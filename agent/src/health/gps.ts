import type { GpsFacts } from "../board/facts.ts";
import { ago, duration } from "./age.ts";
import { attention, broken, ok, type Part } from "./part.ts";

const TITLE = "GPS";
const SILENT_MS = 15_000;
const FIRST_READING_MS = 20_000;

/** Does the receiver speak, is its antenna there, does it know where it is? */
export function gpsPart(gps: GpsFacts, nowMs: number): Part {
  if (gps.state === "lost") {
    return broken(
      TITLE,
      gps.reason ?? "lost",
      "Check the receiver's cable and power, and [gps] in the configuration.",
    );
  }
  if (gps.reading === undefined || gps.lastAtMs === undefined) return silentFromTheStart(gps, nowMs);
  const ageMs = nowMs - gps.lastAtMs;
  if (ageMs > SILENT_MS) {
    return broken(TITLE, `Silent for ${duration(ageMs)}`, "Check the receiver's cable and power.");
  }
  const { mode, satellitesUsed = 0, inView, antenna } = gps.reading;
  if (antenna === "open" || antenna === "short") {
    return broken(
      TITLE,
      `The antenna is ${antenna === "open" ? "not connected" : "shorted"}`,
      "Check the GPS antenna and its cable.",
    );
  }
  const sky = `${satellitesUsed} satellites used, ${inView} in view, ${ago(gps.lastAtMs, nowMs)}`;
  if (mode < 2) return attention(TITLE, `No fix: ${sky}`, "Give the GPS antenna a clear view of the sky.");
  return ok(TITLE, `${mode}D fix: ${sky}`);
}

function silentFromTheStart(gps: GpsFacts, nowMs: number): Part {
  const unreadable = (gps.badFrames ?? 0) + (gps.garbageBytes ?? 0);
  if (unreadable > 0) {
    return broken(TITLE, "The receiver speaks, but not what was expected", "Check [gps] type and baud.");
  }
  const waitedMs = nowMs - gps.sinceMs;
  if (waitedMs < FIRST_READING_MS) return attention(TITLE, "Waiting for the first reading");
  return broken(
    TITLE,
    `No reading in ${duration(waitedMs)}`,
    "Check the receiver's cable and power, and [gps] device and baud.",
  );
}
