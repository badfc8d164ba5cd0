import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publicKeyOf } from "../src/crypto/did-key.ts";
import { checkLoginToken } from "../src/network/login-token.ts";
import { decodePacket, verifyPacket } from "../src/packet/codec.ts";
import { formatParameters, parametersHash, parseParameters } from "../src/parameters/parameters-document.ts";
import type { Hotspot } from "../src/registry/registry.ts";
import {
  afterChange,
  GOLDEN,
  type GoldenChange,
  goldenFiles,
  goldenFormats,
  goldenNote,
  shown,
  shownHotspot,
  writeGolden,
} from "./golden-files.ts";
import { payloadOf } from "./payload-edits.ts";
import { messages } from "./sample-messages.ts";

/*
 * What was signed in a released format must be read as it was then, for ever: by its values, which stand beside it. Where
 * one of these tests fails for a released format, the code is wrong, never the file.
 */

/**
 * What is read today is what was written then; fields that were appended since are null.
 * @throws {Error} naming the first value that is another
 */
function expectMeant(found: unknown, meant: unknown, path: string): void {
  if (typeof meant !== "object" || meant === null) {
    if (found !== meant) throw new Error(`${path} is ${JSON.stringify(found)}, was ${JSON.stringify(meant)}`);
    return;
  }
  const [now, then] = [found ?? {}, meant] as Record<string, unknown>[] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  for (const [name, value] of Object.entries(then)) expectMeant(now[name], value, `${path}.${name}`);
  for (const [name, value] of Object.entries(now)) {
    if (!Object.hasOwn(then, name) && value !== null && value !== undefined)
      throw new Error(`${path}.${name} is ${JSON.stringify(value)}, was not there`);
  }
}

const hexOf = (text: string): Uint8Array => Uint8Array.fromHex(text.replace(/^0x/, ""));

describe.each(goldenFormats())("format %s", (format) => {
  const folder = join(GOLDEN, format);
  const { released, network, networkKey: key } = goldenNote(format);
  const networkKey = hexOf(key);
  const bytesOf = (path: string) => new Uint8Array(readFileSync(join(folder, path)));
  const jsonOf = (path: string) => JSON.parse(readFileSync(join(folder, path), "utf8"));
  const namesIn = (name: string) =>
    readdirSync(join(folder, name))
      .filter((file) => file.endsWith(".cbor"))
      .map((file) => `${name}/${file.slice(0, -".cbor".length)}`);

  test.skipIf(released)("is a candidate, and its files are what the code writes", () => {
    const stale = [...goldenFiles()].filter(
      ([path, bytes]) =>
        !existsSync(join(folder, path)) || !bytesOf(path).every((byte, i) => byte === bytes[i]),
    );
    const hint =
      stale.length === 0 ? "" : "The format has changed: run `bun run golden`, and look at what differs";
    expect([hint, stale.map(([path]) => path)]).toEqual(["", []]);
  });

  test.each(namesIn("packets"))("%s", (path) => {
    const bytes = bytesOf(`${path}.cbor`);
    const { id, packet } = jsonOf(`${path}.json`);
    const read = verifyPacket(bytes, network);
    if (!read.ok) throw new Error(`${path} is refused: ${read.code}`);
    expect(read.decoded.id.toHex()).toBe(id);
    expectMeant(shown(read.decoded.packet), packet, path);
  });

  test.each(namesIn("messages"))("%s", (path) => {
    const bytes = bytesOf(`${path}.cbor`);
    const [typeNumber] = payloadOf(bytes);
    const codec = Object.values(messages).find((known) => known.codec.typeNumber === typeNumber)?.codec;
    const read = codec?.open(bytes, network, networkKey);
    if (!read?.ok) throw new Error(`${path} is refused: ${read?.code ?? "no such type"}`);
    expectMeant(shown(read.value), jsonOf(`${path}.json`), path);
  });

  test("login token", () => {
    const { atMs, token } = jsonOf("login-token.json");
    expect(checkLoginToken(token, networkKey, network, atMs)).toEqual({ ok: true });
  });

  test("parameters, and their hash", () => {
    const { hash, parameters } = jsonOf("parameters.json");
    const read = parseParameters(parameters);
    expect(formatParameters(read)).toEqual(parameters);
    expect(parametersHash(read).toHex()).toBe(hash);
  });

  test("registry history", () => {
    const changes: GoldenChange[] = jsonOf("registry.json");
    let hotspot: Hotspot | undefined;
    for (const { atMs, fromEpoch, evidence, hotspot: meant, successor } of changes) {
      const bytes = hexOf(evidence);
      const after = afterChange(hotspot, { atMs, fromEpoch, evidence: bytes }, networkKey);
      expectMeant(shownHotspot(after.hotspot), meant, `registry ${fromEpoch}`);
      if (after.successor === undefined) expect(successor).toBeUndefined();
      else expectMeant(shownHotspot(after.successor), successor, `registry ${fromEpoch}, successor`);
      hotspot = after.successor ?? after.hotspot;
      const packet = decodePacket(bytes);
      if (packet.ok) expect(verifyPacket(bytes, network).ok).toBe(true);
      expect(publicKeyOf(hotspot.id)).toEqual(hotspot.publicKey);
    }
  });
});

test("a released format is not written again", () => {
  const root = mkdtempSync(join(tmpdir(), "earshot-golden-"));
  try {
    expect(writeGolden("1", root)).toContain("candidate");
    expect(writeGolden("1", root)).toContain("candidate");
    const note = join(root, "1", "golden.json");
    writeFileSync(note, JSON.stringify({ ...goldenNote("1", root), released: true }));
    rmSync(join(root, "1", "packets"), { recursive: true });
    expect(() => writeGolden("1", root)).toThrow("Format 1 is released: its golden files never change");
    expect(existsSync(join(root, "1", "packets"))).toBe(false);
    expect(writeGolden("2", root)).toContain("Format 2, a candidate");
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("only the newest format is a candidate", () => {
  const candidates = goldenFormats().filter((format) => !goldenNote(format).released);
  expect(candidates).toEqual(goldenFormats().slice(goldenFormats().length - candidates.length));
  expect(candidates.length).toBeLessThan(2);
});
