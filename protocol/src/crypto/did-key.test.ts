import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createHash, createPrivateKey, createPublicKey } from "node:crypto";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { didKey, hotspotId, hotspotName, publicKeyOf, shortId } from "./did-key.ts";

/** Seeds and identifiers of the Ed25519 test vectors of the did:key method specification (W3C CCG). */
const SPECIFICATION_VECTORS = [
  ["00", "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"],
  ["01", "did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG"],
  ["02", "did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf"],
] as const;

/** The public key of a seed, by node:crypto through PKCS#8 (RFC 8410), so by none of our code. */
function publicKeyOfSeed(seed: Buffer): Uint8Array {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" }));
  return new Uint8Array(key.export({ format: "der", type: "spki" }).subarray(-32));
}

const anyKey = fc.uint8Array({ minLength: 32, maxLength: 32 });

test.each(SPECIFICATION_VECTORS)("specification vector, seed …%s", (lastByte, did) => {
  const publicKey = publicKeyOfSeed(Buffer.from(lastByte.padStart(64, "0"), "hex"));
  const id = hotspotId(publicKey);
  expect(didKey(id)).toBe(did);
  expect(publicKeyOf(id)).toEqual(publicKey);
});

test("ids of the smallest and the largest key have the same length and beginning", () => {
  for (const fill of [0x00, 0xff]) {
    const key = new Uint8Array(32).fill(fill);
    expect(hotspotId(key)).toMatch(/^z6Mk/);
    expect(hotspotId(key)).toHaveLength(48);
    expect(publicKeyOf(hotspotId(key))).toEqual(key);
  }
});

test("every key survives the round trip and its id is one MQTT topic level", () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const id = hotspotId(key);
      expect(id).toMatch(/^[0-9A-Za-z]{48}$/);
      expect(publicKeyOf(id)).toEqual(key);
    }),
  );
});

test("what is not an Ed25519 multibase id is refused", () => {
  const id = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
  const refused = [
    "",
    "z",
    didKey(id),
    id.slice(1),
    `${id}1`,
    ` ${id}`,
    `${id}\n`,
    id.slice(0, -1),
    id.replace("i", "0"),
    id.replace("i", "l"),
    `Z${id.slice(1)}`,
    `u${id.slice(1)}`,
    "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc",
    "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
    `z6Mk${"z".repeat(44)}`,
    "z".repeat(100_000),
  ];
  for (const text of refused) expect(publicKeyOf(text)).toBeUndefined();
});

test("an id that is accepted is the only way to write its key", () => {
  const idChar = fc.constantFrom(..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz");
  const idLike = fc.string({ unit: idChar, minLength: 43, maxLength: 45 }).map((tail) => `z6Mk${tail}`);
  fc.assert(
    fc.property(idLike, (text) => {
      const key = publicKeyOf(text);
      if (key !== undefined) expect(hotspotId(key)).toBe(text);
    }),
  );
});

test("any text is judged without throwing", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme-ascii", maxLength: 64 }),
      (text) => publicKeyOf(text) === undefined,
    ),
  );
});

test("short id is the first 8 bytes of the SHA-256 of the key", () => {
  fc.assert(
    fc.property(anyKey, (key) => {
      const digest = createHash("sha256").update(key).digest();
      expect(Buffer.from(shortId(key)).equals(digest.subarray(0, 8))).toBe(true);
    }),
  );
});

test("a key of the wrong length is a mistake of the caller", () => {
  for (const length of [0, 31, 33]) {
    expect(() => hotspotId(new Uint8Array(length))).toThrow(RangeError);
    expect(() => shortId(new Uint8Array(length))).toThrow(`Public key has ${length} bytes, must have 32`);
  }
});

const ID = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
const NAME = /^[a-z]+(-[a-z]+){2}$/;

test("the published example of the word lists", () => {
  expect(hotspotName("my ugly input string")).toBe("rapid-grey-rattlesnake");
});

test("every id has a name of lower-case words, always the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const id = hotspotId(key);
      expect(hotspotName(id)).toMatch(NAME);
      expect(hotspotName(id)).toBe(hotspotName(id));
    }),
  );
});

test("Deno gives the same name", () => {
  const deno = fileURLToPath(new URL("../../../node_modules/.bin/deno", import.meta.url));
  const module = new URL("./did-key.ts", import.meta.url).href;
  const program = `import { hotspotName } from ${JSON.stringify(module)}; console.log(hotspotName("${ID}"));`;
  const run = spawnSync(deno, ["eval", "--ext=ts", program], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  });
  expect({ status: run.status, name: run.stdout.trim(), stderr: run.status === 0 ? "" : run.stderr }).toEqual(
    {
      status: 0,
      name: hotspotName(ID),
      stderr: "",
    },
  );
});
