import { html } from "hono/html";
import type { GpsFacts, MachineFacts, SensorFacts } from "../board/agent-status.ts";
import { diskUsedPermille, linkText } from "../health/machine.ts";
import { quantityText } from "../health/quantity-text.ts";
import { ago, duration } from "../health/time-text.ts";
import { card, factList, type Html, table } from "./html.ts";

const GIB = 2 ** 30;
/** WGS 84 to about a metre. */
const DEGREE_DIGITS = 5;

/** The receiver's position and signals, and the findings of the last minute. */
export function gpsCard({ reading, integrity }: GpsFacts): Html | undefined {
  if (reading === undefined) return undefined;
  const { mode, latDeg, lonDeg, altMslM, satellitesUsed, inView } = reading;
  const { cn0, offM, maxJammingIndicator, findings = [] } = integrity ?? {};
  const facts = factList([
    ["Fix", mode < 2 ? "none" : `${mode}D`],
    ["Position", positionText(latDeg, lonDeg)],
    ["Altitude", altMslM === undefined ? undefined : `${altMslM.toFixed(0)} m`],
    ["Satellites", `${satellitesUsed ?? 0} used, ${inView} in view`],
    [
      "Signals",
      cn0 === undefined ? undefined : `${cn0.meanDbHz.toFixed(0)} ± ${cn0.spreadDb.toFixed(1)} dB-Hz`,
    ],
    ["Off its own mean", offM === undefined ? undefined : `${offM.latest.toFixed(1)} m`],
    ["This machine's clock", offsetText(integrity)],
    ["Antenna", reading.antenna],
    [
      "Jamming",
      reading.jamming ?? (maxJammingIndicator === undefined ? undefined : `${maxJammingIndicator}`),
    ],
    ["Spoofing", reading.spoofing],
  ]);
  const noticed = html`<ul>${findings.map(({ text }) => html`<li>! ${text}</li>`)}</ul>`;
  return card("GPS", findings.length === 0 ? facts : [facts, noticed]);
}

const positionText = (latDeg?: number, lonDeg?: number): string | undefined =>
  latDeg === undefined || lonDeg === undefined
    ? undefined
    : `${latDeg.toFixed(DEGREE_DIGITS)}, ${lonDeg.toFixed(DEGREE_DIGITS)}`;

function offsetText(integrity: GpsFacts["integrity"]): string | undefined {
  const { hostClockOffsetMs, hostClockOffsetBy } = integrity ?? {};
  if (hostClockOffsetMs === undefined) return undefined;
  const size = `${Math.abs(hostClockOffsetMs).toFixed(hostClockOffsetBy === "pulse" ? 3 : 0)} ms`;
  return `${size} ${hostClockOffsetMs < 0 ? "behind" : "ahead of"} GPS (by ${hostClockOffsetBy ?? "arrival"})`;
}

/** The latest value of each quantity of a sensor. */
export function sensorCard({ source, type, quantities }: SensorFacts, nowMs: number): Html | undefined {
  const values = Object.entries(quantities);
  if (values.length === 0) return undefined;
  const rows = values.map(([name, { value, atMs }]) => {
    const { label, text } = quantityText(name, value);
    return [label, text, ago(atMs, nowMs)];
  });
  return card(`${source} (${type})`, table(["Quantity", "Value", "Last"], rows));
}

export function machineCard({ reading }: MachineFacts): Html | undefined {
  if (reading === undefined) return undefined;
  const used = diskUsedPermille(reading);
  const { cpuTemperatureC, load1min, cores, uptimeS, memoryTotalBytes, memoryAvailableBytes } = reading;
  return card(
    "Machine",
    factList([
      ["Processor", cpuTemperatureC === null ? undefined : `${cpuTemperatureC.toFixed(1)} °C`],
      ["Load", load1min === null ? undefined : `${load1min.toFixed(2)} on ${cores ?? "?"} cores`],
      ["Memory", roomText(memoryAvailableBytes, memoryTotalBytes)],
      ["Disk", used === undefined ? undefined : `${(used / 10).toFixed(0)}% full`],
      ["Storage", reading.disks.map(wearText).join(", ")],
      ["Supply", supplyText(reading)],
      ["Network", reading.links.map(linkText).join(", ")],
      ["Running for", uptimeS === null ? undefined : duration(uptimeS * 1000)],
    ]),
  );
}

const roomText = (free: number | null, total: number | null): string | undefined =>
  free === null || total === null
    ? undefined
    : `${(free / GIB).toFixed(1)} of ${(total / GIB).toFixed(1)} GiB free`;

type Machine = NonNullable<MachineFacts["reading"]>;

function wearText({ device, writtenBytes, lifeUsedPercent }: Machine["disks"][number]): string {
  const written = `${device}: ${(writtenBytes / GIB).toFixed(1)} GiB written`;
  return lifeUsedPercent === null ? written : `${written}, up to ${lifeUsedPercent}% of its life used`;
}

function supplyText({ underVoltage, underVoltageOccurred }: Machine): string | undefined {
  if (underVoltage === null && underVoltageOccurred === null) return undefined;
  if (underVoltage === true) return "too low now";
  return underVoltageOccurred === true ? "was too low since the start" : "well";
}
