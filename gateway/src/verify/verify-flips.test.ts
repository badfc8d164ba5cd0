import { expect, test } from "bun:test";
import fc from "fast-check";
import { BUNDLE_FILES, type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { readPackets, writePackets } from "../bundle/cbor-sequences.ts";
import { signedAgain, testBundles } from "../testing/test-bundle.ts";
import { networkSigner } from "../testing/test-network.ts";
import { InlineChecker } from "./signatures.ts";
import { verifyFiles } from "./verify-bundle.ts";

const [bundle] = (await testBundles(1)) as [Bundle];
const packets = bundle["packets.cbor"];
/** What is known anyway is not worked out thousands of times. */
const options = { signatures: new InlineChecker(), networkKey: networkSigner.publicKey };
/** Thousands of verifications, one for each byte: no machine should need as long. */
const TIMEOUT_MS = 120_000;

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] as number) ^ (1 << (at & 7));
  return copy;
}

/** Offset in the file of each packet's own bytes. */
function packetSpans(): { start: number; length: number }[] {
  const read = readPackets(packets);
  if (!read.ok) throw new TypeError("Test packets cannot be read");
  return read.items.map(({ bytes }) => ({
    start: bytes.byteOffset - packets.byteOffset,
    length: bytes.length,
  }));
}

test("the bundle holds paid and refused reports, and verifies as it is", () => {
  const outcome = verifyFiles(bundle);
  expect(outcome.ok).toBe(true);
  const reasons = outcome.ok ? outcome.verified.judgement.verdicts.map(({ reason }) => reason) : [];
  expect(new Set(reasons)).toEqual(
    new Set(["ok", "not_drawn", "not_heard", "wrong_frequency", "unknown_hotspot", "sequence_reused"]),
  );
});

test(
  "flipping a bit of any byte of the packets file is found",
  () => {
    for (let at = 0; at < packets.length; at++) {
      const outcome = verifyFiles({ ...bundle, "packets.cbor": flipped(packets, at) }, options);
      expect(outcome.ok ? `byte ${at} was missed` : outcome.difference.file).toBe("packets.cbor");
    }
  },
  TIMEOUT_MS,
);

test(
  "flipping a bit of any byte of any packet is found in that packet, when the network signs the flip too",
  () => {
    for (const [i, { start, length }] of packetSpans().entries()) {
      for (let at = start; at < start + length; at++) {
        const outcome = verifyFiles(signedAgain(bundle, { "packets.cbor": flipped(packets, at) }), options);
        const where = outcome.ok ? "" : `${outcome.difference.file} ${outcome.difference.at}`;
        expect(where).toMatch(new RegExp(`^packets.cbor item ${i + 1}(,|$)`));
      }
    }
  },
  TIMEOUT_MS,
);

test("flipping a bit of any byte of the manifest is found", () => {
  for (let at = 0; at < bundle[MANIFEST_FILE].length; at++) {
    const outcome = verifyFiles({ ...bundle, [MANIFEST_FILE]: flipped(bundle[MANIFEST_FILE], at) }, options);
    expect(outcome.ok ? `byte ${at}` : outcome.difference.file).toBe(MANIFEST_FILE);
  }
});

test("a receive time is the network's word: moved within the deadline it changes nothing, beyond it a verdict", () => {
  const read = readPackets(packets);
  const items = read.ok ? read.items : [];
  const moved = (ms: number) =>
    verifyFiles(
      signedAgain(bundle, {
        "packets.cbor": writePackets(
          items.map(({ receivedAtMs, bytes }) => ({ receivedAtMs: receivedAtMs + ms, bytes })),
        ),
      }),
    );
  expect(moved(1).ok).toBe(true);
  const late = moved(60_000);
  expect(late.ok ? "" : late.difference.file).toBe("verdicts.jsonl");
});

test("bytes changed anywhere in any file are found, and never make verifying throw", () => {
  const change = fc.record({
    file: fc.constantFrom(...BUNDLE_FILES),
    share: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(change, ({ file, share, bytes }) => {
      const at = Math.floor(share * bundle[file].length);
      const changed = new Uint8Array(
        Buffer.concat([bundle[file].subarray(0, at), bytes, bundle[file].subarray(at + 1)]),
      );
      fc.pre(!Buffer.from(changed).equals(bundle[file]));
      expect(verifyFiles({ ...bundle, [file]: changed }, options).ok).toBe(false);
      // What the network signs may hold: a receive time or a time of registration is its word.
      expect(typeof verifyFiles(signedAgain(bundle, { [file]: changed }), options).ok).toBe("boolean");
    }),
    { numRuns: 150 },
  );
});
