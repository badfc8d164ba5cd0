import type { Payload } from "./payload.ts";
import { PayloadWriter } from "./payload-writer.ts";
import { encodeUbxFrame } from "./ubx-frame.ts";

/** One configuration item of generation 9 and later: a key, which encodes its own size, and its value. */
export interface ConfigItem {
  key: number;
  /** Unsigned; 0 or 1 for a flag. Of an eight-byte item, which nothing here sets, the low four bytes. */
  value: number;
}

/** CFG-VALGET answered: the values asked for. */
export interface CfgValues {
  kind: "cfg-values";
  layer: number;
  items: ConfigItem[];
}

/** Where a value is kept: RAM until the receiver restarts, or as well as battery-backed RAM or flash. */
const CONFIG_LAYERS = { ram: 1, batteryBacked: 2, flash: 4 } as const;
export type ConfigLayer = keyof typeof CONFIG_LAYERS;

/** Where CFG-VALGET reads; it numbers the layers differently. */
const READ_LAYERS: Readonly<Record<ConfigLayer | "default", number>> = {
  ram: 0,
  batteryBacked: 1,
  flash: 2,
  default: 7,
};

/** Most items in one message (F9: UBX-CFG-VALSET). */
const MAX_ITEMS = 64;

/** Bytes of a value by bits 28 to 30 of its key; size 1 is a single bit, which travels as a byte. */
const VALUE_BYTES: readonly (number | undefined)[] = [undefined, 1, 1, 2, 4, 8];

function valueBytes(key: number): number | undefined {
  return VALUE_BYTES[(key >>> 28) & 0b111];
}

/**
 * CFG-VALSET, class 06 id 8A (F9, M10: UBX-CFG-VALSET). The receiver accepts all items or, with a NAK, none.
 *
 *     0 version 0 · 1 layers · 4 then each: U4 key and the value in as many bytes as the key encodes
 *
 * @throws {RangeError} for more than 64 items, a key without a known size, or a value that does not fit.
 */
export function encodeCfgValset(items: readonly ConfigItem[], layer: ConfigLayer = "ram"): Uint8Array {
  checkCount(items.length);
  const sizes = items.map(checkedSize);
  const writer = new PayloadWriter(4 + sizes.reduce((sum, size) => sum + 4 + size, 0));
  writer.u1(1, CONFIG_LAYERS[layer]);
  let at = 4;
  for (const [index, { key, value }] of items.entries()) {
    const size = sizes[index] ?? 0;
    writer.u4(at, key);
    if (size === 1) writer.u1(at + 4, value);
    else if (size === 2) writer.u2(at + 4, value);
    else writer.u4(at + 4, value);
    at += 4 + size;
  }
  return encodeUbxFrame({ messageClass: 0x06, id: 0x8a, payload: writer.bytes });
}

/**
 * CFG-VALGET, class 06 id 8B, the question (F9, M10: UBX-CFG-VALGET).
 *
 *     0 version 0 · 1 layer · 2 position · 4 then each: U4 key
 *
 * @throws {RangeError} for more than 64 keys.
 */
export function encodeCfgValget(keys: readonly number[], layer: ConfigLayer | "default" = "ram"): Uint8Array {
  checkCount(keys.length);
  const writer = new PayloadWriter(4 + 4 * keys.length).u1(1, READ_LAYERS[layer]);
  for (const [index, key] of keys.entries()) writer.u4(4 + 4 * index, key);
  return encodeUbxFrame({ messageClass: 0x06, id: 0x8b, payload: writer.bytes });
}

/** CFG-VALGET, class 06 id 8B, the answer: as CFG-VALSET, version 1. */
export function decodeCfgValget(p: Payload): CfgValues | undefined {
  if (p.length < 4 || p.u1(0) !== 1) return undefined;
  const items: ConfigItem[] = [];
  let at = 4;
  while (at + 4 < p.length) {
    const key = p.u4(at);
    const size = valueBytes(key);
    if (size === undefined || at + 4 + size > p.length) return undefined;
    items.push({ key, value: size === 1 ? p.u1(at + 4) : size === 2 ? p.u2(at + 4) : p.u4(at + 4) });
    at += 4 + size;
  }
  return at === p.length ? { kind: "cfg-values", layer: p.u1(1), items } : undefined;
}

function checkCount(count: number): void {
  if (count < 1 || count > MAX_ITEMS)
    throw new RangeError(`${count} configuration items; allowed are 1 to 64`);
}

function checkedSize({ key, value }: ConfigItem): number {
  const size = valueBytes(key);
  if (size === undefined) throw new RangeError(`Configuration key ${key.toString(16)} names no size`);
  const limit = 2 ** (8 * Math.min(size, 4)) - 1;
  if (size === 8 || !Number.isInteger(value) || value < 0 || value > limit) {
    throw new RangeError(
      `Value of key ${key.toString(16)} is ${value}; allowed are whole numbers 0 to ${limit}`,
    );
  }
  return size;
}
