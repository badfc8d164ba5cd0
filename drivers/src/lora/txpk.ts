import { omitUndefined } from "@earshot/protocol/runtime";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { formatLoraDataRate, parseLoraDataRate } from "./data-rate.ts";
import { integerField, numberField, stringField } from "./json-fields.ts";
import type { LoraTransmission } from "./lora-reading.ts";
import { parseTolerantJson, type TolerantObject } from "./tolerant-json.ts";

/** Forwarders read a PULL_RESP into a 1000-byte buffer and drop what does not fit with its final NUL. */
export const MAX_PULL_RESP_BYTES = 999;
const PULL_RESP_HEADER_BYTES = 4;
const MAX_FRAME_BYTES = 255;

/**
 * The JSON of a PULL_RESP that sends at once: LoRaWAN beacon polarity (not inverted), CR 4/5, the forwarder's own
 * preamble, CRC on. Power goes out in whole dBm, rounded down so that a limit is kept.
 *
 * @throws {RangeError} for a transmission no forwarder can send.
 */
export function encodeTxpk(transmission: LoraTransmission): Uint8Array {
  const { bytes, freqHz, powerDbm } = transmission;
  if (bytes.length > MAX_FRAME_BYTES) {
    throw new RangeError(`Frame has ${bytes.length} bytes; allowed are up to ${MAX_FRAME_BYTES}`);
  }
  if (!(freqHz >= 100e6 && freqHz <= 3000e6)) {
    throw new RangeError(`Frequency is ${freqHz} Hz; allowed are 100000000 to 3000000000`);
  }
  const txpk = {
    imme: true,
    freq: Math.round(freqHz) / 1e6,
    rfch: 0,
    powe: wholeDbm(powerDbm),
    modu: "LORA",
    datr: formatLoraDataRate(transmission),
    codr: "4/5",
    ipol: false,
    size: bytes.length,
    data: encodeBase64(bytes),
  };
  const json = new TextEncoder().encode(JSON.stringify({ txpk }));
  if (json.length + PULL_RESP_HEADER_BYTES > MAX_PULL_RESP_BYTES) {
    throw new RangeError(
      `PULL_RESP has ${json.length} bytes of JSON; a forwarder reads ${MAX_PULL_RESP_BYTES}`,
    );
  }
  return json;
}

/**
 * The power as a txpk carries it: whole dBm, rounded down.
 *
 * @throws {RangeError} outside -20 to 40 dBm.
 */
export function wholeDbm(powerDbm: number): number {
  if (!(powerDbm >= -20 && powerDbm <= 40)) {
    throw new RangeError(`Power is ${powerDbm} dBm; allowed are -20 to 40`);
  }
  return Math.floor(powerDbm);
}

/** A txpk as a forwarder understands it. */
export interface Txpk extends LoraTransmission {
  immediate: boolean;
  /** Concentrator counter at which to send, µs; only when not immediate. */
  tmstUs?: number;
  invertedPolarity: boolean;
  withoutCrc: boolean;
}

export type TxpkResult = { ok: true; txpk: Txpk } | { ok: false; code: "json" | "txpk" };

/** The forwarder's side: reads the JSON of a PULL_RESP. LoRa only. `size` wins over the length of the data, as there. */
export function decodeTxpk(json: Uint8Array): TxpkResult {
  const root = parseTolerantJson(new TextDecoder().decode(json));
  if (!root.ok || !(root.value instanceof Map)) return { ok: false, code: "json" };
  const object = root.value.get("txpk");
  const txpk = object instanceof Map ? readTxpk(object) : undefined;
  return txpk === undefined ? { ok: false, code: "txpk" } : { ok: true, txpk };
}

function readTxpk(object: TolerantObject): Txpk | undefined {
  const immediate = object.get("imme") === true;
  const tmstUs = integerField(object, "tmst", 0, 2 ** 32 - 1);
  const freqMhz = numberField(object, "freq", 100, 3000);
  const dataRate = parseLoraDataRate(stringField(object, "datr") ?? "");
  const bytes = decodeBase64(stringField(object, "data") ?? "!");
  const size = integerField(object, "size", 0, MAX_FRAME_BYTES);
  if (!immediate && tmstUs === undefined) return undefined;
  if (freqMhz === undefined || dataRate === undefined || bytes === undefined || size === undefined) {
    return undefined;
  }
  return omitUndefined({
    bytes: bytes.slice(0, size),
    freqHz: Math.round(freqMhz * 1e6),
    ...dataRate,
    powerDbm: integerField(object, "powe", -128, 127) ?? 14,
    immediate,
    tmstUs: immediate ? undefined : tmstUs,
    invertedPolarity: object.get("ipol") === true,
    withoutCrc: object.get("ncrc") === true,
  });
}
