import { integerIn, NmeaFieldError, numberIn } from "./nmea-fields.ts";
import { dop } from "./nmea-sentence.ts";
import type { FixMode, Satellite } from "./reading.ts";
import { satelliteId, systemOfId, systemOfTalker } from "./satellite-ids.ts";
import { defined, mergeSignals, satelliteKey } from "./satellites.ts";

/** One GSA: 2 fix mode, 3–14 satellites used, 15 PDOP, 16 HDOP, 17 VDOP, 18 system id (from NMEA 4.10). */
export interface ActiveSatellites {
  mode: FixMode;
  /** Keys made by `satelliteKey`. */
  used: string[];
  pdop?: number;
  hdop?: number;
  vdop?: number;
}

/** @throws {NmeaFieldError} when a field is out of its range or the number of fields is wrong. */
export function parseGsa(talker: string, f: readonly string[]): ActiveSatellites {
  if (f.length !== 18 && f.length !== 19) {
    throw new NmeaFieldError(`GSA has ${f.length - 1} fields; allowed are 17, 18`);
  }
  const system = systemOfId(f[18]) ?? systemOfTalker(talker);
  const numbers = f.slice(3, 15).map((field) => integerIn(field, 0, 999) ?? 0);
  // GSA of a receiver of several systems under the talker GP or GN numbers them apart.
  const used = numbers
    .filter((number) => number > 0)
    .map((number) => satelliteKey(satelliteId(system, number)));
  const mode = (integerIn(f[2], 1, 3) ?? 0) as FixMode;
  return { mode, used, pdop: dop(f[15]), hdop: dop(f[16]), vdop: dop(f[17]) };
}

/** Most sentences of one GSV report: 16 × 4 satellites. */
const MAX_GSV_SENTENCES = 16;

/** Satellites of one talker on one signal, as a numbered run of GSV sentences tells them. */
interface SkyPart {
  satellites: Satellite[];
  /** Running number of the report, to find parts that are told no more. */
  order: number;
}

interface UnfinishedPart {
  expected: number;
  satellites: Satellite[];
}

/**
 * Puts GSV sentences together: 1 number of sentences, 2 this one's number, 3 satellites in view, then blocks of
 * 4 (number, elevation, azimuth, C/N0), then the signal id from NMEA 4.10. A satellite told on several signals is
 * one satellite, with its best C/N0.
 */
export class NmeaSky {
  readonly #parts = new Map<string, SkyPart>();
  readonly #unfinished = new Map<string, UnfinishedPart>();
  #order = 0;

  /** @throws {NmeaFieldError} when a field is out of its range or the number of fields is wrong. */
  addGsv(talker: string, f: readonly string[]): void {
    const count = integerIn(f[1], 1, MAX_GSV_SENTENCES);
    const number = integerIn(f[2], 1, MAX_GSV_SENTENCES);
    integerIn(f[3], 0, MAX_GSV_SENTENCES * 4);
    const blocks = f.slice(4);
    const signal = blocks.length % 4 === 1 ? blocks.pop() : undefined;
    if (blocks.length % 4 !== 0 || blocks.length > 16 || count === undefined || number === undefined) {
      throw new NmeaFieldError(`GSV has ${f.length - 1} fields; allowed are 3 and up to four blocks of 4`);
    }
    // Talkers outside the table share one part, so that a stranger cannot fill the memory.
    const system = systemOfTalker(talker);
    const key = `${system ?? "?"} ${Number.parseInt(signal || "0", 16) & 0xf}`;
    this.#collect(key, { count, number, satellites: parseBlocks(system, blocks) });
  }

  /** The latest full report; `used` holds the keys of the satellites in the fix, when the receiver told them. */
  satellites(used: ReadonlySet<string> | undefined): Satellite[] {
    const satellites = mergeSignals([...this.#parts.values()].flatMap((part) => part.satellites));
    if (used === undefined) return satellites;
    return satellites.map((satellite) => ({ ...satellite, used: used.has(satelliteKey(satellite)) }));
  }

  #collect(key: string, sentence: { count: number; number: number; satellites: Satellite[] }): void {
    const { count, number, satellites } = sentence;
    const before = number === 1 ? { expected: 1, satellites: [] } : this.#unfinished.get(key);
    this.#unfinished.delete(key);
    // A sentence was lost: the part is told again in a second.
    if (before === undefined || before.expected !== number || number > count) return;
    const all = [...before.satellites, ...satellites];
    if (number < count) this.#unfinished.set(key, { expected: number + 1, satellites: all });
    else this.#finish(key, all);
  }

  /** Parts that were not told since this one was told before have gone from the receiver's round. */
  #finish(key: string, satellites: Satellite[]): void {
    const previous = this.#parts.get(key)?.order ?? -1;
    for (const [other, part] of this.#parts) if (part.order < previous) this.#parts.delete(other);
    this.#parts.set(key, { satellites, order: this.#order });
    this.#order += 1;
  }
}

function parseBlocks(system: Satellite["system"] | undefined, blocks: readonly string[]): Satellite[] {
  const satellites: Satellite[] = [];
  for (let at = 0; at < blocks.length; at += 4) {
    const number = integerIn(blocks[at], 0, 999);
    const elevationDeg = numberIn(blocks[at + 1], -90, 90);
    const azimuthDeg = numberIn(blocks[at + 2], 0, 360);
    const cn0DbHz = numberIn(blocks[at + 3], 0, 99);
    if (number === undefined || number === 0) continue;
    satellites.push(
      defined({
        ...satelliteId(system, number),
        elevationDeg,
        azimuthDeg,
        cn0DbHz: cn0DbHz === 0 ? undefined : cn0DbHz,
      }),
    );
  }
  return satellites;
}
