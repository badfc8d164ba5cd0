import { encodeBase64 } from "./base64.ts";
import { formatLoraDataRate } from "./data-rate.ts";
import { unixMsToGpsMs } from "./gps-time.ts";
import type { RadioFrame } from "./lora-reading.ts";
import type { ForwarderStat } from "./stat.ts";

/** What a concentrator hands its forwarder: a frame and how its CRC came out (`ok` when not reported). */
export interface ConcentratorReception {
  frame: RadioFrame;
  crc?: "ok" | "bad" | "none";
}

/** One interval of a forwarder's counters, ending at `atMs`. */
export interface WrittenStat extends ForwarderStat {
  atMs: number;
  forwarded?: number;
  downlinks?: number;
  transmitted?: number;
}

const CRC_STAT = { ok: 1, bad: -1, none: 0 } as const;

/** The forwarder's side: the JSON of a PUSH_DATA as sx1302_hal fills it, `time` and `tmms` only with GPS time. */
export function encodePushData(content: {
  receptions?: readonly ConcentratorReception[];
  stat?: WrittenStat;
}): Uint8Array {
  const { receptions = [], stat } = content;
  const json = {
    rxpk: receptions.length === 0 ? undefined : receptions.map(rxpkOf),
    stat: stat === undefined ? undefined : statOf(stat),
  };
  return new TextEncoder().encode(JSON.stringify(json));
}

function rxpkOf({ frame, crc = "ok" }: ConcentratorReception): object {
  const gpsMs = frame.gpsTimeMs === undefined ? undefined : unixMsToGpsMs(frame.gpsTimeMs);
  return {
    jver: 1,
    tmst: frame.tmstUs,
    time: frame.gpsTimeMs === undefined ? undefined : new Date(frame.gpsTimeMs).toISOString(),
    tmms: gpsMs,
    ftime: frame.fineTimeNs,
    chan: frame.channel,
    rfch: frame.radio,
    freq: frame.freqHz / 1e6,
    stat: CRC_STAT[crc],
    ...modulationOf(frame),
    rssis: frame.modulation === "lora" && frame.rssiKind !== "channel" ? roundedOf(frame.rssiDbm) : undefined,
    lsnr: frame.snrDb === undefined ? undefined : Math.round(frame.snrDb * 10) / 10,
    foff: frame.freqOffsetHz,
    rssi: roundedOf(frame.rssiDbm),
    size: frame.bytes.length,
    data: encodeBase64(frame.bytes),
  };
}

function modulationOf(frame: RadioFrame): object {
  switch (frame.modulation) {
    case "lora":
      return {
        modu: "LORA",
        datr: formatLoraDataRate(frame),
        codr: (frame.codingRate ?? "4/5").toUpperCase(),
      };
    case "fsk":
      return { modu: "FSK", datr: frame.bitRateBps };
    case "lr-fhss":
      return { modu: "LR-FHSS", datr: `M0CW${frame.bandwidthHz / 1000}` };
  }
}

function roundedOf(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

function statOf(stat: WrittenStat): object {
  return {
    time: `${new Date(stat.atMs).toISOString().slice(0, 19).replace("T", " ")} GMT`,
    lati: stat.latDeg,
    long: stat.lonDeg,
    alti: stat.altM,
    rxnb: stat.received ?? 0,
    rxok: stat.receivedOk ?? 0,
    rxfw: stat.forwarded ?? stat.receivedOk ?? 0,
    ackr: stat.ackPercent ?? 100,
    dwnb: stat.downlinks ?? 0,
    txnb: stat.transmitted ?? 0,
    temp: stat.temperatureC,
  };
}
