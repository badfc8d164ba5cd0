import { usbText } from "@earshot/drivers";
import { configLines, type ReachedDevice } from "./config-lines.ts";
import type { Findings, PortFinding } from "./find-devices.ts";

/** LoRa Basics Station, as its process is called. */
const STATION = "station";

const NO_DEVICES = "nothing: name the receiver in DEVICES of /etc/default/gpsd";

/** What was found, in lines for a technician, with the configuration to paste. */
export function findingsText(findings: Findings): string {
  const { ports, gpsd, forwarder, programs, tookMs } = findings;
  const lines = [
    `Serial ports: ${ports.length === 0 ? "none" : ports.length}`,
    ...ports.flatMap(portLines),
    gpsd === undefined
      ? "gpsd: none answers"
      : `gpsd: ${gpsd.release}, reads ${gpsd.devices.length === 0 ? NO_DEVICES : gpsd.devices.join(", ")}`,
    ...forwarderLines(findings),
    ...(programs.length > 0 ? [`Programs that run: ${programs.join(", ")}`] : []),
    `Looked for ${(tookMs / 1000).toFixed(1)} s; nothing was set in any device.`,
  ];
  const toml = configLines({
    devices: ports.flatMap(reached),
    // One that reads nothing is installed, and no receiver is.
    hasGpsd: gpsd !== undefined && gpsd.devices.length > 0,
    hasStation: programs.includes(STATION),
    ...(forwarder?.state === "found" ? { forwarder } : {}),
  });
  return `${lines.join("\n")}\n${toml === "" ? "" : `\nFor the configuration:\n\n${toml}`}`;
}

const reached = ({ port, outcome }: PortFinding): ReachedDevice[] =>
  outcome.state === "found"
    ? [{ device: outcome.device, path: port.stablePath, baudRate: outcome.baudRate }]
    : [];

function portLines({ port, outcome }: PortFinding): string[] {
  const { path, stablePath, usb } = port;
  const names = [path, ...(usb === undefined ? [] : [usbText(usb)])].join("  ");
  return [`  ${names}`, ...(stablePath === path ? [] : [`    ${stablePath}`]), `    ${outcomeText(outcome)}`];
}

function outcomeText(outcome: PortFinding["outcome"]): string {
  switch (outcome.state) {
    case "found":
      return `${outcome.device.description}, at ${outcome.baudRate} baud`;
    case "silent":
      return "silent: nothing is there, it has no power, or it is none of the devices known here";
    case "unknown":
      return `speaks, and is not understood: ${outcome.heard.subarray(0, 16).toHex()} at ${outcome.baudRate} baud`;
    case "failed":
      return `cannot be used: ${outcome.why}`;
    case "skipped":
      return outcome.why;
  }
}

function forwarderLines({ forwarder }: Findings): string[] {
  switch (forwarder?.state) {
    case "found":
      return [
        `Packet forwarder: ${forwarder.gatewayEui} at ${forwarder.from} sends to port ${forwarder.port}`,
      ];
    case "none":
      return [`Packet forwarder: none sends to port ${forwarder.port}`];
    case "taken":
      return [`Packet forwarder: another program listens at port ${forwarder.port} (${forwarder.why})`];
    default:
      return [];
  }
}
