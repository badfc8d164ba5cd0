import { encodeCbor } from "../encoding/cbor.ts";
import { bytes, type Field, FieldFailure, integer, nullable, record, text } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { messageCodec } from "./message.ts";

/**
 * The network's signed statement that a hotspot (`peer` null), or what two hotspots report of each other (an edge, both
 * ways), is not paid in some epochs. It always ends: to extend it the network signs another.
 */
export interface Denial {
  /** Public key, 32 bytes; of an edge the smaller one, by bytes. */
  hotspot: Uint8Array;
  peer: Uint8Array | null;
  /** Short, for the owner to read. */
  reason: string;
  /** Where the evidence is found: a URL, a CID, a case number. */
  evidence: string;
  atMs: number;
  fromEpoch: number;
  /** First epoch in which it is no longer in force; equal to `fromEpoch` it revokes an earlier denial of the same subject. */
  untilEpoch: number;
}

const shape = record<Denial>({
  hotspot: bytes(32),
  peer: nullable(bytes(32)),
  reason: text(80),
  evidence: text(200),
  atMs: timeMs,
  fromEpoch: uint32,
  untilEpoch: integer(0, 0xffff_ffff),
});

/** Keys in order and a span that does not run backwards: each denial has exactly one encoding. */
const checked: Field<Denial> = {
  write: shape.write,
  read(value) {
    const denial = shape.read(value);
    if (denial instanceof FieldFailure) return denial;
    return isDenial(denial) ? denial : new FieldFailure("out_of_range");
  },
};

export const denialMessage = messageCodec<Denial>(11, checked, 1, {
  role: "registry",
  atMs: ({ atMs }) => atMs,
});

export function isDenial({ hotspot, peer, fromEpoch, untilEpoch }: Denial): boolean {
  return untilEpoch >= fromEpoch && (peer === null || hotspot.toHex() < peer.toHex());
}

/** What a denial is about: of denials with the same subject the newest counts. */
export const denialSubject = ({ hotspot, peer }: Pick<Denial, "hotspot" | "peer">): string =>
  peer === null ? hotspot.toHex() : edgeSubject(hotspot, peer);

/** The subject of an edge, whichever end is named first. */
export const edgeSubject = (a: Uint8Array, b: Uint8Array): string => [a.toHex(), b.toHex()].sort().join(" ");

/** Of two signed in the same millisecond the one with the greater encoding counts: arrival order must not matter. */
const isNewer = (a: Denial, b: Denial): boolean =>
  a.atMs > b.atMs || (a.atMs === b.atMs && encodingOf(a) > encodingOf(b));

const encodingOf = (denial: Denial): string => encodeCbor(shape.write(denial)).toHex();

/** The denials in force in an epoch, by subject: of several with one subject the newest by `atMs` counts. */
export function denialsInForce(denials: readonly Denial[], epoch: number): Map<string, Denial> {
  const newest = new Map<string, Denial>();
  for (const denial of denials) {
    if (denial.fromEpoch > epoch) continue;
    const subject = denialSubject(denial);
    const known = newest.get(subject);
    if (known === undefined || isNewer(denial, known)) newest.set(subject, denial);
  }
  return new Map([...newest].filter(([, { untilEpoch }]) => epoch < untilEpoch));
}
