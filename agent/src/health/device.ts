import type { DeviceHealthFacts, Trouble } from "../board/agent-status.ts";
import { attention, broken, type Part } from "./part.ts";
import { ago, duration } from "./time-text.ts";

/** A device's name for people, its section of the configuration, its limits, and its own advice. */
export interface DeviceTexts {
  title: string;
  /** `[gps]`, `the table of "meter" in [[sensors]]` */
  section: string;
  /** An open device without a first reading after so long is broken. */
  firstReadingMs: number;
  /** A device that is silent for so long after a reading is broken. */
  silentMs: number;
  /** Many readings are no flood: a radio has as many as there are frames. */
  mayBeBusy?: true;
  /** What to do, where the general advice for a serial port does not fit; `lost` where the fault is not known. */
  advice?: Partial<Record<Trouble | "lost" | "flapping" | "damaged", string>>;
}

/** More than anything attached to a hotspot sends. */
const FLOOD_PER_S = 60;
/** One damaged frame in so many is worth a look. */
const DAMAGED_ONE_IN = 20;
const MIN_FRAMES = 100;
/** Lost so often in an hour, a device or session comes and goes. */
export const MANY_LOSSES = 4;
/** A device that has worked for so long is steady again. */
const STEADY_MS = 600_000;

/** What is wrong with a device as such, whatever it measures; `undefined` when nothing is. */
export function deviceProblem(
  device: DeviceHealthFacts,
  texts: DeviceTexts,
  nowMs: number,
): Part | undefined {
  const { title } = texts;
  if (device.state === "lost") return lost(device, texts, nowMs);
  if (device.lastAtMs === undefined || device.state === "searching") return waiting(device, texts, nowMs);
  const ageMs = nowMs - device.lastAtMs;
  if (ageMs > texts.silentMs) {
    const { hint } = device;
    const advice = texts.advice?.[hint?.trouble ?? "silent"] ?? "Check the device's cable and power.";
    const why = hint === undefined ? "" : `: ${hint.reason}`;
    return broken(title, `Silent for ${duration(ageMs)}${why}`, advice);
  }
  return disturbed(device, texts, nowMs);
}

/** It works, but something is not as it should be. */
function disturbed(device: DeviceHealthFacts, texts: DeviceTexts, nowMs: number): Part | undefined {
  const { title, section, mayBeBusy } = texts;
  const { sharedWith = [], readingsPerS = 0, droppedPerS = 0, cautions = [], lostInHour = 0 } = device;
  if (sharedWith.length > 0) {
    const text = `Another program reads its port too: ${sharedWith.join(", ")}`;
    return attention(title, text, "Stop that program: each of the two misses what the other one reads.");
  }
  if (lostInHour >= MANY_LOSSES && nowMs - device.sinceMs < STEADY_MS) {
    return attention(title, `It works and ${flappingText(lostInHour)}`, flappingAdvice(texts));
  }
  if ((readingsPerS > FLOOD_PER_S && mayBeBusy === undefined) || droppedPerS > 0) {
    const dropped = droppedPerS > 0 ? `, ${Math.ceil(droppedPerS)} of them dropped` : "";
    const text = `It floods: ${Math.round(readingsPerS)} readings a second${dropped}`;
    return attention(
      title,
      text,
      `Set the device, or the program behind it, to speak less often (${section}).`,
    );
  }
  const damaged = damagedText(device);
  if (damaged !== undefined) {
    const advice =
      texts.advice?.damaged ??
      "Check that no other program reads its port (sudo fuser -v DEVICE), and its cable, earth and baud rate.";
    return attention(title, damaged, advice);
  }
  return cautions.length === 0 ? undefined : attention(title, cautions.join(". "));
}

function damagedText({ frames = 0, badFrames = 0 }: DeviceHealthFacts): string | undefined {
  const total = frames + badFrames;
  if (total < MIN_FRAMES || badFrames * DAMAGED_ONE_IN < total) return undefined;
  return `${badFrames} of ${total} frames came damaged`;
}

function lost(device: DeviceHealthFacts, texts: DeviceTexts, nowMs: number): Part {
  const { reason = "It is lost", trouble, sinceMs, lostInHour = 0 } = device;
  const text = `${reason}; lost ${ago(sinceMs, nowMs)}`;
  if (trouble !== undefined || lostInHour < MANY_LOSSES) {
    return broken(texts.title, text, adviceFor(trouble, texts));
  }
  return broken(texts.title, `${text}; it ${flappingText(lostInHour)}`, flappingAdvice(texts));
}

export function adviceFor(trouble: Trouble | undefined, { section, advice }: DeviceTexts): string {
  const own = advice?.[trouble ?? "lost"];
  if (own !== undefined) return own;
  switch (trouble) {
    case "in-use":
      return `Stop the other program, or give it another port (${section}); the agent then goes on by itself.`;
    case "unreadable":
      return `Check type and baud in ${section}: another speed or another device. Then the cable.`;
    case "silent":
      return `Check the device's power and cable, RX and TX, and baud in ${section}; it is opened again all the time.`;
    case "no-port":
      return `Check the device's cable and power, and device in ${section}: doctor finds what is attached.`;
    case "no-permission":
      return "Let the agent's user open the port: sudo usermod -aG dialout earshot, then restart the agent.";
    case "not-reached":
      return `Check host and port in ${section}, and that the device or program there runs and is reached from here.`;
    case "settings":
      return `Correct ${section} in the configuration: the sentence says what is allowed.`;
    default:
      return `Check the device's cable and power, and ${section} in the configuration.`;
  }
}

export const flappingText = (lostInHour: number): string =>
  `comes and goes: lost ${lostInHour} times in the last hour`;

const flappingAdvice = ({ advice, section }: DeviceTexts): string =>
  advice?.flapping ??
  `Look for a loose plug, a worn cable or a weak supply; where ${section} names a host, for a program there that ends.`;

function waiting(device: DeviceHealthFacts, texts: DeviceTexts, nowMs: number): Part {
  const { title, section } = texts;
  const { frames = 0, badFrames = 0, garbageBytes = 0, hint } = device;
  const waitedMs = nowMs - device.sinceMs;
  if (hint !== undefined && waitedMs >= texts.firstReadingMs) {
    return broken(title, hint.reason, adviceFor(hint.trouble, texts));
  }
  if (hint !== undefined && hint.trouble !== "device-silent") {
    return attention(title, hint.reason, adviceFor(hint.trouble, texts));
  }
  if (frames === 0 && badFrames + garbageBytes > 0) {
    const text = `It speaks, but not what was expected: ${badFrames} damaged frames, ${garbageBytes} stray bytes`;
    return broken(title, text, adviceFor("unreadable", texts));
  }
  if (waitedMs < texts.firstReadingMs) return attention(title, "Waiting for the first reading");
  return broken(
    title,
    `No reading in ${duration(waitedMs)}`,
    texts.advice?.silent ?? `Check the device's cable and power, and device and baud in ${section}.`,
  );
}
