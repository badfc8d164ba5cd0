import { type LossReason, PACKET_LIMITS, REGIONS, type RegionId } from "@earshot/protocol/hotspot";
import { omitUndefined } from "@earshot/protocol/runtime";
import { receptionTime } from "../gps-time.ts";
import type { HeardFrame, RadioFrame, RssiKind } from "../lora-reading.ts";
import { rebuildFrame } from "./lorawan-frame.ts";
import { bigintOf, integerOf, type LosslessObject, numberOf, objectOf } from "./lossless-json.ts";
import { planRadios, type RadioPlan } from "./radio-plan.ts";
import { STATION_REGIONS, type StationRegion } from "./station-regions.ts";

/** Why an uplink made no frame. */
export type UplinkRefusal = Extract<LossReason, "frame_fields" | "frame_frequency" | "frame_data_rate">;

export type UplinkResult = { ok: true; frame: RadioFrame } | { ok: false; code: UplinkRefusal };

export interface UplinkOrigin {
  atMs: number;
  gatewayEui: string;
  rssiKind?: RssiKind;
}

/** Station keeps RSSI in one unsigned byte, negated, and SNR in a signed byte of quarter dB. */
const [LEAST_RSSI_DBM, MAX_SNR_DB] = [-255, 32];

/** By the platform a station was built for (its `setup.gmk`). */
const RSSI_KINDS: ReadonlyMap<string | undefined, RssiKind> = new Map([
  ["corecell", "signal"],
  ["linux", "channel"],
  ["linuxpico", "channel"],
  ["linuxV2", "channel"],
  ["rpi", "channel"],
  ["kerlink", "channel"],
]);

/**
 * What the levels of a station are of: those of SX1302 boards are the signal's, of older ones the channel's (its
 * `ral_lgw.c` and `ral_lgw2.c`).
 *
 * @param version as in its `version` message: `2.0.6(corecell/std)`
 */
export const rssiKindOf = (version: string | undefined): RssiKind | undefined =>
  RSSI_KINDS.get(/\((\w+)\//.exec(version ?? "")?.[1]);

/** Reads the uplinks of one region's stations. */
export class StationUplinkReader {
  readonly #region: StationRegion;
  readonly #rangeHz: readonly [number, number];
  readonly #plan: RadioPlan;

  constructor(id: RegionId) {
    this.#region = STATION_REGIONS[id];
    this.#rangeHz = REGIONS[id].rangeHz;
    this.#plan = planRadios(REGIONS[id].beaconChannelsHz);
  }

  /**
   * A message that carries a frame (`updf`, `jreq`, `propdf` …) as a reading. What is missing or out of range in
   * `upinfo` is left out. Station forwards nothing without a good CRC.
   */
  read(msgtype: string, message: LosslessObject, { atMs, gatewayEui, rssiKind }: UplinkOrigin): UplinkResult {
    const bytes = rebuildFrame(msgtype, message);
    if (bytes === undefined) return { ok: false, code: "frame_fields" };
    const freqHz = integerOf(message, "Freq", ...this.#rangeHz);
    if (freqHz === undefined) return { ok: false, code: "frame_frequency" };
    const rate = this.#region.dataRates[integerOf(message, "DR", 0, 15) ?? -1];
    if (rate == null) return { ok: false, code: "frame_data_rate" };
    const heard: HeardFrame = omitUndefined({
      kind: "frame",
      atMs,
      bytes,
      freqHz,
      gatewayEui,
      ...this.#channelOf(freqHz),
      ...readUpinfo(objectOf(message, "upinfo") ?? {}, atMs, rssiKind),
    } as const);
    if (rate.modulation === "fsk") {
      return { ok: true, frame: { ...heard, modulation: "fsk", bitRateBps: rate.bitRateBps } };
    }
    const { spreadingFactor, bandwidthHz } = rate;
    return { ok: true, frame: { ...heard, modulation: "lora", spreadingFactor, bandwidthHz } };
  }

  /** Station does not report the demodulator; the frequency does, since we laid them out. */
  #channelOf(freqHz: number): { channel?: number; radio?: number } {
    const channel = this.#plan.channels.findIndex((planned) => planned.freqHz === freqHz);
    return channel < 0 ? {} : { channel, radio: this.#plan.channels[channel]?.radio ?? 0 };
  }
}

function readUpinfo(upinfo: LosslessObject, nowMs: number, rssiKind: RssiKind | undefined) {
  const gpsTimeUs = integerOf(upinfo, "gpstime", 1, Number.MAX_SAFE_INTEGER);
  const rssiDbm = numberOf(upinfo, "rssi", LEAST_RSSI_DBM, 0);
  const fineTimeNs = integerOf(upinfo, "fts", ...PACKET_LIMITS.fineTimeNs);
  return {
    rssiDbm,
    rssiKind: rssiDbm === undefined ? undefined : rssiKind,
    snrDb: numberOf(upinfo, "snr", -MAX_SNR_DB, MAX_SNR_DB),
    tmstUs: xtimeToTmstUs(bigintOf(upinfo, "xtime")),
    ...(gpsTimeUs === undefined ? {} : receptionTime(Math.floor(gpsTimeUs / 1000), undefined, nowMs)),
    ...(fineTimeNs === undefined ? {} : { fineTimeNs, fineTimeEncrypted: false }),
    antenna: integerOf(upinfo, "rctx", ...PACKET_LIMITS.antenna),
  };
}

/**
 * The low 32 bits of an `xtime`: microseconds, as the concentrator's counter, wrapping every 71 min 35 s. They run on
 * only while the station keeps its session (bits 48 to 55): each connection starts a new one. 0 means no time.
 */
export function xtimeToTmstUs(xtime: bigint | undefined): number | undefined {
  return xtime === undefined || xtime <= 0n ? undefined : Number(BigInt.asUintN(32, xtime));
}
