import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { MAX_PACKET_BYTES, sealFields } from "../src/cose.ts";
import type { CborValue } from "../src/encoding/cbor.ts";
import { anyPacket } from "../src/packet/arbitraries.ts";
import { decodePacket, encodePacket } from "../src/packet/codec.ts";
import { typicalPackets } from "../src/packet/samples.ts";
import { type CddlType, parseCddl } from "./cddl-parser.ts";
import { matches } from "./cddl-validator.ts";
import { payloadOf } from "./payload-edits.ts";
import { messages, NETWORK, signer } from "./sample-messages.ts";

/*
 * What later programs append, at the end of every array that the description says may grow, is ignored, and the bytes
 * are kept as they are.
 */

const rules = parseCddl(readFileSync(new URL("../earshot.cddl", import.meta.url), "utf8"));

/** Anything that CBOR of ours may hold, but short: packets have 1 KiB at most. */
const { future } = fc.letrec<{ future: CborValue }>((tie) => ({
  future: fc.oneof(
    { depthSize: "small", maxDepth: 2 },
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.uint8Array({ maxLength: 3 }),
    fc.string({ maxLength: 3, unit: "grapheme-ascii" }),
    fc.array(tie("future"), { maxLength: 2 }),
    fc
      .dictionary(fc.string({ maxLength: 2 }), tie("future"), { maxKeys: 2 })
      .map((pairs) => new Map(Object.entries(pairs))),
  ),
}));
const tails = fc.array(future, { minLength: 1, maxLength: 2 });

interface Grown {
  value: CborValue;
  /** Arrays that were given a tail. */
  count: number;
}

/** A value with a tail behind every record in it, by what describes it. */
function grown(type: CddlType, value: CborValue, tail: readonly CborValue[]): Grown {
  if (type.kind === "name") {
    const rule = rules.get(type.name);
    return rule === undefined ? { value, count: 0 } : grown(rule, value, tail);
  }
  if (type.kind === "choice") {
    const option = type.options.find((one) => matches(rules, one, value));
    if (option === undefined) throw new TypeError("The value is not described");
    return grown(option, value, tail);
  }
  if (type.kind !== "array") return { value, count: 0 };
  const items: CborValue[] = [];
  let [at, count] = [0, 0];
  const values = value as readonly CborValue[];
  for (const entry of type.entries) {
    if (entry.type.kind === "name" && entry.type.name === "future") {
      items.push(...tail);
      count++;
      continue;
    }
    for (let taken = 0; taken < entry.max && at < values.length; taken++, at++) {
      const item = values[at] as CborValue;
      if (!matches(rules, entry.type, item)) break;
      const inner = grown(entry.type, item, tail);
      items.push(inner.value);
      count += inner.count;
    }
  }
  return { value: items, count };
}

const grownPayload = (rule: "packet" | "message", bytes: Uint8Array, tail: readonly CborValue[]) => {
  const { value, count } = grown({ kind: "name", name: rule }, payloadOf(bytes), tail);
  const [type, version, ...fields] = value as [CborValue, number, ...CborValue[]];
  return { count, payload: [type, version + 1, ...fields] };
};

describe("packets of a later agent", () => {
  // Only the form is tested here: no time is spent on signatures.
  const unsigned = { publicKey: signer.publicKey, sign: () => new Uint8Array(64) };

  function expectSame(bytes: Uint8Array, tail: readonly CborValue[]): void {
    const later = sealFields(grownPayload("packet", bytes, tail).payload, unsigned, NETWORK);
    fc.pre(later.length <= MAX_PACKET_BYTES);
    const [own, read] = [decodePacket(bytes), decodePacket(later)];
    if (!own.ok || !read.ok) throw new TypeError(read.ok ? "Not a packet" : read.code);
    expect(read.decoded.packet).toEqual(own.decoded.packet);
    expect(read.decoded.bytes).toEqual(later);
    expect(read.decoded.id).not.toEqual(own.decoded.id);
  }

  test("are read as far as they are known, whatever follows, and kept byte for byte", () => {
    fc.assert(
      fc.property(anyPacket, tails, (packet, tail) =>
        expectSame(encodePacket(packet, unsigned, NETWORK), tail),
      ),
    );
  });

  test.each(Object.values(typicalPackets))("$type, as typical", (packet) => {
    const bytes = encodePacket(packet, unsigned, NETWORK);
    fc.assert(fc.property(tails, (tail) => expectSame(bytes, tail)));
  });
});

describe("messages of a later gateway", () => {
  test.each(Object.entries(messages))("%s", (_name, { codec, bytes }) => {
    const own = codec.open(bytes, NETWORK, signer.publicKey);
    if (!own.ok) throw new TypeError(own.code);
    fc.assert(
      fc.property(tails, (tail) => {
        const later = sealFields(grownPayload("message", bytes, tail).payload, signer, NETWORK);
        const read = codec.open(later, NETWORK, signer.publicKey);
        if (!read.ok) throw new TypeError(read.code);
        expect(read.value).toEqual(own.value);
      }),
      { numRuns: 30 },
    );
  });
});

test("records within records grow too", () => {
  const unsigned = { publicKey: signer.publicKey, sign: () => new Uint8Array(64) };
  const packets = Object.values(typicalPackets).map((packet): [string, number] => {
    const bytes = encodePacket(packet, unsigned, NETWORK);
    return [packet.type, grownPayload("packet", bytes, [null]).count];
  });
  const others = Object.entries(messages).map(([name, { bytes }]): [string, number] => [
    name,
    grownPayload("message", bytes, [null]).count,
  ]);
  const counts = Object.fromEntries([...packets, ...others]);
  for (const count of Object.values(counts)) expect(count).toBeGreaterThanOrEqual(1);
  for (const name of ["status", "reading", "verdicts", "manifest", "receipt", "keys"])
    expect(counts[name]).toBeGreaterThan(2);
});
