import { omitUndefined } from "@earshot/protocol/runtime";
import type { Satellite } from "../gps-reading.ts";
import { satelliteId } from "../satellite-ids.ts";
import type { Payload } from "./payload.ts";

/** NAV-SAT and its predecessor NAV-SVINFO: the satellites in view, one entry each. */
export interface NavSat {
  kind: "nav-sat";
  towMs: number;
  satellites: Satellite[];
}

/** u-blox's `gnssId`; 4 is IMES, an indoor beacon. */
const SYSTEM_OF_GNSSID: readonly Satellite["system"][] = ["G", "S", "E", "C", "?", "J", "R", "I"];

const BLOCK_BYTES = 12;

/**
 * NAV-SAT, class 01 id 35, 8 + 12 n bytes (M8, F9: UBX-NAV-SAT).
 *
 *     0 iTOW · 4 version 1 · 5 numSvs · then each: 0 gnssId · 1 svId · 2 cno · 3 elev · 4 azim · 6 prRes · 8 flags
 */
export function decodeNavSat(p: Payload): NavSat | undefined {
  if (p.length < 8 || p.u1(4) !== 1 || p.length !== 8 + BLOCK_BYTES * p.u1(5)) return undefined;
  const satellites: Satellite[] = [];
  for (let at = 8; at < p.length; at += BLOCK_BYTES) {
    const [gnssId, id] = [p.u1(at), p.u1(at + 1)];
    // 255 is a GLONASS satellite whose number is not known yet.
    if (id === 255 || id === 0) continue;
    const place = direction(p.i1(at + 3), p.i2(at + 4));
    const used = p.flag(at + 8, 3);
    satellites.push(
      omitUndefined({
        system: SYSTEM_OF_GNSSID[gnssId] ?? "?",
        id,
        ...place,
        cn0DbHz: p.u1(at + 2) || undefined,
        used,
      }),
    );
  }
  return { kind: "nav-sat", towMs: p.u4(0), satellites };
}

/**
 * NAV-SVINFO, class 01 id 30, 8 + 12 n bytes, receivers before generation 9 (M8: UBX-NAV-SVINFO).
 *
 *     0 iTOW · 4 numCh · then each: 0 chn · 1 svid · 2 flags · 3 quality · 4 cno · 5 elev · 6 azim · 8 prRes
 */
export function decodeNavSvinfo(p: Payload): NavSat | undefined {
  if (p.length < 8 || p.length !== 8 + BLOCK_BYTES * p.u1(4)) return undefined;
  const satellites: Satellite[] = [];
  for (let at = 8; at < p.length; at += BLOCK_BYTES) {
    const number = p.u1(at + 1);
    if (number === 255 || number === 0) continue;
    const place = direction(p.i1(at + 5), p.i2(at + 6));
    const used = p.flag(at + 2, 0);
    satellites.push(
      omitUndefined({ ...svinfoId(number), ...place, cn0DbHz: p.u1(at + 4) || undefined, used }),
    );
  }
  return { kind: "nav-sat", towMs: p.u4(0), satellites };
}

/** Numbers of all constellations in one byte (M8: "Satellite Numbering"). */
function svinfoId(number: number): Pick<Satellite, "system" | "id"> {
  if (number >= 211 && number <= 246) return { system: "E", id: number - 210 };
  if (number >= 159 && number <= 163) return { system: "C", id: number - 158 };
  if (number >= 33 && number <= 64) return { system: "C", id: number - 27 };
  return satelliteId(undefined, number);
}

/** Elevations beyond the zenith are how a receiver marks an unknown one. */
function direction(elevationDeg: number, azimuthDeg: number): Pick<Satellite, "elevationDeg" | "azimuthDeg"> {
  if (Math.abs(elevationDeg) > 90) return {};
  return { elevationDeg, azimuthDeg: azimuthDeg >= 0 && azimuthDeg <= 360 ? azimuthDeg : undefined };
}
