import type { DeviceRow } from "../devices/device-kind.ts";
import { isQuantityName } from "../sensor/sensor-reading.ts";
import { MAX_REGISTERS } from "./modbus-pdu.ts";

export type RegisterType = "u16" | "s16" | "u32" | "s32" | "f32";

/** Where one quantity of a device is found. */
export interface RegisterEntry {
  /** As in a `SensorReading`: `power_w`, `voltage_l1_v`. */
  quantity: string;
  /** 3 holding registers, 4 input registers. */
  function: 3 | 4;
  /** Of the first register, as on the wire: from 0. */
  address: number;
  type: RegisterType;
  /** Of two registers, which comes first; default the high word. */
  wordOrder?: "high-first" | "low-first";
  /** The quantity in its unit = raw · scale. */
  scale: number;
  /** A signed power of ten in a register of its own (SunSpec). */
  exponentAddress?: number;
  /** A raw value that means "not measured". */
  absent?: number;
}

/** What a counter of energy does, for `EnergyCounter`. */
export interface EnergyFacts {
  /** Values at which the counter may begin again, Wh. */
  rolloversWh?: readonly number[];
  /** More power than this cannot pass the meter, W. */
  maxPowerW: number;
}

/** The registers of a device as data. */
export interface RegisterMap {
  kind: "registers";
  device: string;
  /** Most registers in one request. */
  maxRegisters: number;
  /** Registers between two entries that are read along rather than asked for apart. */
  maxGapRegisters: number;
  energy: EnergyFacts;
  entries: readonly RegisterEntry[];
}

/** A map that the configuration can name. */
export interface KnownMeter {
  /** Its row in the README's table, without its `map`. */
  row: DeviceRow;
  /**
   * The mains voltage in the first six input registers, where a meter of this kind has it; `undefined` when what stands
   * there is none. By this it is recognised.
   */
  mainsVoltage?(registers: DataView): number | undefined;
}

/** Mains voltages of all countries, with some margin. */
export const isMainsVoltage = (volts: number): boolean => volts >= 80 && volts <= 300;

export const registersOf = (type: RegisterType): number => (type.endsWith("16") ? 1 : 2);

/** A reading packet carries no more. */
const MAX_ENTRIES = 16;

/** What is wrong with a map, in words; empty when it can be used. */
export function registerMapProblems({ device, entries, energy, ...map }: RegisterMap): string[] {
  const problems: string[] = [];
  const complain = (about: string) => problems.push(`${device}: ${about}`);
  if (entries.length === 0 || entries.length > MAX_ENTRIES) {
    complain(`${entries.length} entries; allowed are 1 to ${MAX_ENTRIES}`);
  }
  if (!isWithin(map.maxRegisters, 2, MAX_REGISTERS)) complain(`maxRegisters is ${map.maxRegisters}`);
  if (!isWithin(map.maxGapRegisters, 0, MAX_REGISTERS)) complain(`maxGapRegisters is ${map.maxGapRegisters}`);
  if (!(energy.maxPowerW > 0)) complain(`maxPowerW is ${energy.maxPowerW}`);
  const names = new Set<string>();
  for (const entry of entries) {
    if (!isQuantityName(entry.quantity)) complain(`"${entry.quantity}" is no quantity name`);
    if (names.has(entry.quantity)) complain(`${entry.quantity} is there twice`);
    names.add(entry.quantity);
    if (!isWithin(entry.address, 0, 0x1_0000 - registersOf(entry.type))) {
      complain(`${entry.quantity} is at ${entry.address}; allowed are 0 to 65535`);
    }
    if (!Number.isFinite(entry.scale) || entry.scale === 0) {
      complain(`the scale of ${entry.quantity} is ${entry.scale}`);
    }
  }
  return [...problems, ...overlaps(entries).map((text) => `${device}: ${text}`)];
}

const isWithin = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;

function overlaps(entries: readonly RegisterEntry[]): string[] {
  const sorted = [...entries].sort((a, b) => a.function - b.function || a.address - b.address);
  return sorted.flatMap((entry, i) => {
    const before = sorted[i - 1];
    if (before === undefined || before.function !== entry.function) return [];
    if (before.address + registersOf(before.type) <= entry.address) return [];
    return [`${before.quantity} and ${entry.quantity} overlap at ${entry.address}`];
  });
}
