import {
  BASICS_STATION_LISTEN,
  type DeviceKind,
  type FoundDevice,
  RADIOS,
  RECEIVERS,
  SENSORS,
  type SensorKind,
} from "@earshot/drivers";

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
  const gps = sectionsOf(RECEIVERS, devices, "[gps]");
  if (hasGpsd) gps.unshift(lines("[gps]", { type: "gpsd" }));
  const radios = sectionsOf(RADIOS, devices, "[lora]");
  if (forwarder !== undefined) radios.unshift(forwarderSection(forwarder));
  if (hasStation) radios.push(STATION_SECTION);
  const sections = [...firstOf(radios), ...firstOf(gps), ...sensorSections(devices)];
  return sections.map((section) => `${section.join("\n")}\n`).join("\n");
}

/** A forwarder on another machine cannot reach a loopback address. */
const forwarderSection = ({ from, port }: { from: string; port: number }): string[] =>
  lines("[lora]", { type: "semtech-udp", listen: `${isLoopback(from) ? from : "0.0.0.0"}:${port}` });

const isLoopback = (host: string): boolean => host.startsWith("127.");

const STATION_SECTION = [
  `# Set the station's tc.uri to ws://${BASICS_STATION_LISTEN}.`,
  ...lines("[lora]", { type: "basics-station", listen: BASICS_STATION_LISTEN }),
];

/** Devices of these kinds, each in a section of this header, with what its owner has to choose. */
const sectionsOf = (
  kinds: readonly DeviceKind[],
  devices: readonly ReachedDevice[],
  header: string,
): string[][] =>
  devices.flatMap(({ device: { type }, path, baudRate }) => {
    const kind = kinds.find((one) => one.type === type);
    if (kind === undefined) return [];
    return [[...lines(header, { type, device: path, baud: baudRate }), ...(kind.choices ?? [])]];
  });

/** The first as it is, the others as comments. */
const firstOf = (sections: readonly string[][]): string[][] =>
  sections.map((section, at) => (at === 0 ? section : section.map((line) => `# ${line}`)));

function sensorSections(devices: readonly ReachedDevice[]): string[][] {
  const count = new Map<string, number>();
  return devices.flatMap(({ device, path, baudRate }) => {
    const { type, unit, map, description } = device;
    const kind = SENSORS.find((one: SensorKind) => one.type === type);
    if (kind === undefined) return [];
    const base = kind.source ?? type;
    const number = (count.get(base) ?? 0) + 1;
    count.set(base, number);
    const name = number === 1 ? base : `${base}-${number}`;
    const section = lines("[[sensors]]", { name, type, device: path, baud: baudRate, unit, map });
    const isComplete = !("map" in kind.keys) || map !== undefined;
    return [
      isComplete ? section : [`# ${description}: find its map.`, ...section.map((line) => `# ${line}`)],
    ];
  });
}
