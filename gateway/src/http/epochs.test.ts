import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, hotspotId, leafHash, sha256, signerFromSeed, utf8, verifyProof } from "@earshot/protocol";
import { cidOf } from "../bundle/cid.ts";
import {
  appOver,
  LEAVES,
  MANIFEST_BYTES,
  type TestApp,
  testApp,
  writeTestBundle,
} from "../testing/test-app.ts";

let t: TestApp;
let epoch: number;
beforeAll(async () => {
  t = await testApp();
  const bundle = await writeTestBundle(t);
  const { folder } = bundle;
  epoch = bundle.epoch;
  await mkdir(join(folder, "folder"));
  await writeFile(join(folder, "notes.txt"), "not of the bundle");
  await writeFile(join(t.bundlesDir, "secret"), "network key");
  await symlink(join(t.bundlesDir, "secret"), join(folder, "link"));
});
afterAll(() => t[Symbol.asyncDispose]());

const bytesOf = (hex: unknown): Uint8Array => fromHex(String(hex)) ?? new Uint8Array();

test("epochs are listed newest first, beside the open one", async () => {
  const { body } = await t.json("/api/v1/epochs?limit=1");
  expect(body.epochs).toMatchObject([{ epoch, pool: "1000000000000" }]);
  expect(body.next).toBe(String(epoch));
  expect(body.open).toMatchObject({ epoch: epoch + 1, judgedShare: 26 / 60 });
  const older = await t.json(`/api/v1/epochs?after=${epoch}`);
  expect(older.body.epochs).toMatchObject([{ epoch: epoch - 1 }]);
});

test("the open epoch is that of the present period, from its first moment to its last, judged from nothing to all", async () => {
  await using open = await testApp();
  const { entropyPeriodMs, epochPeriods } = open.deps.parameters;
  const spanMs = entropyPeriodMs * epochPeriods;
  const next = Math.floor(open.clock.now() / spanMs) + 1;
  const told = async () => (await appOver(open.deps).json("/api/v1/epochs")).body.open;
  const [fromMs, toMs] = [next * spanMs, (next + 1) * spanMs];
  for (const atMs of [fromMs, toMs - 1]) {
    await open.clock.advance(atMs - open.clock.now());
    expect(await told()).toEqual({ epoch: next, fromMs, toMs, judgedShare: 0 });
  }
  const last = (next + 1) * epochPeriods - 1;
  for (const [judged, judgedShare] of [
    [last - epochPeriods + 1, 1 / epochPeriods],
    [last, 1],
    [last + 1, 1],
  ] as const) {
    await open.store.addJudgement(judged, [], [], []);
    expect(await told()).toMatchObject({ epoch: next, judgedShare });
  }
});

test("an epoch's payments add up to what it paid", async () => {
  const { body } = await t.json(`/api/v1/epochs/${epoch}`);
  const { pool, paid, unallocated } = body.epoch as Record<string, string>;
  const payments = body.payments as { delta: string }[];
  const sum = payments.reduce((total, { delta }) => total + BigInt(delta), 0n);
  expect(sum).toBe(BigInt(paid ?? 0));
  expect(BigInt(paid ?? 0) + BigInt(unallocated ?? 0)).toBe(BigInt(pool ?? 0));
});

test("every claim's proof leads to the epoch's root, and a changed amount does not", async () => {
  const payments = await t.store.payments(epoch);
  const stored = await t.store.epoch(epoch);
  expect(payments.length).toBeGreaterThan(3);
  for (const { hotspotId, cumulative } of payments) {
    const { body } = await t.json(`/api/v1/epochs/${epoch}/claims/${hotspotId}`);
    const leaf = {
      chainId: BigInt(String(body.chainId)),
      contract: bytesOf(body.contract),
      hotspot: bytesOf(body.hotspot),
      payee: bytesOf(body.payee),
      cumulative: BigInt(String(body.cumulative)),
    };
    const proof = (body.proof as string[]).map(bytesOf);
    const root = stored?.root ?? new Uint8Array();
    expect(leaf.cumulative).toBe(cumulative);
    expect(bytesOf(body.root)).toEqual(root);
    expect(verifyProof(root, leafHash(leaf), proof)).toBe(true);
    expect(verifyProof(root, leafHash({ ...leaf, cumulative: cumulative + 1n }), proof)).toBe(false);
  }
});

test("an open epoch and an unpaid hotspot have no claim", async () => {
  const id = t.fleet.members[0]?.hotspot.id;
  const open = await t.json(`/api/v1/epochs/${epoch + 1}/claims/${id}`);
  expect(open).toMatchObject({ status: 404, body: { error: { code: "unknown_epoch" } } });
  const stranger = hotspotId(signerFromSeed(new Uint8Array(32).fill(77)).publicKey);
  const none = await t.json(`/api/v1/epochs/${epoch}/claims/${stranger}`);
  expect(none).toMatchObject({ status: 404, body: { error: { code: "no_claim" } } });
});

test("a bundle lists the files that its manifest names and hands them out unchanged", async () => {
  const { body } = await t.json(`/api/v1/epochs/${epoch}/bundle`);
  const leaves = sha256(utf8(LEAVES));
  const manifest = sha256(MANIFEST_BYTES);
  expect(body.files).toMatchObject([
    { name: "leaves.jsonl", bytes: 3, sha256: leaves.toHex(), cid: cidOf(leaves) },
    { name: "manifest.cbor", bytes: MANIFEST_BYTES.length, sha256: manifest.toHex(), cid: cidOf(manifest) },
  ]);
  const types = ["application/jsonl", "application/cbor"];
  for (const [i, { name, url }] of (body.files as { name: string; url: string }[]).entries()) {
    const response = await t.app.request(url);
    expect(response.headers.get("content-disposition")).toBe(`attachment; filename="${name}"`);
    expect(response.headers.get("content-type")).toBe(types[i] as string);
    expect(response.headers.get("cache-control")).toContain("immutable");
    const bytes = new Uint8Array(await response.arrayBuffer());
    expect(response.headers.get("content-length")).toBe(String(bytes.length));
    expect(bytes).toEqual(new Uint8Array(i === 0 ? utf8(LEAVES) : MANIFEST_BYTES));
  }
});

test("nothing outside the bundle can be downloaded", async () => {
  const names = [
    "link",
    "folder",
    "notes.txt",
    "..%2Fsecret",
    ".hidden",
    "%2Fetc%2Fpasswd",
    "none.json",
    "a%00b",
  ];
  for (const name of names) {
    const response = await t.app.request(`/api/v1/epochs/${epoch}/bundle/${name}`);
    expect(response.status).toBeOneOf([400, 404]);
    expect(await response.text()).not.toContain("network key");
  }
  const { body } = await t.json(`/api/v1/epochs/${epoch}/bundle/none.json`);
  expect(body.error).toMatchObject({ code: "unknown_file", allowed: "leaves.jsonl, manifest.cbor" });
});

test("a bundle whose folder is gone is empty, not an error", async () => {
  const { status, body } = await t.json(`/api/v1/epochs/${epoch - 1}/bundle`);
  expect(status).toBe(200);
  expect(body.files).toEqual([]);
});

describe("a part of a bundle's file (RFC 9110 §14)", () => {
  const url = () => `/api/v1/epochs/${epoch}/bundle/manifest.cbor`;
  const size = MANIFEST_BYTES.length;
  const ask = (headers: Record<string, string>, method = "GET") => t.app.request(url(), { method, headers });

  test("is sent with where it lies, the whole of it with its hash as tag", async () => {
    const whole = await ask({});
    const etag = `"${sha256(MANIFEST_BYTES).toHex()}"`;
    expect(whole.headers.get("etag")).toBe(etag);
    expect(whole.headers.get("accept-ranges")).toBe("bytes");
    for (const [range, first, last] of [
      ["bytes=0-9", 0, 9],
      ["bytes=5-", 5, size - 1],
      ["bytes=-7", size - 7, size - 1],
    ] as const) {
      const part = await ask({ range });
      expect(part.status).toBe(206);
      expect(part.headers.get("content-range")).toBe(`bytes ${first}-${last}/${size}`);
      expect(part.headers.get("content-length")).toBe(String(last - first + 1));
      expect(new Uint8Array(await part.arrayBuffer())).toEqual(MANIFEST_BYTES.slice(first, last + 1));
    }
    for (const range of ["bytes=0-1,3-4", "bytes=9-3", "lines=1-2", "bytes=x"]) {
      expect([range, (await ask({ range })).status]).toEqual([range, 200]);
    }
  });

  test("past its end is 416 with its size", async () => {
    const { status, headers } = await ask({ range: `bytes=${size}-` });
    expect([status, headers.get("content-range")]).toEqual([416, `bytes */${size}`]);
  });

  test("is of the file that If-Range means, or the whole", async () => {
    const etag = `"${sha256(MANIFEST_BYTES).toHex()}"`;
    const status = async (ifRange: string) => (await ask({ range: "bytes=0-1", "if-range": ifRange })).status;
    expect(await status(etag)).toBe(206);
    // A weak tag never fits here, a date is not known (RFC 9110 §13.1.5).
    for (const other of [`W/${etag}`, '"x"', "Sat, 29 Oct 1994 19:43:31 GMT"]) {
      expect(await status(other)).toBe(200);
    }
    const known = await ask({ range: "bytes=0-1", "if-none-match": etag });
    expect([known.status, await known.text()]).toEqual([304, ""]);
    const head = await ask({ range: "bytes=0-1" }, "HEAD");
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(size)]);
  });
});
