import { REGIONS, type RegionId } from "@earshot/protocol/hotspot";
import type { LoraTransmission } from "../lora-reading.ts";
import { formatEui } from "./router-id.ts";
import { dataRateIndex, STATION_REGIONS } from "./station-regions.ts";

const MAX_FRAME_BYTES = 255;
const CLASS_C = 2;

/** The part of a `dnmsg` that the transmission alone decides. */
export interface DnmsgBody {
  pdu: string;
  RX2DR: number;
  RX2Freq: number;
}

/** @throws {RangeError} for a transmission that no station of this region can send, naming what it can. */
export function dnmsgBody(id: RegionId, transmission: LoraTransmission): DnmsgBody {
  const { bytes, freqHz, spreadingFactor, bandwidthHz } = transmission;
  if (bytes.length < 1 || bytes.length > MAX_FRAME_BYTES) {
    throw new RangeError(`Frame has ${bytes.length} bytes; allowed are 1 to ${MAX_FRAME_BYTES}`);
  }
  const [minHz, maxHz] = REGIONS[id].rangeHz;
  if (!(freqHz >= minHz && freqHz <= maxHz)) {
    throw new RangeError(`Frequency is ${freqHz} Hz; ${id} allows ${minHz} to ${maxHz}`);
  }
  const dataRate = dataRateIndex(STATION_REGIONS[id], spreadingFactor, bandwidthHz);
  if (dataRate === undefined) {
    throw new RangeError(`Data rate is SF ${spreadingFactor} at ${bandwidthHz} Hz; ${id} does not have it`);
  }
  return { pdu: Uint8Array.from(bytes).toHex(), RX2DR: dataRate, RX2Freq: Math.round(freqHz) };
}

/**
 * Sends at once: class C without a first window and without `xtime`, so that Station takes the next free moment and
 * tries again for about a second. `addcrc`, because concentrators pass on nothing without a CRC. No `preamble`:
 * naming one makes Station send in another mode. A `DevEui` must be there and not 0, or no `dntxed` comes; the
 * station's own serves.
 */
export function writeDnmsg(body: DnmsgBody, diid: number, gatewayEui: string, nowMs: number): string {
  return JSON.stringify({
    msgtype: "dnmsg",
    DevEui: formatEui(gatewayEui),
    dC: CLASS_C,
    diid,
    ...body,
    RxDelay: 1,
    priority: 0,
    addcrc: 1,
    MuxTime: nowMs / 1000,
  });
}
