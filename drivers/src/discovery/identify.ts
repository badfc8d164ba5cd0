import type { DeviceKind, Signature } from "../devices/device-kind.ts";
import { DEVICE_KINDS } from "../devices/registry.ts";
import { NmeaFramer } from "../gps/nmea-framer.ts";
import { MixedFramer } from "../gps/ubx/mixed-framer.ts";
import { FrameScanner } from "../link/frame-scanner.ts";
import { LineFramer } from "../link/line-framer.ts";

export interface Identified {
  kind: DeviceKind;
  /** Whole frames with a good checksum; lines that are what they should be. */
  frames: number;
  /** Their bytes, of all bytes, per mille: 1000 when there is nothing else. */
  score: number;
}

/** Only so much is looked at: more proves nothing more. */
export const MAX_IDENTIFIED_BYTES = 65_536;

/**
 * What `bytes` are made of, the largest share first. Each kind is recognised by whole frames with a good checksum
 * (JSON lines by their names and numbers), so noise and a wrong baud rate give nothing. Never throws.
 */
export function identify(bytes: Uint8Array): Identified[] {
  const looked = bytes.subarray(0, MAX_IDENTIFIED_BYTES);
  const tally = new Tally();
  const rest = countMixed(looked, tally);
  for (const sentence of new NmeaFramer().push(rest)) {
    tally.add(kindOfSentence(sentence), NMEA_EXTRA + sentence.length);
  }
  for (const [kind, { frames }] of FRAMED) {
    for (const frame of new FrameScanner(frames).push(rest)) tally.add(kind, frame.length);
  }
  for (const line of new LineFramer(MAX_LINE_BYTES).push(rest)) {
    const found = LINED.find(([, { lines }]) => lines(line));
    if (found !== undefined) tally.add(found[0], new TextEncoder().encode(line).length + 1);
  }
  return tally.result(looked.length);
}

const MAX_LINE_BYTES = 4096;
/** `$`, `*`, two digits and the line end. */
const NMEA_EXTRA = 6;

type Way = "frames" | "sentences" | "lines" | "stream";
type By<W extends Way> = Extract<Signature, Record<W, unknown>>;

/** Kinds that are recognised in this way, with what they are recognised by. */
const kindsThat = <W extends Way>(way: W): [DeviceKind, By<W>][] =>
  DEVICE_KINDS.flatMap((kind) =>
    kind.sends !== undefined && way in kind.sends ? [[kind, kind.sends as By<W>]] : [],
  );

const [FRAMED, LINED, SPOKEN, MIXED] = [
  kindsThat("frames"),
  kindsThat("lines"),
  kindsThat("sentences"),
  kindsThat("stream"),
];

/** Some stations send their own sentences beside a receiver's, so those that only one kind sends come first. */
function kindOfSentence(text: string): DeviceKind | undefined {
  const own = SPOKEN.find(([, { sentences }]) => sentences !== "any" && sentences.test(text));
  return (own ?? SPOKEN.find(([, { sentences }]) => sentences === "any"))?.[0];
}

const kindOfStream = (stream: "ubx" | "rtcm"): DeviceKind | undefined =>
  MIXED.find(([, sends]) => sends.stream === stream)?.[0];

/** UBX and RTCM 3; returns what is neither. */
function countMixed(bytes: Uint8Array, tally: Tally): Uint8Array {
  const framer = new MixedFramer();
  const rest: number[] = [];
  let taken = 0;
  let rtcm = 0;
  for (const piece of [...framer.push(bytes), ...framer.flush()]) {
    if (piece.kind === "ubx") {
      tally.add(kindOfStream("ubx"), piece.frame.payload.length + 8);
      taken += piece.frame.payload.length + 8;
    } else if (piece.kind === "rtcm") rtcm += 1;
    else for (const byte of piece.bytes) rest.push(byte);
  }
  // The framer does not say how long RTCM frames are: they are what is left over.
  const rtcmBytes = bytes.length - taken - rest.length - framer.heldBytes;
  for (let i = 0; i < rtcm; i += 1) tally.add(kindOfStream("rtcm"), rtcmBytes / rtcm);
  return Uint8Array.from(rest);
}

class Tally {
  readonly #found = new Map<DeviceKind, { frames: number; bytes: number }>();

  add(kind: DeviceKind | undefined, bytes: number): void {
    if (kind === undefined) return;
    const found = this.#found.get(kind) ?? { frames: 0, bytes: 0 };
    this.#found.set(kind, { frames: found.frames + 1, bytes: found.bytes + bytes });
  }

  result(total: number): Identified[] {
    return [...this.#found]
      .map(([kind, { frames, bytes }]) => ({
        kind,
        frames,
        score: Math.min(1000, Math.round((1000 * bytes) / total)),
      }))
      .sort((a, b) => b.score - a.score);
  }
}
