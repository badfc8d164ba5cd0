import { crc24q } from "./crc24q.ts";

/** Packs fields most significant bit first: the other side of `BitReader`, written apart from it. For tests. */
export class BitWriter {
  readonly #bits: string[] = [];

  /** `value` in `width` bits; a negative one as its two's complement. */
  put(value: number, width: number): this {
    const wrapped = BigInt.asUintN(width, BigInt(value));
    if (width > 0) this.#bits.push(wrapped.toString(2).padStart(width, "0"));
    return this;
  }

  mask(numbers: readonly number[], width: number): this {
    for (let number = 1; number <= width; number += 1) this.put(numbers.includes(number) ? 1 : 0, 1);
    return this;
  }

  text(text: string): this {
    this.put(text.length, 8);
    for (const character of text) this.put(character.charCodeAt(0), 8);
    return this;
  }

  bytes(): Uint8Array {
    const text = this.#bits.join("");
    return Uint8Array.from({ length: Math.ceil(text.length / 8) }, (_, at) =>
      Number.parseInt(text.slice(at * 8, at * 8 + 8).padEnd(8, "0"), 2),
    );
  }
}

/** The message with header and checksum. */
export function frame(payload: Uint8Array): Uint8Array {
  const head = [0xd3, payload.length >> 8, payload.length & 0xff, ...payload];
  const crc = crc24q(Uint8Array.from(head));
  return Uint8Array.from([...head, crc >> 16, (crc >> 8) & 0xff, crc & 0xff]);
}

interface WrittenCell {
  satellite: number;
  signal: number;
  /** As sent: indicator and steps, not ms and dB-Hz. */
  lock: number;
  half: number;
  cn0: number;
  /** Whatever stands in the fields of range, phase and rate. */
  noise: number;
}

export interface WrittenMsm {
  type: number;
  stationId?: number;
  time30: number;
  moreFollow?: boolean;
  issueOfDataStation?: number;
  clockSteering?: number;
  externalClock?: number;
  smoothing?: number;
  satellites: readonly number[];
  signals: readonly number[];
  cells: readonly WrittenCell[];
}

const SATELLITE_BITS: Record<number, number[]> = {
  1: [10],
  2: [10],
  3: [10],
  4: [8, 10],
  5: [8, 4, 10, 14],
  6: [8, 10],
  7: [8, 4, 10, 14],
};

type CellField = [keyof WrittenCell, number];
const CELL_BITS: Record<number, CellField[]> = {
  1: [["noise", 15]],
  2: [
    ["noise", 22],
    ["lock", 4],
    ["half", 1],
  ],
  3: [
    ["noise", 37],
    ["lock", 4],
    ["half", 1],
  ],
  4: [
    ["noise", 37],
    ["lock", 4],
    ["half", 1],
    ["cn0", 6],
  ],
  5: [
    ["noise", 37],
    ["lock", 4],
    ["half", 1],
    ["cn0", 6],
    ["noise", 15],
  ],
  6: [
    ["noise", 44],
    ["lock", 10],
    ["half", 1],
    ["cn0", 10],
  ],
  7: [
    ["noise", 44],
    ["lock", 10],
    ["half", 1],
    ["cn0", 10],
    ["noise", 15],
  ],
};

/** An MSM1 to MSM7, header first; cells by satellite, then signal. Too many cells are written all the same. */
export function msmPayload(msm: WrittenMsm): Uint8Array {
  const bits = new BitWriter()
    .put(msm.type, 12)
    .put(msm.stationId ?? 0, 12)
    .put(msm.time30, 30);
  bits.put(msm.moreFollow ? 1 : 0, 1).put(msm.issueOfDataStation ?? 0, 3);
  bits
    .put(0, 7)
    .put(msm.clockSteering ?? 0, 2)
    .put(msm.externalClock ?? 0, 2);
  bits
    .put(msm.smoothing ?? 0, 4)
    .mask(msm.satellites, 64)
    .mask(msm.signals, 32);
  const find = (satellite: number, signal: number) =>
    msm.cells.find((cell) => cell.satellite === satellite && cell.signal === signal);
  const pairs = msm.satellites.flatMap((satellite) => msm.signals.map((signal) => find(satellite, signal)));
  for (const cell of pairs) bits.put(cell === undefined ? 0 : 1, 1);
  const kind = msm.type % 10;
  for (const width of SATELLITE_BITS[kind] ?? []) for (const id of msm.satellites) bits.put(id, width);
  for (const [field, width] of CELL_BITS[kind] ?? []) {
    for (const cell of pairs) if (cell !== undefined) bits.put(cell[field], width);
  }
  return bits.bytes();
}

export interface WrittenPosition {
  type: 1005 | 1006;
  stationId?: number;
  /** Tenths of a millimetre. */
  x: number;
  y: number;
  z: number;
  height?: number;
}

/** A position with the GPS and Galileo bits set, of a real station with a single oscillator. */
export function positionPayload({ type, stationId = 0, x, y, z, height = 0 }: WrittenPosition): Uint8Array {
  const bits = new BitWriter().put(type, 12).put(stationId, 12).put(20, 6).put(0b1010, 4);
  bits.put(x, 38).put(0b10, 2).put(y, 38).put(0, 2).put(z, 38);
  return (type === 1006 ? bits.put(height, 16) : bits).bytes();
}

/** One epoch as a station sends it: GPS and Galileo MSM7 of 12 satellites with two signals each, and a position. */
export function stationEpoch(weekMs: number, { stationId = 7, lock = 500, cn0 = 45 * 16 } = {}): Uint8Array {
  const satellites = Array.from({ length: 12 }, (_, at) => at + 1);
  const signals = [2, 15];
  const cells = satellites.flatMap((satellite) =>
    signals.map((signal) => ({ satellite, signal, lock, half: 0, cn0, noise: 12_345 })),
  );
  const msm = { stationId, time30: weekMs, satellites, signals, cells };
  return Uint8Array.from([
    ...frame(
      positionPayload({ type: 1005, stationId, x: 41_000_000_000, y: 5_000_000_000, z: 48_000_000_000 }),
    ),
    ...frame(msmPayload({ ...msm, type: 1077, moreFollow: true })),
    ...frame(msmPayload({ ...msm, type: 1097, signals: [2, 14], cells: cells.map(toGalileo) })),
  ]);
}

function toGalileo(cell: WrittenCell): WrittenCell {
  return { ...cell, signal: cell.signal === 15 ? 14 : cell.signal };
}
