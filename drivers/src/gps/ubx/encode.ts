import type { RfBlock, Satellite } from "../gps-reading.ts";
import type { UbxAck } from "./ack.ts";
import type { MonRf } from "./mon-rf.ts";
import type { MonVer } from "./mon-ver.ts";
import type { NavPosLlh } from "./nav-position.ts";
import type { NavDop, NavPvt } from "./nav-pvt.ts";
import type { NavSat } from "./nav-sat.ts";
import type { SecSig } from "./nav-status.ts";
import { type NavStatus, SPOOFING_STATES } from "./nav-status.ts";
import type { NavEoe, NavTimeGps, NavTimeLs, TimTp } from "./nav-time.ts";
import { PayloadWriter } from "./payload-writer.ts";
import { encodeUbxFrame } from "./ubx-frame.ts";

/** What a receiver made of software can send; layouts are in the files of the decoders. */
export type WrittenUbxMessage =
  | NavPvt
  | NavStatus
  | NavPosLlh
  | NavDop
  | NavTimeGps
  | NavTimeLs
  | NavSat
  | NavEoe
  | MonRf
  | MonVer
  | SecSig
  | TimTp
  | UbxAck;

const UNKNOWN = 0xffffffff;
const NO_DOP = 9999;

/** Writes a message as a frame, rounded to the units of the wire. The counterpart of `decodeUbx`. */
export function encodeUbx(message: WrittenUbxMessage): Uint8Array {
  const [name, payload] = written(message);
  return encodeUbxFrame({ messageClass: name >> 8, id: name & 0xff, payload: payload.bytes });
}

/** Class and id as the number CCII, and the payload. */
function written(message: WrittenUbxMessage): [number, PayloadWriter] {
  switch (message.kind) {
    case "nav-pvt":
      return [0x0107, navPvt(message)];
    case "nav-status":
      return [0x0103, navStatus(message)];
    case "nav-posllh":
      return [0x0102, place(new PayloadWriter(28).u4(0, message.towMs), 4, message)];
    case "nav-dop":
      return [0x0104, navDop(message)];
    case "nav-timegps":
      return [0x0120, navTimeGps(message)];
    case "nav-timels":
      return [0x0126, navTimeLs(message)];
    case "nav-sat":
      return [0x0135, navSat(message)];
    case "nav-eoe":
      return [0x0161, new PayloadWriter(4).u4(0, message.towMs)];
    case "mon-rf":
      return [0x0a38, monRf(message)];
    case "mon-ver":
      return [0x0a04, monVer(message)];
    case "sec-sig":
      return [0x2709, secSig(message)];
    case "tim-tp":
      return [0x0d01, timTp(message)];
    case "ack":
      return [
        message.accepted ? 0x0501 : 0x0500,
        new PayloadWriter(2).u1(0, message.messageClass).u1(1, message.id),
      ];
  }
}

function navPvt(m: NavPvt): PayloadWriter {
  const writer = new PayloadWriter(92).u4(0, m.towMs).u4(12, m.timeErrorNs ?? UNKNOWN);
  if (m.utc !== undefined) {
    const date = new Date(m.utc.dayMs + Math.floor(m.utc.timeOfDayMs / 1000) * 1000);
    writer
      .u2(4, date.getUTCFullYear())
      .u1(6, date.getUTCMonth() + 1)
      .u1(7, date.getUTCDate());
    writer.u1(8, date.getUTCHours()).u1(9, date.getUTCMinutes()).u1(10, date.getUTCSeconds()).u1(11, 0b111);
    writer.i4(16, (m.utc.timeOfDayMs - Math.floor(m.utc.timeOfDayMs / 1000) * 1000) * 1e6);
  }
  writer
    .u1(20, m.fixType)
    .u1(21, Number(m.fixOk) | (Number(m.differential) << 1))
    .u1(23, m.satellitesUsed);
  place(writer, 24, m);
  writer.i4(48, milli(m.velocityNorthMps)).i4(52, milli(m.velocityEastMps)).i4(56, milli(m.velocityDownMps));
  writer.i4(60, milli(m.groundSpeedMps)).u4(68, milliOrUnknown(m.speedErrorMps));
  return writer.u2(76, hundredths(m.pdop));
}

/** Longitude, latitude, both heights and both errors. */
function place(writer: PayloadWriter, at: number, m: Omit<NavPosLlh, "kind" | "towMs">): PayloadWriter {
  writer.i4(at, Math.round(m.lonDeg * 1e7)).i4(at + 4, Math.round(m.latDeg * 1e7));
  writer.i4(at + 8, milli(m.altHaeM)).i4(at + 12, milli(m.altMslM));
  return writer.u4(at + 16, milliOrUnknown(m.horizontalErrorM)).u4(at + 20, milliOrUnknown(m.verticalErrorM));
}

function navStatus(m: NavStatus): PayloadWriter {
  const flags = Number(m.fixOk) | (Number(m.weekValid) << 2) | (Number(m.towValid) << 3);
  const writer = new PayloadWriter(16).u4(0, m.towMs).u1(4, m.fixType).u1(5, flags);
  return writer
    .u1(7, SPOOFING_STATES.indexOf(m.spoofing) << 3)
    .u4(8, m.timeToFirstFixMs)
    .u4(12, m.sinceStartMs);
}

function navDop(m: NavDop): PayloadWriter {
  const writer = new PayloadWriter(18).u4(0, m.towMs).u2(4, hundredths(m.gdop)).u2(6, hundredths(m.pdop));
  return writer.u2(8, hundredths(m.tdop)).u2(10, hundredths(m.vdop)).u2(12, hundredths(m.hdop));
}

function navTimeGps(m: NavTimeGps): PayloadWriter {
  const valid = (m.week === undefined ? 0 : 0b11) | (m.leapSeconds === undefined ? 0 : 0b100);
  const writer = new PayloadWriter(16)
    .u4(0, m.towMs)
    .i4(4, m.towFractionNs)
    .i2(8, m.week ?? 0);
  return writer.i1(10, m.leapSeconds ?? 0).u1(11, valid);
}

function navTimeLs(m: NavTimeLs): PayloadWriter {
  const valid = Number(m.leapSeconds !== undefined) | (Number(m.change !== undefined) << 1);
  const writer = new PayloadWriter(24)
    .u4(0, m.towMs)
    .i1(9, m.leapSeconds ?? 0)
    .i1(11, m.change ?? 0);
  return writer.i4(12, m.secondsToChange ?? 0).u1(23, valid);
}

const GNSSID: Readonly<Record<Satellite["system"], number>> = {
  G: 0,
  S: 1,
  E: 2,
  C: 3,
  "?": 4,
  J: 5,
  R: 6,
  I: 7,
};

function navSat({ towMs, satellites }: NavSat): PayloadWriter {
  const writer = new PayloadWriter(8 + 12 * satellites.length).u4(0, towMs).u1(4, 1).u1(5, satellites.length);
  for (const [index, { system, id, cn0DbHz, elevationDeg, azimuthDeg, used }] of satellites.entries()) {
    const at = 8 + 12 * index;
    writer
      .u1(at, GNSSID[system])
      .u1(at + 1, id)
      .u1(at + 2, cn0DbHz ?? 0);
    writer
      .i1(at + 3, elevationDeg ?? -91)
      .i2(at + 4, azimuthDeg ?? 0)
      .u4(at + 8, used ? 1 << 3 : 0);
  }
  return writer;
}

const indexIn = <T>(order: readonly T[], value: T): number => Math.max(0, order.indexOf(value));
const JAMMING_ORDER: readonly RfBlock["jamming"][] = [undefined, "none", "warning", "critical"];

function monRf({ blocks }: MonRf): PayloadWriter {
  const writer = new PayloadWriter(4 + 24 * blocks.length).u1(1, blocks.length);
  for (const [index, block] of blocks.entries()) {
    const at = 4 + 24 * index;
    writer.u1(at, block.id).u1(at + 1, indexIn(JAMMING_ORDER, block.jamming));
    writer.u1(at + 2, { ok: 2, short: 3, open: 4, unknown: 1 }[block.antenna ?? "unknown"]);
    writer.u1(at + 3, { off: 0, on: 1, unknown: 2 }[block.antennaPower ?? "unknown"]);
    writer.u2(at + 12, block.noisePerMs).u2(at + 14, Math.round(block.agcRatio * 8191));
    writer.u1(at + 16, block.jammingIndicator);
  }
  return writer;
}

/** Protocol version, module and generation travel in `extensions` and `hardwareVersion`. */
function monVer(m: MonVer): PayloadWriter {
  const writer = new PayloadWriter(40 + 30 * m.extensions.length)
    .text(0, m.softwareVersion)
    .text(30, m.hardwareVersion);
  for (const [index, text] of m.extensions.entries()) writer.text(40 + 30 * index, text);
  return writer;
}

/** Version 2. */
function secSig({ jamming, spoofing, bands }: SecSig): PayloadWriter {
  const jam = jamming === undefined ? 0 : 1 | (indexIn(JAMMING_ORDER, jamming) << 1);
  const spoof = spoofing === undefined ? 0 : 1 | (indexIn(SPOOFING_STATES, spoofing) << 1);
  const writer = new PayloadWriter(4 + 4 * bands.length)
    .u1(0, 2)
    .u1(1, jam | (spoof << 3))
    .u1(3, bands.length);
  for (const [index, { freqKhz, jammed }] of bands.entries()) {
    writer.u4(4 + 4 * index, freqKhz + (jammed ? 0x1000000 : 0));
  }
  return writer;
}

function timTp(m: TimTp): PayloadWriter {
  const wholeMs = Math.floor(m.pulseTowMs);
  const writer = new PayloadWriter(16).u4(0, wholeMs).u4(4, Math.round((m.pulseTowMs - wholeMs) * 2 ** 32));
  const flags = Number(m.timeBase === "utc") | (Number(m.quantisationErrorPs === undefined) << 4);
  return writer
    .i4(8, m.quantisationErrorPs ?? 0)
    .u2(12, m.week)
    .u1(14, flags);
}

const milli = (value: number): number => Math.round(value * 1000);
const milliOrUnknown = (value: number | undefined): number => (value === undefined ? UNKNOWN : milli(value));
const hundredths = (value: number | undefined): number =>
  value === undefined ? NO_DOP : Math.round(value * 100);
