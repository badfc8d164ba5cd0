import { SUNSPEC_INVERTERS, type SunSpecModel, type SunSpecPoint } from "./maps/sunspec-models.ts";
import type { ReadRequest, ReadResult } from "./modbus-pdu.ts";
import type { RegisterEntry, RegisterMap } from "./register-map.ts";

/** Reads registers; as `ModbusClient.read` does. */
export type ReadRegisters = (request: ReadRequest) => Promise<ReadResult>;

/** What stands at the beginning: "SunS". */
const MARK = 0x5375_6e53;
/** Where it may stand (SunSpec Device Information Model, 6.2). */
const BASES = [40_000, 50_000, 0];
const COMMON_MODEL = 1;
const END_MODEL = 0xffff;
/** No device has more; a chain that runs in circles ends here. */
const MAX_MODELS = 40;
/** Of the common model: manufacturer and model, 16 registers each, behind id and length. */
const NAME_REGISTERS = 32;

export type SunSpecDiscovery =
  | { ok: true; map: RegisterMap }
  /** Worth another try. */
  | { ok: false; code: "no-answer" }
  /** It answers, and is no inverter that is understood, for this `reason`. */
  | { ok: false; code: "not-found"; reason: string };

/** Finds an inverter's registers: the mark, then from model to model (1, 101 …), each identified by id and length. */
export async function discoverSunSpec(read: ReadRegisters): Promise<SunSpecDiscovery> {
  const base = await findMark(read);
  if (typeof base !== "number") return base;
  const seen: number[] = [];
  let device = "SunSpec inverter";
  for (let address = base + 2; seen.length < MAX_MODELS; ) {
    const head = await readAt(read, address, 2);
    if (head === undefined) return { ok: false, code: "no-answer" };
    if (head === "refused") break;
    const [id, length] = [head.getUint16(0), head.getUint16(2)];
    const model = SUNSPEC_INVERTERS.get(id);
    if (model !== undefined && length >= model.length)
      return { ok: true, map: mapOf(device, address, model) };
    if (id === END_MODEL || address + 2 + length > END_MODEL) break;
    if (id === COMMON_MODEL) device = (await nameOf(read, address, length)) ?? device;
    seen.push(id);
    address += 2 + length;
  }
  return { ok: false, code: "not-found", reason: `no inverter among the SunSpec models ${seen.join(", ")}` };
}

async function findMark(read: ReadRegisters): Promise<number | SunSpecDiscovery> {
  for (const base of BASES) {
    const mark = await readAt(read, base, 2);
    if (mark === undefined) return { ok: false, code: "no-answer" };
    if (mark !== "refused" && mark.getUint32(0) === MARK) return base;
  }
  return { ok: false, code: "not-found", reason: `no SunSpec mark at ${BASES.join(", ")}` };
}

async function readAt(
  read: ReadRegisters,
  address: number,
  count: number,
): Promise<DataView | "refused" | undefined> {
  const result = await read({ function: 3, address, count });
  if (result.ok) return result.registers;
  return result.code.startsWith("illegal-") ? "refused" : undefined;
}

/** "Fronius Primo 5.0", or nothing when it has no name. */
async function nameOf(read: ReadRegisters, address: number, length: number): Promise<string | undefined> {
  if (length < NAME_REGISTERS) return undefined;
  const names = await readAt(read, address + 2, NAME_REGISTERS);
  if (names === undefined || names === "refused") return undefined;
  const bytes = new Uint8Array(names.buffer);
  const texts = [bytes.subarray(0, 32), bytes.subarray(32)].map(printable);
  return texts.filter((text) => text !== "").join(" ") || undefined;
}

const printable = (bytes: Uint8Array): string =>
  String.fromCharCode(...bytes)
    .replace(/[^ -~]/g, "")
    .trim();

/** SunSpec has no more than 250 kW here; its counters end at 32 bits before the power of ten. */
const ENERGY = { rolloversWh: [0, 1, 2, 3].map((power) => 2 ** 32 * 10 ** power), maxPowerW: 250_000 };

const mapOf = (device: string, address: number, { points, length }: SunSpecModel): RegisterMap => ({
  kind: "registers",
  device,
  maxRegisters: length + 2,
  maxGapRegisters: length,
  energy: ENERGY,
  entries: points.map((point) => entryOf(point, address)),
});

/** Values that mean "not implemented"; of a float it is NaN, of a counter zero. */
const ABSENT = { u16: 0xffff, s16: -0x8000, acc32: 0, f32: undefined } as const;

function entryOf(
  { quantity, offset, type, exponentOffset, scale = 1 }: SunSpecPoint,
  model: number,
): RegisterEntry {
  const absent = ABSENT[type];
  return {
    quantity,
    function: 3,
    address: model + offset,
    type: type === "acc32" ? "u32" : type,
    scale,
    ...(absent !== undefined && { absent }),
    ...(exponentOffset !== undefined && { exponentAddress: model + exponentOffset }),
  };
}
