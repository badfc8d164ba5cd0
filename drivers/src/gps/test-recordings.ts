import { existsSync, readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ManualClock } from "@earshot/protocol/testing";
import { identify } from "../discovery/identify.ts";
import type { StreamDecoder } from "../link/stream-driver.ts";
import type { GpsReading } from "./gps-reading.ts";
import { NmeaDecoder } from "./nmea.ts";
import { UbxDecoder } from "./ubx/ubx-decoder.ts";

/** gpsd's recordings (`x.log`, with lines of comment) and what gpsd makes of each (`x.log.chk`, JSON lines). */
export const RECORDINGS = new URL("../../../../shared/data/gpsd/", import.meta.url);

/** Names of the recordings in a folder; none where it is absent. */
export const recordingsIn = (folder: URL): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".log"))
        .sort()
    : [];

/** The folder named by `EARSHOT_GPSD_LOGS`, of recordings that nobody has looked at here. */
export function otherRecordings(): URL | undefined {
  const folder = process.env.EARSHOT_GPSD_LOGS;
  return folder === undefined || folder === "" ? undefined : pathToFileURL(`${folder}/`);
}

export const readRecording = (folder: URL, name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(name, folder)));

export interface GpsdAnswer {
  class: string;
  time?: string;
  mode: number;
  status?: number;
  lat?: number;
  lon?: number;
  altMSL?: number;
  altHAE?: number;
  eph?: number;
  epv?: number;
  leapseconds?: number;
  antPwr?: number;
  jam?: number;
  uSat?: number;
  satellites?: { gnssid: number; svid: number; el?: number; az?: number; used: boolean }[];
}

/** gpsd's reports; none where it has no answer on file. Whole numbers above 2^53 are not read exactly. */
export function gpsdAnswers(folder: URL, name: string): GpsdAnswer[] {
  const file = new URL(`${name}.chk`, folder);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "latin1").split("\n");
  return lines.filter((line) => line.startsWith('{"class":"')).flatMap(parsed);
}

function parsed(line: string): GpsdAnswer[] {
  try {
    return [JSON.parse(line)];
  } catch {
    return [];
  }
}

const NO_DATE_MS = Date.UTC(2026, 0, 1);

/** Host date while it was recorded: in its name, else of the header, else of gpsd's first answer. */
export function recordedAtMs(name: string, bytes: Uint8Array, answers: readonly GpsdAnswer[]): number {
  const header = new TextDecoder("latin1").decode(bytes.subarray(0, 4096));
  const named = /\d{4}-\d\d-\d\d/.exec(name)?.[0];
  const date = named ?? /^#\s*Date\s*[:=]\s*(\d{4}-\d\d-\d\d)/m.exec(header)?.[1];
  const text = date ?? answers.find(({ time }) => time !== undefined)?.time;
  const ms = Date.parse(text ?? "");
  return Number.isFinite(ms) ? ms : NO_DATE_MS;
}

export type GpsDecoder = StreamDecoder<GpsReading>;

/** The decoder for what is in these bytes; `undefined` for a protocol that none of them reads. */
export function decoderFor(bytes: Uint8Array, atMs: number): GpsDecoder | undefined {
  const types = identify(bytes).map(({ kind }) => kind.type);
  const clock = new ManualClock(atMs);
  if (types.includes("ubx") || types.includes("rtcm3")) return new UbxDecoder({ clock });
  return types.includes("nmea") ? new NmeaDecoder(clock) : undefined;
}

export function readingsOf(decoder: GpsDecoder, chunks: readonly Uint8Array[]): GpsReading[] {
  return [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.flush()];
}

/** Cuts `bytes` into pieces of these sizes, over and over. */
export function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    cut.push(bytes.subarray(at, at + size));
    at += size;
  }
  return cut;
}
