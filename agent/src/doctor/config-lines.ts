import type { DeviceType, FoundDevice } from "@earshot/drivers";
import { DEFAULT_LISTEN } from "../config/lora-schema.ts";

/** A device and how it is reached. */
export interface ReachedDevice {
  device: FoundDevice;
  path: string;
  baudRate: number;
}

/** Everything found that a configuration can name. */
export interface Reachable {
  devices: readonly ReachedDevice[];
  /** gpsd answers on this machine. */
  hasGpsd: boolean;
  /** Where it runs, and the port that it sends to. */
  forwarder?: { from: string; port: number };
  /** LoRa Basics Station runs on this machine. */
  hasStation?: boolean;
}

const RECEIVERS: readonly DeviceType[] = ["ubx", "nmea"];
const MODEMS: readonly DeviceType[] = ["rak3172", "rylr998", "rn2483"];
/** Read by nothing here. */
const UNREADABLE: readonly DeviceType[] = ["sirf"];

const quoted = (value: string | number): string =>
  typeof value === "number" ? `${value}` : JSON.stringify(value);

const lines = (header: string, keys: Readonly<Record<string, string | number | undefined>>): string[] => [
  header,
  ...Object.entries(keys).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} = ${quoted(value)}`],
  ),
];

/**
 * What to paste into the configuration, as TOML. There is one GPS and one radio: of several, the first is configured
 * and the rest stand below as comments.
 */
export function configLines({ devices, hasGpsd, forwarder, hasStation }: Reachable): string {
  const of = (types: readonly DeviceType[]) => devices.filter(({ device }) => types.includes(device.type));
  const gps = of(RECEIVERS).map(serialSection("[gps]"));
  if (hasGpsd) gps.unshift(lines("[gps]", { type: "gpsd" }));
  const radios = of(MODEMS).map(modemSection);
  if (forwarder !== undefined) radios.unshift(forwarderSection(forwarder));
  if (hasStation) radios.push(STATION_SECTION);
  const others = devices.filter(
    ({ device: { type } }) => ![...RECEIVERS, ...MODEMS, ...UNREADABLE].includes(type),
  );
  const sections = [...firstOf(radios), ...firstOf(gps), ...sensorSections(others)];
  return sections.map((section) => `${section.join("\n")}\n`).join("\n");
}

/** A forwarder on another machine cannot reach a loopback address. */
const forwarderSection = ({ from, port }: { from: string; port: number }): string[] =>
  lines("[lora]", { type: "semtech-udp", listen: `${isLoopback(from) ? from : "0.0.0.0"}:${port}` });

const isLoopback = (host: string): boolean => host.startsWith("127.");

const STATION_SECTION = [
  `# Set the station's tc.uri to ws://${DEFAULT_LISTEN["basics-station"]}.`,
  ...lines("[lora]", { type: "basics-station", listen: DEFAULT_LISTEN["basics-station"] }),
];

const serialSection =
  (header: string) =>
  ({ device: { type }, path, baudRate }: ReachedDevice): string[] =>
    lines(header, { type, device: path, baud: baudRate });

/** The channel is the network's to choose: the one that every European hotspot has stands for it. */
const modemSection = (reached: ReachedDevice): string[] => [
  ...serialSection("[lora]")(reached),
  "# The one channel and spreading factor that it listens on: choose your network's.",
  ...lines("freq_mhz = 868.1", { spreading_factor: 9 }),
];

/** The first as it is, the others as comments. */
const firstOf = (sections: readonly string[][]): string[][] =>
  sections.map((section, at) => (at === 0 ? section : section.map((line) => `# ${line}`)));

function sensorSections(devices: readonly ReachedDevice[]): string[][] {
  const count = new Map<string, number>();
  return devices.map(({ device: { type, unit, map, description }, path, baudRate }) => {
    const base = type === "modbus" ? "meter" : type;
    const number = (count.get(base) ?? 0) + 1;
    count.set(base, number);
    const name = number === 1 ? base : `${base}-${number}`;
    const section = lines("[[sensors]]", { name, type, device: path, baud: baudRate, unit, map });
    const isIncomplete = type === "modbus" && map === undefined;
    return isIncomplete
      ? [`# ${description}: find its map.`, ...section.map((line) => `# ${line}`)]
      : section;
  });
}
