import { decodeMsm, type MsmMessage, type Rtcm3Refusal } from "./msm.ts";
import { decodeStationMessage, type StationMessage } from "./station-messages.ts";

/** A message with a good checksum that is none of those decoded here. */
interface OtherMessage {
  kind: "other";
  /** Message number, 0 to 4095. */
  type: number;
}

export type Rtcm3Message = MsmMessage | StationMessage | OtherMessage;

export type Rtcm3Result = { ok: true; message: Rtcm3Message } | { ok: false; code: Rtcm3Refusal };

/** Decodes what stands between header and checksum of a frame. Bytes behind the last field are padding. */
export function decodeRtcm3(payload: Uint8Array): Rtcm3Result {
  const [high, low] = payload;
  if (high === undefined || low === undefined) return { ok: false, code: "truncated" };
  const msm = decodeMsm(payload);
  if (msm !== undefined) return msm;
  const message = decodeStationMessage(payload) ?? { kind: "other", type: (high << 4) | (low >> 4) };
  return message === "truncated" ? { ok: false, code: message } : { ok: true, message };
}
