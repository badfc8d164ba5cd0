import type { RegisterGroup } from "./register-groups.ts";
import type { RegisterEntry } from "./register-map.ts";

/** A power of ten that a device may claim (SunSpec: sunssf, −10 to 10). */
const MAX_EXPONENT = 10;

/** The quantities of a group; what the device does not measure is absent. */
export function readGroup({ request, entries }: RegisterGroup, registers: DataView): Record<string, number> {
  const quantities: Record<string, number> = {};
  for (const entry of entries) {
    const value = readEntry(entry, registers, request.address);
    if (value !== undefined) quantities[entry.quantity] = value;
  }
  return quantities;
}

function readEntry(entry: RegisterEntry, registers: DataView, firstAddress: number): number | undefined {
  const raw = readRaw(entry, registers, 2 * (entry.address - firstAddress));
  if (!Number.isFinite(raw) || raw === entry.absent) return undefined;
  if (entry.exponentAddress === undefined) return scaled(raw, entry.scale);
  const exponent = registers.getInt16(2 * (entry.exponentAddress - firstAddress));
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  return scaled(raw, entry.scale * 10 ** exponent);
}

/** Twelve digits: what 2303 · 0.1 has beyond them is the binary fraction's. */
const scaled = (raw: number, scale: number): number => Number((raw * scale).toPrecision(12));

function readRaw({ type, wordOrder }: RegisterEntry, registers: DataView, at: number): number {
  if (type === "u16") return registers.getUint16(at);
  if (type === "s16") return registers.getInt16(at);
  const words = new DataView(new ArrayBuffer(4));
  const [high, low] = wordOrder === "low-first" ? [at + 2, at] : [at, at + 2];
  words.setUint16(0, registers.getUint16(high));
  words.setUint16(2, registers.getUint16(low));
  if (type === "u32") return words.getUint32(0);
  return type === "s32" ? words.getInt32(0) : shortest(words.getFloat32(0));
}

/** The shortest decimal that is this 32-bit float: what the device meant with it. */
function shortest(float: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const decimal = Number(float.toPrecision(digits));
    if (Math.fround(decimal) === float) return decimal;
  }
  return float;
}
