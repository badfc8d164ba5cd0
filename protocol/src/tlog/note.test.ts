import { describe, expect, test } from "bun:test";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { utf8 } from "../encoding/bytes.ts";
import { formatCheckpoint, parseCheckpoint, parseWhole } from "./checkpoint.ts";
import {
  cosign,
  formatNote,
  formatNoteKey,
  type NoteKey,
  parseNote,
  parseNoteKey,
  parseSignatures,
  SIGNATURE_TYPES,
  signatureOf,
  signNote,
} from "./note.ts";
import vectors from "./vectors.json";

const key = (text: string): NoteKey => {
  const parsed = parseNoteKey(text);
  if (parsed === undefined) throw new Error(`no key: ${text}`);
  return parsed;
};
const note = (text: string) => {
  const parsed = parseNote(text);
  if (parsed === undefined) throw new Error(`no note: ${text}`);
  return parsed;
};

describe("the specification's example", () => {
  // c2sp.org/signed-note, "Example"
  const vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
  const signed =
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

  test("its key verifies its note, and not another text", () => {
    expect(formatNoteKey(key(vkey))).toBe(vkey);
    expect(signatureOf(note(signed), key(vkey))).toEqual(note(signed).signatures[0]);
    expect(signatureOf(note(signed.replace("an example", "the example")), key(vkey))).toBe("bad");
    expect(formatNote(note(signed))).toBe(signed);
  });

  test("a signature of a key that shares only the name or only the id is not this key's", () => {
    expect(signatureOf(note(signed.replace("foo ", "bar ")), key(vkey))).toBeUndefined();
    expect(signatureOf(note(signed.replace("Uw2Q", "Uw2R")), key(vkey))).toBeUndefined();
  });
});

describe("what another program signs", () => {
  // gateway/test/tlog-reader: Go's note package, and torchwood's cosignatures
  const signer = signerFromSeed(Uint8Array.fromHex(vectors.seed));
  const name = "example.com/log";

  test("a log's key and its signature are the same bytes", () => {
    const own = { name, type: SIGNATURE_TYPES.log, publicKey: signer.publicKey };
    expect(formatNoteKey(own)).toBe(vectors.vkey);
    const { text } = note(vectors.signed);
    expect(formatNote({ text, signatures: [signNote(text, name, signer)] })).toBe(vectors.signed);
    const checkpoint = parseCheckpoint({ text });
    expect(checkpoint).toMatchObject({ origin: name, size: 5000 });
    expect(checkpoint && formatCheckpoint(checkpoint)).toBe(text);
  });

  test("its cosignature is valid, and made by us at the same time has the same bytes", () => {
    const cosigned = note(vectors.cosigned);
    const witness = key(vectors.witness);
    const found = signatureOf(cosigned, witness);
    if (found === undefined || found === "bad") throw new Error("no cosignature");
    const atS = Number(new DataView(found.bytes.buffer).getBigUint64(0));
    // The witness's seed is the log's key hash.
    const cosigner = signerFromSeed(sha256(utf8(`${name}\n`), Uint8Array.of(1), signer.publicKey));
    expect(cosign(cosigned.text, witness.name, cosigner, atS)).toEqual(found);
    expect(signatureOf(note(vectors.cosigned.replace("\n5000\n", "\n5001\n")), witness)).toBe("bad");
  });
});

test("what only looks like a note, a key or a checkpoint is refused", () => {
  const line = "— a AAAAAAAA\n";
  expect(parseNote(`text\n\n${line}`)?.signatures).toHaveLength(1);
  const notes = ["", "text\n", `text\n${line}`, "text\n\n", `text\n\n${line.trimEnd()}`, `te\txt\n\n${line}`];
  const more = [
    `text\n\n- a AAAAAAAA\n`,
    `text\n\n— a+b AAAAAAAA\n`,
    `text\n\n— a AAAAAAA\n`,
    `text\n\n— a AAAA\n`,
  ];
  for (const text of [...notes, ...more, `text\n\n${line.repeat(65)}`, `\ud800\n\n${line}`]) {
    expect(parseNote(text), text).toBeUndefined();
  }
  expect(parseSignatures("")).toEqual([]);
  const { vkey } = vectors;
  const keys = [
    "",
    vkey.slice(1),
    `${vkey} `,
    vkey.replace("+A", "+B"),
    vkey.replace(/\+[0-9a-f]{8}/, "+00000000"),
  ];
  for (const text of [...keys, vkey.slice(0, -4)]) expect(parseNoteKey(text), text).toBeUndefined();
  const root = "L61YEuH05hogGNCJvefD+wXBrFqJEYrJXANdWJMQRak=";
  expect(parseCheckpoint({ text: `o\n1\n${root}\nmore\n` })).toMatchObject({ origin: "o", size: 1 });
  const checkpoints = [
    `o\n1\n${root}`,
    `\n1\n${root}\n`,
    `o\n01\n${root}\n`,
    `o\n-1\n${root}\n`,
    `o\n1\n${root}\n\n`,
  ];
  for (const text of [...checkpoints, `o\n1\n${root.slice(4)}\n`, `o\n1\n${root}\n\nmore\n`, `o\n1\n`]) {
    expect(parseCheckpoint({ text }), text).toBeUndefined();
  }
});

test("whole numbers are written in one way, and end where JavaScript's do", () => {
  expect(["0", "9007199254740991"].map(parseWhole)).toEqual([0, 2 ** 53 - 1]);
  for (const text of ["", "00", "1.0", "1e3", " 1", "+1", "9007199254740992", "99999999999999999999"]) {
    expect(parseWhole(text), text).toBeUndefined();
  }
});
