/** What Station makes of a frame: the fields of its message, without those of the reception. */
export function splitFrame(frame: Uint8Array): Record<string, unknown> | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const mhdr = frame[0] ?? 0;
  const type = mhdr >> 5;
  if ((mhdr & 0x1f) !== 0 || frame.length === 0 || (type !== 7 && frame.length < 12)) return undefined;
  if (type === 7 || type === 1) {
    return { msgtype: type === 7 ? "propdf" : "jacc", FRMPayload: hex(frame) };
  }
  const MIC = view.getInt32(frame.length - 4, true);
  if (type === 0 || type === 6) {
    if (frame.length !== 23) return undefined;
    const JoinEui = dashed(frame.slice(1, 9));
    const DevEui = dashed(frame.slice(9, 17));
    const DevNonce = view.getUint16(17, true);
    return { msgtype: type === 0 ? "jreq" : "rejoin", MHdr: mhdr, JoinEui, DevEui, DevNonce, MIC };
  }
  const FCtrl = frame[5] ?? 0;
  const portAt = 8 + (FCtrl & 0x0f);
  if (portAt > frame.length - 4) return undefined;
  const hasPort = portAt < frame.length - 4;
  return {
    msgtype: type === 2 || type === 4 ? "updf" : "dndf",
    MHdr: mhdr,
    DevAddr: view.getInt32(1, true),
    FCtrl,
    FCnt: view.getUint16(6, true),
    FOpts: hex(frame.slice(8, portAt)),
    FPort: hasPort ? frame[portAt] : -1,
    FRMPayload: hex(frame.slice(portAt + 1, frame.length - 4)),
    MIC,
  };
}

const hex = (bytes: Uint8Array) => bytes.toHex().toUpperCase();
const dashed = (littleEndian: Uint8Array) =>
  [...littleEndian]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, "0").toUpperCase())
    .join("-");
