import { expect, test } from "bun:test";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { utf8 } from "../encoding/bytes.ts";
import { formatCheckpoint } from "./checkpoint.ts";
import { formatNote, signNote } from "./note.ts";
import { formatProof, type LogProof, parseProof, verifyProofOf } from "./proof.ts";
import { entryHash, parentHash } from "./tree.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(7));
const entry = utf8("the second of two");
const first = entryHash(utf8("the first"));
const text = formatCheckpoint({
  origin: "example.com/log",
  size: 2,
  root: parentHash(first, entryHash(entry)),
});
const checkpoint = formatNote({ text, signatures: [signNote(text, "example.com/log", signer)] });
const proof: LogProof = { extra: entry, index: 1, hashes: [first], checkpoint };

test("a proof is written as specified, and read again", () => {
  const written = formatProof(proof);
  expect(written).toBe(
    `c2sp.org/tlog-proof@v1\nextra ${entry.toBase64()}\nindex 1\n${first.toBase64()}\n\n${checkpoint}`,
  );
  expect(parseProof(written)).toEqual(proof);
  const bare = { ...proof, extra: undefined, hashes: [] };
  expect(parseProof(formatProof(bare))).toEqual(bare);
});

test("it holds for its entry alone", () => {
  expect(verifyProofOf(entry, proof)).toMatchObject({ ok: true, checkpoint: { size: 2 } });
  expect(verifyProofOf(utf8("another"), proof)).toEqual({ ok: false, problem: "not included" });
  expect(verifyProofOf(entry, { ...proof, index: 0 })).toEqual({ ok: false, problem: "not included" });
  expect(verifyProofOf(entry, { ...proof, checkpoint: "no note" })).toEqual({
    ok: false,
    problem: "no checkpoint",
  });
});

test("what only looks like a proof is refused", () => {
  const written = formatProof(proof);
  const wrong = ["", "\n\n", written.replace("@v1", "@v2"), written.replace("index 1", "index 01")];
  const more = [
    written.replace("index 1\n", ""),
    written.replace("extra ", "extra !"),
    written.split("\n\n")[0] ?? "",
  ];
  const long = formatProof({ ...proof, hashes: Array<Uint8Array>(64).fill(first) });
  for (const tried of [...wrong, ...more, written.replace(first.toBase64(), "AAAA"), long]) {
    expect(parseProof(tried), tried).toBeUndefined();
  }
});
