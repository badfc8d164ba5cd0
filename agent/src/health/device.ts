import type { DeviceState, Trouble } from "../board/agent-status.ts";
import { attention, broken, type Part } from "./part.ts";
import { ago, duration } from "./time-text.ts";

/** How people call a device, and where its settings stand. */
export interface DeviceWords {
  title: string;
  /** `[gps]`, `the table of "meter" in [[sensors]]` */
  section: string;
  /** Without a reading for so long, a device that was opened is broken. */
  firstReadingMs: number;
  /** Silent for so long after a reading it is broken. */
  silentMs: number;
  /** It says as much as there is to hear: no flood. */
  mayBeBusy?: true;
  /** What to do, where it is not what helps with any serial port; `lost` where nothing more is known. */
  advice?: Partial<Record<Trouble | "lost" | "flapping" | "damaged", string>>;
}

/** Nothing that is attached to a hotspot has so much to say. */
const FLOOD_PER_S = 60;
/** Damaged frames among this many are a sign of something. */
const DAMAGED_ONE_IN = 20;
const MIN_FRAMES = 100;
/** Lost so often in an hour, a device or session comes and goes. */
export const MANY_LOSSES = 4;
/** What has worked for so long comes and goes no more. */
const STEADY_MS = 600_000;

/** What is wrong with a device as such, whatever it measures; `undefined` when nothing is. */
export function deviceProblem(device: DeviceState, words: DeviceWords, nowMs: number): Part | undefined {
  const { title } = words;
  if (device.state === "lost") return lost(device, words, nowMs);
  if (device.lastAtMs === undefined || device.state === "searching") return waiting(device, words, nowMs);
  const ageMs = nowMs - device.lastAtMs;
  if (ageMs > words.silentMs) {
    const { hint } = device;
    const advice = words.advice?.[hint?.trouble ?? "silent"] ?? "Check the device's cable and power.";
    const why = hint === undefined ? "" : `: ${hint.reason}`;
    return broken(title, `Silent for ${duration(ageMs)}${why}`, advice);
  }
  return disturbed(device, words, nowMs);
}

/** It works, and something is not as it should be. */
function disturbed(device: DeviceState, words: DeviceWords, nowMs: number): Part | undefined {
  const { title, section, mayBeBusy } = words;
  const { sharedWith = [], readingsPerS = 0, droppedPerS = 0, cautions = [], lostInHour = 0 } = device;
  if (sharedWith.length > 0) {
    const text = `Another program reads its port too: ${sharedWith.join(", ")}`;
    return attention(title, text, "Stop that program: each of the two misses what the other one reads.");
  }
  if (lostInHour >= MANY_LOSSES && nowMs - device.sinceMs < STEADY_MS) {
    return attention(title, `It works and ${flappingText(lostInHour)}`, flappingAdvice(words));
  }
  if ((readingsPerS > FLOOD_PER_S && mayBeBusy === undefined) || droppedPerS > 0) {
    const dropped = droppedPerS > 0 ? `, ${Math.ceil(droppedPerS)} of them given up` : "";
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
      words.advice?.damaged ??
      "Check that no other program reads its port (sudo fuser -v DEVICE), and its cable, earth and baud rate.";
    return attention(title, damaged, advice);
  }
  return cautions.length === 0 ? undefined : attention(title, cautions.join(". "));
}

function damagedText({ frames = 0, badFrames = 0 }: DeviceState): string | undefined {
  const total = frames + badFrames;
  if (total < MIN_FRAMES || badFrames * DAMAGED_ONE_IN < total) return undefined;
  return `${badFrames} of ${total} frames came damaged`;
}

function lost(device: DeviceState, words: DeviceWords, nowMs: number): Part {
  const { reason = "It is lost", trouble, sinceMs, lostInHour = 0 } = device;
  const text = `${reason}; lost ${ago(sinceMs, nowMs)}`;
  if (trouble !== undefined || lostInHour < MANY_LOSSES) {
    return broken(words.title, text, adviceFor(trouble, words));
  }
  return broken(words.title, `${text}; it ${flappingText(lostInHour)}`, flappingAdvice(words));
}

export function adviceFor(trouble: Trouble | undefined, { section, advice }: DeviceWords): string {
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

const flappingAdvice = ({ advice, section }: DeviceWords): string =>
  advice?.flapping ??
  `Look for a loose plug, a worn cable or a weak supply; where ${section} names a host, for a program there that ends.`;

function waiting(device: DeviceState, words: DeviceWords, nowMs: number): Part {
  const { title, section } = words;
  const { frames = 0, badFrames = 0, garbageBytes = 0, hint } = device;
  const waitedMs = nowMs - device.sinceMs;
  if (hint !== undefined && waitedMs >= words.firstReadingMs) {
    return broken(title, hint.reason, adviceFor(hint.trouble, words));
  }
  if (hint !== undefined && hint.trouble !== "device-silent") {
    return attention(title, hint.reason, adviceFor(hint.trouble, words));
  }
  if (frames === 0 && badFrames + garbageBytes > 0) {
    const text = `It speaks, but not what was expected: ${badFrames} damaged frames, ${garbageBytes} stray bytes`;
    return broken(title, text, adviceFor("unreadable", words));
  }
  if (waitedMs < words.firstReadingMs) return attention(title, "Waiting for the first reading");
  return broken(
    title,
    `No reading in ${duration(waitedMs)}`,
    words.advice?.silent ?? `Check the device's cable and power, and device and baud in ${section}.`,
  );
}
