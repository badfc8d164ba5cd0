import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  fromHex,
  hotspotId,
  leafHash,
  type Manifest,
  manifestMessage,
  sha256,
  signerFromSeed,
  utf8,
  verifyProof,
} from "@earshot/protocol";
import { cidOf } from "../epochs/cid.ts";
import { FLEET_PARAMETERS, NETWORK_SIGNER } from "./testing/seeded-fleet.ts";
import { type TestApp, testApp } from "./testing/test-app.ts";

const LEAVES = "{}\n";
const MANIFEST: Manifest = {
  network: FLEET_PARAMETERS.network,
  epoch: 1,
  previousEpoch: null,
  previousManifestHash: new Uint8Array(32),
  fromMs: 1_767_225_600_000,
  toMs: 1_767_225_600_000,
  closedAtMs: 1_767_225_600_000,
  parametersHash: new Uint8Array(32),
  registryHash: new Uint8Array(32),
  files: ["leaves.jsonl", "link", "missing.json"].map((name) => ({
    name,
    bytes: utf8(LEAVES).length,
    sha256: sha256(utf8(LEAVES)),
  })),
  pool: 1n,
  paid: 0n,
  unallocated: 1n,
  root: new Uint8Array(32),
  counts: { packets: 0, entropy: 0, hotspots: 0, verdicts: 0, leaves: 0 },
};
const MANIFEST_BYTES = manifestMessage.seal(MANIFEST, NETWORK_SIGNER, FLEET_PARAMETERS.network);

let t: TestApp;
let epoch: number;
beforeAll(async () => {
  t = await testApp();
  epoch = (await t.store.latestEpoch())?.epoch ?? 0;
  const folder = join(t.deps.bundlesDir, `epoch-${String(epoch).padStart(10, "0")}`);
  await mkdir(join(folder, "folder"), { recursive: true });
  await writeFile(join(folder, "manifest.cbor"), MANIFEST_BYTES);
  await writeFile(join(folder, "leaves.jsonl"), LEAVES);
  await writeFile(join(folder, "notes.txt"), "not of the bundle");
  await writeFile(join(t.deps.bundlesDir, "secret"), "network key");
  await symlink(join(t.deps.bundlesDir, "secret"), join(folder, "link"));
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
