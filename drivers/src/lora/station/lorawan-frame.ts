import { integerOf, type LosslessObject, textOf } from "./lossless-json.ts";

/*
 * What a station split into fields, put together again byte for byte (LoRaWAN 1.0.4 §4; all fields little-endian):
 *
 *   updf, dndf    MHDR 1 · DevAddr 4 · FCtrl 1 · FCnt 2 · FOpts 0…15 · FPort 0 or 1 · FRMPayload · MIC 4
 *   jreq, rejoin  MHDR 1 · JoinEUI 8 · DevEUI 8 · DevNonce 2 · MIC 4
 *   propdf, jacc  FRMPayload, which is the whole frame and begins with the MHDR
 *
 * DevAddr and MIC come as signed 32-bit numbers. FPort is −1 when the frame has none.
 */

const MAX_FRAME_BYTES = 255;
const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const EUI = /^(?:[0-9a-fA-F]{2}-){7}[0-9a-fA-F]{2}$/;
const INT32_MIN = -(2 ** 31);
const UINT32_MAX = 2 ** 32 - 1;

const REBUILDERS: Readonly<Record<string, (message: LosslessObject) => Uint8Array | undefined>> = {
  updf: rebuildData,
  dndf: rebuildData,
  jreq: rebuildJoin,
  rejoin: rebuildJoin,
  propdf: rebuildWhole,
  jacc: rebuildWhole,
};

/** Whether messages of this type carry a frame. */
export function carriesFrame(msgtype: string): boolean {
  return Object.hasOwn(REBUILDERS, msgtype);
}

/** The PHYPayload as it was on air; `undefined` when a field is missing or out of range, or it exceeds 255 bytes. */
export function rebuildFrame(msgtype: string, message: LosslessObject): Uint8Array | undefined {
  const frame = carriesFrame(msgtype) ? REBUILDERS[msgtype]?.(message) : undefined;
  return frame !== undefined && frame.length <= MAX_FRAME_BYTES ? frame : undefined;
}

function rebuildData(message: LosslessObject): Uint8Array | undefined {
  const optionBytes = hexOf(message, "FOpts");
  const fctrl = integerOf(message, "FCtrl", 0, 255);
  // The station cut FOpts by the length in FCtrl; anything else cannot have been on air.
  if (fctrl === undefined || optionBytes?.length !== (fctrl & 0x0f)) return undefined;
  return concat([
    littleEndian(integerOf(message, "MHdr", 0, 255), 1),
    littleEndian(integerOf(message, "DevAddr", INT32_MIN, UINT32_MAX), 4),
    littleEndian(fctrl, 1),
    littleEndian(integerOf(message, "FCnt", 0, 0xffff), 2),
    optionBytes,
    portAndPayload(message),
    littleEndian(integerOf(message, "MIC", INT32_MIN, UINT32_MAX), 4),
  ]);
}

/** A frame without a port has no payload either. */
function portAndPayload(message: LosslessObject): Uint8Array | undefined {
  const port = integerOf(message, "FPort", -1, 255);
  const payload = hexOf(message, "FRMPayload");
  if (port === -1) return payload?.length === 0 ? payload : undefined;
  return concat([littleEndian(port, 1), payload]);
}

function rebuildJoin(message: LosslessObject): Uint8Array | undefined {
  return concat([
    littleEndian(integerOf(message, "MHdr", 0, 255), 1),
    euiOf(message, "JoinEui", "JoinEUI"),
    euiOf(message, "DevEui", "DevEUI"),
    littleEndian(integerOf(message, "DevNonce", 0, 0xffff), 2),
    littleEndian(integerOf(message, "MIC", INT32_MIN, UINT32_MAX), 4),
  ]);
}

function rebuildWhole(message: LosslessObject): Uint8Array | undefined {
  const frame = hexOf(message, "FRMPayload");
  return frame === undefined || frame.length === 0 ? undefined : frame;
}

/** EUIs are written most significant byte first and sent the other way round. */
function euiOf(message: LosslessObject, ...keys: readonly string[]): Uint8Array | undefined {
  const text = keys.map((key) => textOf(message, key)).find((value) => value !== undefined);
  if (text === undefined || !EUI.test(text)) return undefined;
  return Uint8Array.fromHex(text.replaceAll("-", "")).reverse();
}

function hexOf(message: LosslessObject, key: string): Uint8Array | undefined {
  const text = textOf(message, key);
  return text !== undefined && HEX.test(text) ? Uint8Array.fromHex(text) : undefined;
}

function littleEndian(value: number | undefined, length: number): Uint8Array | undefined {
  if (value === undefined) return undefined;
  return Uint8Array.from({ length }, (_, index) => (value >>> (8 * index)) & 0xff);
}

/** `undefined` when any part is. */
function concat(parts: readonly (Uint8Array | undefined)[]): Uint8Array | undefined {
  const bytes: number[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    bytes.push(...part);
  }
  return Uint8Array.from(bytes);
}
