import { decodeAckAck, decodeAckNak, type UbxAck } from "./ack.ts";
import { type CfgValues, decodeCfgValget } from "./cfg-val.ts";
import { decodeMonHw, decodeMonRf, type MonRf } from "./mon-rf.ts";
import { decodeMonVer, type MonVer } from "./mon-ver.ts";
import {
  decodeNavPosLlh,
  decodeNavSol,
  decodeNavVelNed,
  type NavPosLlh,
  type NavSol,
  type NavVelNed,
} from "./nav-position.ts";
import { decodeNavDop, decodeNavPvt, type NavDop, type NavPvt } from "./nav-pvt.ts";
import { decodeNavSat, decodeNavSvinfo, type NavSat } from "./nav-sat.ts";
import { decodeNavStatus, decodeSecSig, type NavStatus, type SecSig } from "./nav-status.ts";
import {
  decodeNavClock,
  decodeNavEoe,
  decodeNavTimeGps,
  decodeNavTimeLs,
  decodeNavTimeUtc,
  decodeTimTp,
  type NavClock,
  type NavEoe,
  type NavTimeGps,
  type NavTimeLs,
  type NavTimeUtc,
  type TimTp,
} from "./nav-time.ts";
import { Payload } from "./payload.ts";
import { decodeNavSvin, decodeTimSvin, type SurveyInMessage } from "./survey-in.ts";
import type { UbxFrame } from "./ubx-frame.ts";

/*
 * Field layouts are those of u-blox's interface descriptions. Comments name the document and the section, which bears
 * the message's name:
 *
 *     M8    u-blox 8 / u-blox M8 receiver description, UBX-13003221
 *     F9    ZED-F9P interface description, HPG 1.32, UBX-22008968
 *     M10   u-blox M10 interface description, SPG 5.10, UBX-21035062
 */

/** Messages about one epoch, named by its time of week. */
export type UbxNavMessage =
  | NavPvt
  | NavSol
  | NavStatus
  | NavPosLlh
  | NavVelNed
  | NavDop
  | NavTimeGps
  | NavTimeUtc
  | NavClock
  | NavSat
  | NavTimeLs
  | NavEoe;

export type UbxMessage =
  | UbxNavMessage
  | MonRf
  | MonVer
  | SecSig
  | SurveyInMessage
  | TimTp
  | UbxAck
  | CfgValues;

/** `unknown-message` is a good frame that nothing here reads; `bad-payload` has a wrong length or impossible fields. */
export type UbxDecodeResult =
  | { ok: true; message: UbxMessage }
  | { ok: false; code: "unknown-message" | "bad-payload" };

/** By class and id, as the hexadecimal number CCII. */
const DECODERS: Readonly<Record<number, (payload: Payload) => UbxMessage | undefined>> = {
  258: decodeNavPosLlh,
  259: decodeNavStatus,
  260: decodeNavDop,
  262: decodeNavSol,
  263: decodeNavPvt,
  274: decodeNavVelNed,
  288: decodeNavTimeGps,
  289: decodeNavTimeUtc,
  290: decodeNavClock,
  294: decodeNavTimeLs,
  304: decodeNavSvinfo,
  309: decodeNavSat,
  315: decodeNavSvin,
  353: decodeNavEoe,
  1280: decodeAckNak,
  1281: decodeAckAck,
  1675: decodeCfgValget,
  2564: decodeMonVer,
  2569: decodeMonHw,
  2616: decodeMonRf,
  3329: decodeTimTp,
  3332: decodeTimSvin,
  9993: decodeSecSig,
};

export function decodeUbx({ messageClass, id, payload }: UbxFrame): UbxDecodeResult {
  const decode = DECODERS[(messageClass << 8) | id];
  if (decode === undefined) return { ok: false, code: "unknown-message" };
  const message = decode(new Payload(payload));
  return message === undefined ? { ok: false, code: "bad-payload" } : { ok: true, message };
}
