import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTo, type Signer, sha256, signerFromSeed, utf8 } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import {
  entryHash,
  formatAddCheckpoint,
  formatCheckpoint,
  formatNote,
  type NoteKey,
  parseNote,
  parseSignatures,
  proveConsistency,
  rootOf,
  SIGNATURE_TYPES,
  signatureOf,
  signNote,
} from "@earshot/protocol/tlog";
import { Witness } from "./witness.ts";
import { openWitnessState, type WitnessState } from "./witness-state.ts";

const ORIGIN = "earshot/test";
const NAME = "witness.example.com/w";
const [log, other, own] = [5, 6, 7].map((n) => signerFromSeed(new Uint8Array(32).fill(n))) as [
  Signer,
  Signer,
  Signer,
];
const OWN_KEY: NoteKey = { name: NAME, type: SIGNATURE_TYPES.cosignature, publicKey: own.publicKey };

const honest = Array.from({ length: 100 }, (_, i) => entryHash(utf8(`entry ${i}`)));
const forked = honest.with(3, entryHash(utf8("another")));

const signed = (leaves: readonly Uint8Array[], size: number, by = log, origin = ORIGIN): string => {
  const text = formatCheckpoint({ origin, size, root: rootOf(leaves.slice(0, size)) });
  return formatNote({ text, signatures: [signNote(text, origin, by)] });
};

async function bodyOf(leaves: readonly Uint8Array[], oldSize: number, size: number): Promise<string> {
  const proof = await proveConsistency(oldSize, size, async (_level, first, count) =>
    leaves.slice(first, first + count),
  );
  return formatAddCheckpoint({ oldSize, proof, checkpoint: signed(leaves, size) });
}

let folder: string;
let state: WitnessState & Disposable;
let logged: string[];
const clock = new ManualClock(Date.UTC(2026, 5, 1));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "earshot-witness-"));
  state = openWitnessState(join(folder, "witness.db"));
  logged = [];
});
afterEach(() => {
  state[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

function witnessOver(over: WitnessState) {
  const logs = [
    { key: { name: ORIGIN, type: SIGNATURE_TYPES.log, publicKey: log.publicKey }, url: undefined },
  ];
  const lines = logTo((level, message) => logged.push(`${level} ${message}`));
  return new Witness({ name: NAME, signer: own, logs, state: over, clock, log: lines });
}

const ask = async (body: string, witness = witnessOver(state)) => {
  const response = await witness.fetch(new Request("http://w/add-checkpoint", { method: "POST", body }));
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
};

describe("an honest log", () => {
  test("gets a cosignature of each checkpoint, which names the time", async () => {
    let oldSize = 0;
    for (const size of [10, 11, 64, 64, 100]) {
      const { status, text } = await ask(await bodyOf(honest, oldSize, size));
      expect(status).toBe(200);
      const { text: body } = parseNote(signed(honest, size)) ?? { text: "" };
      const cosignature = signatureOf({ text: body, signatures: parseSignatures(text) ?? [] }, OWN_KEY);
      if (typeof cosignature !== "object") throw new Error(`no cosignature: ${text}`);
      expect(new DataView(cosignature.bytes.buffer).getBigUint64(0)).toBe(BigInt(clock.now() / 1000));
      oldSize = size;
    }
  });

  test("that does not know what was cosigned last is told, as a size of its own type", async () => {
    await ask(await bodyOf(honest, 0, 10));
    expect(await ask(await bodyOf(honest, 0, 20))).toEqual({
      status: 409,
      type: "text/x.tlog.size",
      text: "10\n",
    });
    expect(await ask(await bodyOf(honest, 5, 20))).toMatchObject({ status: 409, text: "10\n" });
    expect(await ask(await bodyOf(honest, 10, 20))).toMatchObject({ status: 200 });
  });

  test("has its newest checkpoint shown to monitors, with both signatures", async () => {
    const witness = witnessOver(state);
    const path = `http://w/${sha256(utf8(ORIGIN)).toHex()}/checkpoint`;
    expect((await witness.fetch(new Request(path))).status).toBe(404);
    await ask(await bodyOf(honest, 0, 10), witness);
    const shown = parseNote(await (await witness.fetch(new Request(path))).text());
    expect(shown?.signatures.map(({ name }) => name)).toEqual([ORIGIN, NAME]);
    expect(shown && signatureOf(shown, OWN_KEY)).toBeObject();
  });
});

describe("refused, and nothing is remembered", () => {
  const cases: [string, () => Promise<string> | string, number][] = [
    ["a leaf rewritten", () => bodyOf(forked, 10, 20), 422],
    ["the same size with another root", () => bodyOf(forked, 10, 10), 422],
    ["a rollback that says so", () => bodyOf(honest, 5, 8), 409],
    [
      "a rollback that does not",
      () => formatAddCheckpoint({ oldSize: 10, proof: [], checkpoint: signed(honest, 8) }),
      400,
    ],
    ["no proof", () => formatAddCheckpoint({ oldSize: 10, proof: [], checkpoint: signed(honest, 20) }), 422],
    [
      "a proof too much",
      async () => (await bodyOf(honest, 10, 20)).replace("\n\n", `\n${honest[0]?.toBase64()}\n\n`),
      422,
    ],
    [
      "another signer",
      () => formatAddCheckpoint({ oldSize: 10, proof: [], checkpoint: signed(honest, 20, other) }),
      403,
    ],
    ["a wrong signature", async () => (await bodyOf(honest, 10, 20)).replace("\n20\n", "\n21\n"), 403],
    [
      "an unknown log",
      () => formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint: signed(honest, 1, log, "else") }),
      404,
    ],
    ["no request", () => "hello", 400],
    ["no checkpoint", () => "old 10\n\nhello\n", 400],
    ["too long", () => "x".repeat(65_537), 413],
  ];
  test.each(cases)("%s", async (_what, body, status) => {
    await ask(await bodyOf(honest, 0, 10));
    expect(await ask(await body())).toMatchObject({ status });
    expect(logged).toHaveLength(status === 422 ? 1 : 0);
    expect(await ask(await bodyOf(honest, 10, 30))).toMatchObject({ status: 200 });
  });

  test("a first checkpoint of nothing with a root of something", async () => {
    const text = formatCheckpoint({ origin: ORIGIN, size: 0, root: honest[0] as Uint8Array });
    const checkpoint = formatNote({ text, signatures: [signNote(text, ORIGIN, log)] });
    expect(await ask(formatAddCheckpoint({ oldSize: 0, proof: [], checkpoint }))).toMatchObject({
      status: 422,
    });
  });

  test("another method, another address", async () => {
    const witness = witnessOver(state);
    expect((await witness.fetch(new Request("http://w/add-checkpoint"))).status).toBe(405);
    expect((await witness.fetch(new Request("http://w/"))).status).toBe(404);
  });
});

describe("storage that fails", () => {
  test.each([
    ["without having stored", false],
    ["although it has stored", true],
  ])("%s: no cosignature goes out, and no fork is cosigned afterwards", async (_how, isStored) => {
    await ask(await bodyOf(honest, 0, 10));
    const failing: WitnessState = {
      byHash: state.byHash,
      replace(next, problem) {
        if (isStored) state.replace(next, problem);
        throw new Error("disk full");
      },
    };
    expect(await ask(await bodyOf(honest, 10, 20), witnessOver(failing))).toMatchObject({ status: 500 });
    expect(logged).toEqual(["error Cannot keep a checkpoint"]);
    const known = isStored ? 20 : 10;
    expect((await ask(await bodyOf(honest, 0, 30))).text).toBe(`${known}\n`);
    expect(await ask(await bodyOf(forked, known, 30))).toMatchObject({ status: 422 });
    expect(await ask(await bodyOf(honest, known, 30))).toMatchObject({ status: 200 });
  });

  test("a witness that starts again knows what it cosigned; of two at once only one goes on", async () => {
    await ask(await bodyOf(honest, 0, 10));
    using second = openWitnessState(join(folder, "witness.db"));
    expect(await ask(await bodyOf(honest, 10, 20), witnessOver(second))).toMatchObject({ status: 200 });
    expect(await ask(await bodyOf(honest, 10, 15))).toMatchObject({ status: 409, text: "20\n" });
  });
});
