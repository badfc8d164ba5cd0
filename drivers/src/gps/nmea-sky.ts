import { omitUndefined } from "@earshot/protocol/runtime";
import type { FixMode, Satellite } from "./gps-reading.ts";
import { integerIn, NmeaFieldError, numberIn } from "./nmea-fields.ts";
import { dop } from "./nmea-sentence.ts";
import { type System, satelliteId, systemOfId, systemOfTalker } from "./satellite-ids.ts";
import { mergeSignals, satelliteKey } from "./satellites.ts";

/** One GSA: 2 fix mode, then the satellites used, PDOP, HDOP, VDOP, and the system id (from NMEA 4.10). */
export interface ActiveSatellites {
  mode: FixMode;
  /** Keys made by `satelliteKey`. */
  used: string[];
  pdop?: number;
  hdop?: number;
  vdop?: number;
}

/** Fields of GSA: 12 satellites, as the standard has it, and the same with a system id; 24 of a Navior CH-4701. */
const GSA_FIELDS: readonly number[] = [17, 18, 29];

/** @throws {NmeaFieldError} when a field is out of its range or the number of fields is wrong. */
export function parseGsa(talker: string, f: readonly string[]): ActiveSatellites {
  if (!GSA_FIELDS.includes(f.length - 1)) {
    throw new NmeaFieldError(`GSA has ${f.length - 1} fields; allowed are ${GSA_FIELDS.join(", ")}`);
  }
  const dopsAt = f.length === 19 ? 15 : f.length - 3;
  const system = systemOfId(f[18]) ?? systemOfTalker(talker);
  const numbers = f.slice(3, dopsAt).map((field) => integerIn(field, 0, 999) ?? 0);
  // GSA of a receiver of several systems under the talker GP or GN numbers them apart.
  const used = numbers
    .filter((number) => number > 0)
    .map((number) => satelliteKey(satelliteId(system, number)));
  const mode = (integerIn(f[2], 1, 3) ?? 0) as FixMode;
  return { mode, used, pdop: dop(f[dopsAt]), hdop: dop(f[dopsAt + 1]), vdop: dop(f[dopsAt + 2]) };
}

/** Most sentences of one GSV report: one of all systems and signals together has more than the standard's 9. */
const MAX_GSV_SENTENCES = 32;

interface GsvSentence {
  system: System | undefined;
  signal: string;
  count: number;
  number: number;
  satellites: Satellite[];
}

/** Satellites of one system, as a numbered run of GSV sentences reports them. */
interface SkyPart {
  satellites: Satellite[];
  /** Running number of the report, to find parts that no longer come. */
  order: number;
  /** The run after it was cut short: the next one that is takes its place. */
  wasCut: boolean;
}

/** A run that is not complete. */
interface Run {
  key: string;
  count: number;
  expected: number;
  satellites: Satellite[];
}

/**
 * Puts GSV sentences together: 1 number of sentences, 2 this one's number, 3 satellites in view, then blocks of
 * 4 (number, elevation, azimuth, C/N0), then the signal id from NMEA 4.10 and, of a Quectel EG25, the system id.
 *
 * Most receivers number the sentences of each signal from 1; a Quectel LC79D counts on over all signals of a talker.
 * So the numbers alone show what belongs together. A satellite reported on several signals is one, with its best C/N0.
 */
export class NmeaSky {
  readonly #parts = new Map<string, SkyPart>();
  /** By talker's system: runs of several talkers may come mixed. */
  readonly #runs = new Map<string, Run>();
  #order = 0;

  /** @throws {NmeaFieldError} when a field is out of its range or the number of fields is wrong. */
  addGsv(talker: string, f: readonly string[]): void {
    const sentence = parseGsv(talker, f);
    const { system, number, count, satellites } = sentence;
    // Talkers outside the table share one run, so that a stranger cannot fill the memory.
    const runKey = system ?? "?";
    const before = this.#runs.get(runKey);
    this.#runs.delete(runKey);
    const isNext = before?.expected === number && before.count === count;
    if (before !== undefined && !isNext) this.#cut(before);
    if (!isNext && number !== 1) return;
    const run = isNext && before !== undefined ? before : { key: partKey(sentence), count, satellites: [] };
    const all = [...run.satellites, ...satellites];
    if (number === count) this.#keep(run.key, all, false);
    else this.#runs.set(runKey, { key: run.key, count, expected: number + 1, satellites: all });
  }

  /** The latest full report; `used` holds the keys of the satellites in the fix, when the receiver reported them. */
  satellites(used: ReadonlySet<string> | undefined): Satellite[] {
    const satellites = mergeSignals([...this.#parts.values()].flatMap((part) => part.satellites));
    if (used === undefined) return satellites;
    return satellites.map((satellite) => ({ ...satellite, used: used.has(satelliteKey(satellite)) }));
  }

  /**
   * A sentence was lost: the run comes again in a second, and the earlier report is used until then. Receivers that
   * never finish what they count are known by cutting twice: part of a sky is better than an old one.
   */
  #cut({ key, satellites }: Run): void {
    const part = this.#parts.get(key);
    if (part !== undefined && !part.wasCut) part.wasCut = true;
    else this.#keep(key, satellites, true);
  }

  /** Parts that did not come since this one came before are no longer in the receiver's cycle. */
  #keep(key: string, satellites: Satellite[], wasCut: boolean): void {
    const previous = this.#parts.get(key)?.order ?? -1;
    for (const [other, part] of this.#parts) if (part.order < previous) this.#parts.delete(other);
    this.#parts.set(key, { satellites, order: this.#order, wasCut });
    this.#order += 1;
  }
}

/** By the first satellite's system: a talker GP or GN may report those of each system in a run of its own. */
const partKey = ({ system, signal, satellites }: GsvSentence): string =>
  `${satellites[0]?.system ?? system ?? "?"} ${signal}`;

function parseGsv(talker: string, f: readonly string[]): GsvSentence {
  const count = integerIn(f[1], 1, MAX_GSV_SENTENCES);
  const number = integerIn(f[2], 1, MAX_GSV_SENTENCES);
  integerIn(f[3], 0, MAX_GSV_SENTENCES * 4);
  const blocks = f.slice(4);
  const [signal = "", systemId, ...more] = blocks.splice(blocks.length - (blocks.length % 4));
  const isWhole = blocks.length <= 16 && more.length === 0 && (count ?? 0) >= (number ?? 1);
  if (!isWhole || count === undefined || number === undefined) {
    throw new NmeaFieldError(`GSV has ${f.length - 1} fields; allowed are 3 and up to four blocks of 4`);
  }
  if (!/^[0-9A-F]?$/i.test(signal) || !/^[1-6]?$/.test(systemId ?? "")) {
    throw new NmeaFieldError(`GSV ends in ${signal},${systemId}; allowed are a signal id and a system id`);
  }
  const system = systemOfId(systemId) ?? systemOfTalker(talker);
  return { system, signal: signal || "0", count, number, satellites: parseBlocks(system, blocks) };
}

function parseBlocks(system: System | undefined, blocks: readonly string[]): Satellite[] {
  const satellites: Satellite[] = [];
  for (let at = 0; at < blocks.length; at += 4) {
    const number = integerIn(blocks[at], 0, 999);
    const elevationDeg = numberIn(blocks[at + 1], -90, 90);
    const azimuthDeg = numberIn(blocks[at + 2], 0, 360);
    const cn0DbHz = numberIn(blocks[at + 3], 0, 99);
    if (number === undefined || number === 0) continue;
    satellites.push(
      omitUndefined({
        ...satelliteId(system, number),
        elevationDeg,
        azimuthDeg,
        cn0DbHz: cn0DbHz === 0 ? undefined : cn0DbHz,
      }),
    );
  }
  return satellites;
}
