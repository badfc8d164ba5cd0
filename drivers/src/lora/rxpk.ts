import { type LossReason, PACKET_LIMITS } from "@earshot/protocol/hotspot";
import { omitUndefined } from "@earshot/protocol/runtime";
import { asNumber } from "../link/as-number.ts";
import { decodeBase64 } from "./base64.ts";
import { parseLoraDataRate, parseLrFhssWidthHz } from "./data-rate.ts";
import { receptionTime } from "./gps-time.ts";
import { integerField, numberField, stringField } from "./json-fields.ts";
import type { HeardFrame, LoraFrame, RadioFrame, RssiKind } from "./lora-reading.ts";
import type { TolerantObject } from "./tolerant-json.ts";

/**
 * Why an rxpk is no frame: its CRC was wrong or off, which is noise, or not reported (`frame_crc_unknown`), or a field is
 * missing or outside what a radio can report.
 */
export type RxpkRefusal =
  | "crc-bad"
  | "crc-none"
  | Extract<
      LossReason,
      "frame_crc_unknown" | "frame_frequency" | "frame_modulation" | "frame_data_rate" | "frame_data"
    >;

export type RxpkResult = { ok: true; frame: RadioFrame } | { ok: false; code: RxpkRefusal };

export interface Reception {
  /** Host time of arrival, ms since the Unix epoch. */
  atMs: number;
  gatewayEui: string;
}

const U32_MAX = 2 ** 32 - 1;
const MAX_FRAME_BYTES = 255;
const CODING_RATES: Readonly<Record<string, LoraFrame["codingRate"]>> = {
  "4/5": "4/5",
  "4/6": "4/6",
  "4/7": "4/7",
  "4/8": "4/8",
  OFF: "off",
};

/**
 * One rxpk as a frame. Only its CRC, frequency, modulation, data rate and data must be right; any other field that
 * is missing or outside its range (`nan`, `inf`) is left out. `size` is not read: the data has its own length.
 */
export function readRxpk(rxpk: TolerantObject, reception: Reception): RxpkResult {
  const crc = asNumber(rxpk.get("stat"));
  if (crc === -1) return { ok: false, code: "crc-bad" };
  if (crc === 0) return { ok: false, code: "crc-none" };
  if (crc !== 1) return { ok: false, code: "frame_crc_unknown" };
  const freqMhz = numberField(rxpk, "freq", 100, 3000);
  if (freqMhz === undefined) return { ok: false, code: "frame_frequency" };
  const bytes = decodeBase64(stringField(rxpk, "data") ?? "!");
  if (bytes === undefined || bytes.length > MAX_FRAME_BYTES) return { ok: false, code: "frame_data" };
  const heard = heardFrame(rxpk, reception, Math.round(freqMhz * 1e6), bytes);
  return readModulation(rxpk, heard);
}

function heardFrame(
  rxpk: TolerantObject,
  { atMs, gatewayEui }: Reception,
  freqHz: number,
  bytes: Uint8Array,
): HeardFrame {
  const antenna = bestAntenna(rxpk);
  const own = levelOf(rxpk);
  return omitUndefined({
    kind: "frame",
    atMs,
    bytes,
    freqHz,
    ...(own ?? (antenna && levelOf(antenna))),
    snrDb: snrOf(rxpk) ?? (antenna && snrOf(antenna)),
    tmstUs: integerField(rxpk, "tmst", 0, U32_MAX),
    ...receptionTime(integerField(rxpk, "tmms", 0, Number.MAX_SAFE_INTEGER), stringField(rxpk, "time"), atMs),
    ...(fineTimeOf(rxpk) ?? (antenna && fineTimeOf(antenna))),
    freqOffsetHz: freqOffsetOf(rxpk) ?? (antenna && freqOffsetOf(antenna)),
    channel: integerField(rxpk, "chan", 0, 255) ?? (antenna && integerField(antenna, "chan", 0, 255)),
    radio: integerField(rxpk, "rfch", 0, 255),
    antenna: antennaOf(rxpk) ?? (own === undefined && antenna !== undefined ? antennaOf(antenna) : undefined),
    gatewayEui,
  } as const);
}

function readModulation(rxpk: TolerantObject, heard: HeardFrame): RxpkResult {
  const datr = rxpk.get("datr");
  const rate = typeof datr === "string" ? datr.trim() : "";
  switch (modulationOf(rxpk)) {
    case "LORA": {
      const dataRate = parseLoraDataRate(rate);
      if (dataRate === undefined) return { ok: false, code: "frame_data_rate" };
      const codingRate = CODING_RATES[(stringField(rxpk, "codr") ?? "").toUpperCase()];
      return {
        ok: true,
        frame: omitUndefined({ ...heard, modulation: "lora", ...dataRate, codingRate } as const),
      };
    }
    case "FSK": {
      const bitRateBps = numberField(rxpk, "datr", 1, 1_000_000);
      if (bitRateBps === undefined) return { ok: false, code: "frame_data_rate" };
      return { ok: true, frame: { ...heard, modulation: "fsk", bitRateBps } };
    }
    case "LR-FHSS": {
      const bandwidthHz = parseLrFhssWidthHz(rate);
      if (bandwidthHz === undefined) return { ok: false, code: "frame_data_rate" };
      return { ok: true, frame: { ...heard, modulation: "lr-fhss", bandwidthHz } };
    }
    default:
      return { ok: false, code: "frame_modulation" };
  }
}

/** `modu`, or where it is missing what `datr` implies. */
function modulationOf(rxpk: TolerantObject): string {
  const modu = stringField(rxpk, "modu");
  if (modu !== undefined) return modu.toUpperCase();
  const datr = rxpk.get("datr");
  if (asNumber(datr) !== undefined) return "FSK";
  return typeof datr === "string" && /^M\dCW/i.test(datr) ? "LR-FHSS" : "LORA";
}

/** The strongest antenna of `rsig` (Kerlink, Tektelic), the only place where some gateways give the signal. */
function bestAntenna(rxpk: TolerantObject): TolerantObject | undefined {
  const rsig = rxpk.get("rsig");
  if (!Array.isArray(rsig)) return undefined;
  let best: TolerantObject | undefined;
  for (const antenna of rsig) {
    if (!(antenna instanceof Map)) continue;
    if (best === undefined || strength(antenna) > strength(best)) best = antenna;
  }
  return best;
}

function strength(antenna: TolerantObject): number {
  return levelOf(antenna)?.rssiDbm ?? Number.NEGATIVE_INFINITY;
}

const RSSI_KINDS: readonly [key: string, rssiKind: RssiKind][] = [
  ["rssis", "signal"],
  ["rssi", "channel"],
  ["rssic", "channel"],
];

/** Signal RSSI (`rssis`), else channel RSSI (`rssi`, or `rssic` per antenna), dBm. */
function levelOf(object: TolerantObject): Pick<HeardFrame, "rssiDbm" | "rssiKind"> | undefined {
  for (const [key, rssiKind] of RSSI_KINDS) {
    const rssiDbm = numberField(object, key, -255, 127);
    if (rssiDbm !== undefined) return { rssiDbm, rssiKind };
  }
  return undefined;
}

/** `ftime`, ns; where it is missing an `etime` says that there is one, which only who has the radio's key can read. */
function fineTimeOf(
  object: TolerantObject,
): Pick<HeardFrame, "fineTimeNs" | "fineTimeEncrypted"> | undefined {
  const fineTimeNs = integerField(object, "ftime", ...PACKET_LIMITS.fineTimeNs);
  if (fineTimeNs !== undefined) return { fineTimeNs, fineTimeEncrypted: false };
  return stringField(object, "etime") ? { fineTimeEncrypted: true } : undefined;
}

const freqOffsetOf = (object: TolerantObject): number | undefined =>
  integerField(object, "foff", ...PACKET_LIMITS.freqOffsetHz);

const antennaOf = (object: TolerantObject): number | undefined =>
  integerField(object, "ant", ...PACKET_LIMITS.antenna);

function snrOf(object: TolerantObject): number | undefined {
  return numberField(object, "lsnr", -128, 127);
}
