import { omitUndefined } from "@earshot/protocol/runtime";
import type { RfBlock } from "../gps-reading.ts";
import type { Payload } from "./payload.ts";

/** MON-RF and its predecessor MON-HW: antenna, interference and gain of each radio front end. */
export interface MonRf {
  kind: "mon-rf";
  blocks: RfBlock[];
}

/** 0 and 1 are "initialising" and "unknown". */
const ANTENNA_STATES: readonly RfBlock["antenna"][] = [undefined, undefined, "ok", "short", "open"];
/** 2 is "unknown". */
const ANTENNA_POWERS: readonly RfBlock["antennaPower"][] = ["off", "on"];
/** 0 is "unknown, or the monitor is off". */
const JAMMING_STATES: readonly RfBlock["jamming"][] = [undefined, "none", "warning", "critical"];

/** The gain counter's range, 0 to 8191. */
const AGC_FULL_SCALE = 8191;
/**
 * MON-RF, class 0A id 38, 4 + 24 n bytes (F9, M10: UBX-MON-RF), or 4 + 20 n of a ZED-F9R with HPS 1.30, which has no
 * document for them (read as gpsd 3.27 does).
 *
 *     0 version 0 · 1 nBlocks · then each: 0 blockId · 1 flags: jammingState · 2 antStatus · 3 antPower
 *     12 noisePerMS · 14 agcCnt · 16 jamInd
 *     of 20 bytes:                         0 blockId · 1 antStatus · 2 antPower · 3 jamInd · 12 noisePerMS · 14 agcCnt
 */
export function decodeMonRf(p: Payload): MonRf | undefined {
  if (p.length < 4 || p.u1(0) !== 0) return undefined;
  const count = p.u1(1);
  const layout = BLOCK_LAYOUTS.find(({ bytes }) => p.length === 4 + bytes * count);
  if (layout === undefined) return undefined;
  const starts = Array.from({ length: count }, (_, index) => 4 + layout.bytes * index);
  return { kind: "mon-rf", blocks: starts.map((at) => rfBlock(layout.read(p, at))) };
}

const BLOCK_LAYOUTS: readonly { bytes: number; read: (p: Payload, at: number) => RawBlock }[] = [
  {
    bytes: 24,
    read: (p, at) => ({
      ...{ id: p.u1(at), antenna: p.u1(at + 2), power: p.u1(at + 3), jamming: p.bits(at + 1, 0, 1) },
      ...{ noise: p.u2(at + 12), agc: p.u2(at + 14), indicator: p.u1(at + 16) },
    }),
  },
  {
    bytes: 20,
    read: (p, at) => ({
      ...{ id: p.u1(at), antenna: p.u1(at + 1), power: p.u1(at + 2), jamming: 0 },
      ...{ noise: p.u2(at + 12), agc: p.u2(at + 14), indicator: p.u1(at + 3) },
    }),
  },
];

/**
 * MON-HW, class 0A id 09: 60 bytes, of generation 6 68 bytes (M8, u-blox 6: UBX-MON-HW).
 *
 *     16 noisePerMS · 18 agcCnt · 20 aStatus · 21 aPower · 22 flags: bits 2 and 3 jammingState · 45 (or 53) jamInd
 */
export function decodeMonHw(p: Payload): MonRf | undefined {
  if (p.length !== 60 && p.length !== 68) return undefined;
  const block = rfBlock({
    id: 0,
    jamming: p.bits(22, 2, 3),
    antenna: p.u1(20),
    power: p.u1(21),
    noise: p.u2(16),
    agc: p.u2(18),
    indicator: p.u1(p.length === 60 ? 45 : 53),
  });
  return { kind: "mon-rf", blocks: [block] };
}

/** The numbers of either message. */
interface RawBlock {
  id: number;
  jamming: number;
  antenna: number;
  power: number;
  noise: number;
  agc: number;
  indicator: number;
}

function rfBlock(raw: RawBlock): RfBlock {
  return omitUndefined<RfBlock>({
    id: raw.id,
    antenna: ANTENNA_STATES[raw.antenna],
    antennaPower: ANTENNA_POWERS[raw.power],
    jamming: JAMMING_STATES[raw.jamming],
    jammingIndicator: raw.indicator,
    noisePerMs: raw.noise,
    agcRatio: Math.min(1, raw.agc / AGC_FULL_SCALE),
  });
}
