import type { MachineFacts } from "../board/agent-status.ts";
import { attention, broken, ok, type Part } from "./part.ts";
import { duration } from "./time-text.ts";

const TITLE = "Machine";
/** A Raspberry Pi slows itself down from 80 °C. */
const HOT_C = 80;
const FULL_PERMILLE = 900;
const BUSY_PER_CORE = 4;
const WORN_PERCENT = 90;
/** Below it Wi-Fi loses packets and falls back to its slowest rates. */
const WEAK_DBM = -80;

type Reading = NonNullable<MachineFacts["reading"]>;

/** Is the computer cool, fed, connected, and is there room on its disk? */
export function machinePart({ reading, state, reason, sinceMs }: MachineFacts, nowMs: number): Part {
  if (reading === undefined) {
    if (state !== "lost") return attention(TITLE, `Not looked at yet, for ${duration(nowMs - sinceMs)}`);
    const advice = "Set health = false in [machine] where it cannot.";
    return attention(TITLE, reason ?? "It cannot be looked at", advice);
  }
  const facts = factsText(reading);
  for (const check of [supply, disk, heat, load, wear, network, supplyBefore]) {
    const problem = check(reading, facts);
    if (problem !== undefined) return problem;
  }
  return ok(TITLE, facts);
}

type Check = (reading: Reading, facts: string) => Part | undefined;

const supply: Check = ({ underVoltage }, facts) =>
  underVoltage === true
    ? broken(
        TITLE,
        `The supply voltage is too low now: ${facts}`,
        "Use the board's own power supply and a short cable; writing to the card may fail until then.",
      )
    : undefined;

const disk: Check = (reading, facts) =>
  (diskUsedPermille(reading) ?? 0) >= FULL_PERMILLE
    ? attention(
        TITLE,
        `The disk is nearly full: ${facts}`,
        "Make room: journalctl --vacuum-size=50M, apt clean.",
      )
    : undefined;

const heat: Check = ({ cpuTemperatureC, throttled }, facts) =>
  (cpuTemperatureC ?? 0) >= HOT_C || throttled === true
    ? attention(
        TITLE,
        `${throttled === true ? "It slows itself down" : "Hot"}: ${facts}`,
        "Shade the enclosure and let air through: from 80 °C on it slows itself down.",
      )
    : undefined;

const load: Check = ({ load1min, cores }, facts) =>
  load1min !== null && load1min >= BUSY_PER_CORE * (cores ?? 1)
    ? attention(TITLE, `Overloaded: ${facts}`, "Check what keeps it busy: top.")
    : undefined;

const wear: Check = ({ disks }, facts) => {
  const worn = disks.find(
    ({ lifeUsedPercent, reserve }) => (lifeUsedPercent ?? 0) >= WORN_PERCENT || reserve === "urgent",
  );
  return worn === undefined
    ? undefined
    : attention(
        TITLE,
        `The storage ${worn.device} is worn out: ${facts}`,
        "Replace the card before it fails.",
      );
};

const network: Check = ({ links }, facts) => {
  const connected = links.filter(({ isConnected }) => isConnected === true);
  const weak = connected.find(({ signalDbm }) => signalDbm !== null && signalDbm < WEAK_DBM);
  // A cable carries the traffic where there is one.
  if (weak === undefined || connected.some(({ signalDbm }) => signalDbm === null)) return undefined;
  const advice = "Move the access point nearer, or use a cable: packets come late or are lost.";
  return attention(TITLE, `The signal of ${weak.name} is weak: ${facts}`, advice);
};

const supplyBefore: Check = ({ underVoltageOccurred }, facts) =>
  underVoltageOccurred === true
    ? attention(TITLE, `The supply voltage was too low before: ${facts}`, "Use the board's own power supply.")
    : undefined;

function factsText(reading: Reading): string {
  const { cpuTemperatureC, load1min, cores } = reading;
  const used = diskUsedPermille(reading);
  const facts = [
    cpuTemperatureC === null ? undefined : `${cpuTemperatureC.toFixed(1)} °C`,
    load1min === null
      ? undefined
      : `load ${load1min.toFixed(2)}${cores === null ? "" : ` on ${cores} cores`}`,
    used === undefined ? undefined : `disk ${Math.round(used / 10)}% full`,
    ...reading.links.filter(({ isConnected }) => isConnected === true).map(linkText),
  ];
  return facts.filter((fact) => fact !== undefined).join(", ");
}

/** `wlan0 −61 dBm`, `eth0 1000 Mbit/s` */
export function linkText({ name, isConnected, signalDbm, speedMbps }: Reading["links"][number]): string {
  if (isConnected !== true) return `${name} ${isConnected === null ? "off" : "not connected"}`;
  if (signalDbm !== null) return `${name} ${signalDbm} dBm`;
  return speedMbps === null ? name : `${name} ${speedMbps} Mbit/s`;
}

/** Permille of the file system that holds the agent's state. */
export const diskUsedPermille = ({
  diskTotalBytes: total,
  diskFreeBytes: free,
}: Reading): number | undefined =>
  total === null || free === null || total === 0 ? undefined : Math.round(1000 * (1 - free / total));
