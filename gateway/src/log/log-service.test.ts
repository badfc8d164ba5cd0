import { describe, expect, test } from "bun:test";
import {
  DEFAULT_PARAMETERS,
  denialMessage,
  drawIndex,
  entropyMessage,
  indexRootMessage,
  KEY_ROLES,
  type KeyDocument,
  type KeyRole,
  keyDocumentMessage,
  manifestMessage,
  packetsRoot,
  parametersMessage,
  type RoleKey,
  type Signer,
  sha256,
  signerFromSeed,
  silentLog,
} from "@earshot/protocol";
import {
  cosignersOf,
  decodeEntries,
  entryHash,
  formatNoteKey,
  parseNote,
  parsePolicy,
  parseProof,
  rootOf,
  SIGNATURE_TYPES,
  signatureOf,
  verifyProofOf,
} from "@earshot/protocol/tlog";
import { PROOF_FILE } from "../bundle/bundle.ts";
import { bundleFolder } from "../bundle/bundle-folder.ts";
import { KeyRing } from "../keys/key-ring.ts";
import type { StoredEpoch } from "../store/records.ts";
import { startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { epochPackets, FIRST_EPOCH, idOf, networkSigner, PARAMETERS } from "../testing/test-network.ts";
import { Witness } from "../witness/witness.ts";
import { openWitnessState } from "../witness/witness-state.ts";

const { network, entropyPeriodMs, epochPeriods } = PARAMETERS;
const epochMs = epochPeriods * entropyPeriodMs;
const START_MS = FIRST_EPOCH * epochMs;

/** What each message in the log is, in order: `entropy 17`, `manifest 3`. */
function named(message: Uint8Array): string {
  const open = { entropy: entropyMessage, root: indexRootMessage, manifest: manifestMessage };
  for (const [kind, codec] of Object.entries(open)) {
    const opened = codec.open(message, network, networkSigner.publicKey);
    if (!opened.ok) continue;
    return `${kind} ${"epoch" in opened.value ? opened.value.epoch : opened.value.index}`;
  }
  if (parametersMessage.open(message, network, networkSigner.publicKey).ok) return "parameters";
  return denialMessage.open(message, network, networkSigner.publicKey).ok ? "denial" : "unknown";
}

async function entriesOf({ gateway }: Pick<TestGateway, "gateway">): Promise<Uint8Array[]> {
  const note = await (await gateway.app.request("/log/checkpoint")).text();
  const size = Number(parseNote(note)?.text.split("\n")[1]);
  const found: Uint8Array[] = [];
  for (let index = 0; found.length < size; index++) {
    const width = Math.min(256, size - index * 256);
    const path = `tile/entries/${String(index).padStart(3, "0")}${width < 256 ? `.p/${width}` : ""}`;
    const bytes = await (await gateway.app.request(`/log/${path}`)).bytes();
    found.push(...(decodeEntries(bytes) ?? []));
  }
  const root = parseNote(note)?.text.split("\n")[2];
  expect(rootOf(found.map(entryHash)).toBase64()).toBe(root as string);
  return found;
}

const countsOf = (names: readonly string[]) =>
  Object.fromEntries(
    [...Map.groupBy(names, (name) => name.split(" ")[0] ?? "")].map(([kind, all]) => [kind, all.length]),
  );

describe("an epoch and a bit", () => {
  test("each thing is logged once, in its order, when it takes effect", async () => {
    await using test = await startTestGateway(START_MS);
    const packets = epochPackets(FIRST_EPOCH);
    await test.play(packets, START_MS + epochMs + 20 * entropyPeriodMs);
    const names = (await entriesOf(test)).map(named);
    expect(names[0]).toBe("parameters");
    expect(new Set(names).size).toBe(names.length);
    const first = FIRST_EPOCH * epochPeriods;
    const last = first + epochPeriods + 20;
    const numbered = (kind: string) =>
      names.filter((name) => name.startsWith(`${kind} `)).map((name) => Number(name.split(" ")[1]));
    expect(numbered("entropy")).toEqual(Array.from({ length: last - first + 1 }, (_, i) => first + i));
    const judged = last - drawIndex(0, PARAMETERS);
    expect(numbered("root")).toEqual(Array.from({ length: judged - first + 1 }, (_, i) => first + i));
    const closed = Math.floor((judged + 1 - first) / epochPeriods);
    expect(numbered("manifest")).toEqual(Array.from({ length: closed }, (_, i) => FIRST_EPOCH + i));
    // Each as soon as it was: a root follows the entropy that drew its witnesses.
    const at = (name: string) => names.indexOf(name);
    const lag = drawIndex(0, PARAMETERS);
    expect(at(`root ${first + 3}`)).toBe(at(`entropy ${first + 3 + lag}`) + 1);
    expect(at(`entropy ${last}`)).toBeGreaterThan(at(`manifest ${FIRST_EPOCH}`));
  });

  test("an index root is over all reports about the index, and its proof can be had by name", async () => {
    await using test = await startTestGateway(START_MS);
    await test.play(epochPackets(FIRST_EPOCH), START_MS + epochMs + 20 * entropyPeriodMs);
    const reported = await test.store.packetsOfEpoch(FIRST_EPOCH);
    const indexes = new Set(reported.flatMap(({ entropyIndex }) => entropyIndex ?? []));
    expect(indexes.size).toBeGreaterThan(0);
    let counted = 0;
    for (const index of indexes) {
      const response = await test.gateway.app.request(`/log/proof/index-root/${index}`);
      const proof = parseProof(await response.text());
      const message = proof?.extra ?? new Uint8Array();
      expect(proof && verifyProofOf(message, proof)).toMatchObject({ ok: true });
      const opened = indexRootMessage.open(message, network, networkSigner.publicKey);
      const ids = (await test.store.reportsOfIndex(index)).map(({ id }) => Uint8Array.fromHex(id));
      expect(opened).toMatchObject({
        ok: true,
        value: { network, index, count: ids.length, root: packetsRoot(ids) },
      });
      counted += ids.length;
    }
    expect(counted).toBeGreaterThan(2);
  });

  test("a bundle has the proof beside it that its manifest is in the log", async () => {
    await using test = await startTestGateway(START_MS);
    await test.play(epochPackets(FIRST_EPOCH), START_MS + epochMs + 20 * entropyPeriodMs);
    const closed = await test.store.epoch(FIRST_EPOCH);
    const bundles = bundleFolder(test.bundlesDir);
    const manifest = bundles.manifest(closed?.bundle ?? "") ?? new Uint8Array();
    const file = await bundles.file(closed?.bundle ?? "", PROOF_FILE);
    const proof = parseProof((await file?.text()) ?? "");
    expect(sha256(manifest)).toEqual(closed?.manifestHash ?? new Uint8Array());
    expect(proof && verifyProofOf(manifest, proof)).toMatchObject({ ok: true });
  });
});

test("what a run did not get to is logged by the next one, and nothing twice", async () => {
  await using test = await startTestGateway(START_MS);
  const { store } = test;
  const { addToLog } = store;
  await test.clock.advance(5 * entropyPeriodMs);
  await test.stop();
  // From now on appending fails: this run makes entropy, judges and closes, and is ended.
  await test.restart({
    store: { ...store, addToLog: () => Promise.reject(new Error("disk full")) },
  });
  const before = await store.logSize();
  await test.clock.advance(epochMs + 20 * entropyPeriodMs);
  const health = await test.gateway.app.request("/healthz");
  expect(((await health.json()) as { problems: string[] }).problems.join()).toContain("network's log");
  await test.restart({ store: { ...store, addToLog } });
  expect(await store.logSize()).toBe(before);
  await test.clock.advance(entropyPeriodMs);
  const names = (await entriesOf(test)).map(named);
  expect(new Set(names).size).toBe(names.length);
  const latest = (await store.latestEntropy())?.entropy.index ?? 0;
  expect(countsOf(names)).toEqual({
    parameters: 1,
    entropy: latest - FIRST_EPOCH * epochPeriods + 1,
    root: ((await store.judgedThrough()) ?? 0) - FIRST_EPOCH * epochPeriods + 1,
    manifest: ((await store.latestEpoch())?.epoch ?? 0) - FIRST_EPOCH + 1,
  });
});

test("a denial is logged as it was signed", async () => {
  await using test = await startTestGateway(START_MS, { adminToken: "a-token-of-many-characters" });
  const denied = await test.gateway.app.request("/api/v1/denials", {
    method: "POST",
    headers: { Authorization: "Bearer a-token-of-many-characters", "Content-Type": "application/json" },
    body: JSON.stringify({ hotspot: idOf("a"), reason: "test", evidence: "case 1", epochs: 2 }),
  });
  expect(denied.status).toBeLessThan(300);
  await test.clock.advance(2 * entropyPeriodMs);
  const [stored] = await test.store.denials();
  const hashes = (await entriesOf(test)).map((entry) => sha256(entry).toHex());
  expect(hashes).toContain(sha256(stored?.message ?? new Uint8Array()).toHex());
});

test("a day has fewer than 5,000 entries", async () => {
  // By the clockwork of a network as it is by default: what it makes in two hours.
  const day = { ...DEFAULT_PARAMETERS, network };
  await using test = await startTestGateway(Date.UTC(2026, 1, 1), { parameters: day });
  await test.clock.advance(30 * day.entropyPeriodMs);
  const before = await test.store.logSize();
  await test.clock.advance(120 * day.entropyPeriodMs);
  const inTwoHours = (await test.store.logSize()) - before;
  expect(inTwoHours).toBe(240);
  expect(inTwoHours * 12).toBeLessThan(5000);
});

test("the log goes on when its key is rotated: each checkpoint is signed by the key of its epoch", async () => {
  const [before, after] = [1, 2].map((n) => signerFromSeed(new Uint8Array(32).fill(n))) as [Signer, Signer];
  const changeEpoch = FIRST_EPOCH + 2;
  const key = (
    role: KeyRole,
    { publicKey }: Signer,
    fromEpoch = 0,
    untilEpoch: number | null = null,
  ): RoleKey => ({
    ...{ role, key: publicKey, fromEpoch, untilEpoch, revokedFromEpoch: null },
  });
  const document: KeyDocument = {
    ...{
      network,
      version: 1,
      previousHash: new Uint8Array(32),
      atMs: START_MS,
      entropyPeriodMs,
      epochPeriods,
    },
    keys: [
      ...KEY_ROLES.filter((role) => role !== "log").map((role) => key(role, networkSigner)),
      key("log", before, 0, changeEpoch),
      key("log", after, changeEpoch),
    ],
  };
  const message = keyDocumentMessage.seal(document, networkSigner, network);
  const source = { read: () => ({ documents: [message], signers: [networkSigner, before, after] }) };
  const time = { now: () => START_MS };
  const signer = KeyRing.load(PARAMETERS, networkSigner.publicKey, source, time);
  await using test = await startTestGateway(START_MS, { signer });
  time.now = () => test.clock.now();
  const signerNow = async () => {
    const note = parseNote(await (await test.gateway.app.request("/log/checkpoint")).text());
    const name = `earshot/${network}`;
    return [before, after].map(
      ({ publicKey }) =>
        note && typeof signatureOf(note, { name, type: SIGNATURE_TYPES.log, publicKey }) === "object",
    );
  };
  const announced = async () =>
    (await (await test.gateway.app.request("/log/key")).text()).trim().split("\n");
  await test.clock.advance(3 * entropyPeriodMs);
  expect(await signerNow()).toEqual([true, false]);
  const keys = await announced();
  expect(keys).toHaveLength(2);
  await test.clock.advance(2 * epochMs);
  expect(await signerNow()).toEqual([false, true]);
  expect(await announced()).toEqual([keys[1] as string]);
  // One log throughout, in which the document stands.
  const hashes = (await entriesOf(test)).map((entry) => sha256(entry).toHex());
  expect(hashes[0]).toBe(sha256(message).toHex());
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("a proof beside a bundle gets the cosignatures that come after the quorum was there", async () => {
  const [first, second] = [1, 2].map((n) => signerFromSeed(new Uint8Array(32).fill(n))) as [Signer, Signer];
  const vkey = (n: number, { publicKey }: Signer) =>
    formatNoteKey({ name: `w/${n}`, type: SIGNATURE_TYPES.cosignature, publicKey });
  const read = parsePolicy(`witness one ${vkey(1, first)} http://w1
witness two ${vkey(2, second)} http://w2
group either any one two
quorum either
`);
  if (!read.ok) throw new Error(read.problem);
  const log = { name: `earshot/${network}`, type: SIGNATURE_TYPES.log, publicKey: networkSigner.publicKey };
  const states = [openWitnessState(":memory:"), openWitnessState(":memory:")] as const;
  const [one, two] = ([first, second] as const).map((signer, i) => {
    const deps = { name: `w/${i + 1}`, signer, logs: [{ key: log, url: undefined }], log: silentLog };
    return new Witness({ ...deps, state: states[i] ?? states[0], clock: { now: () => START_MS } });
  }) as [Witness, Witness];
  let slowly = async (_signal: AbortSignal) => {};
  const fetch = async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    if (url.startsWith("http://w1")) return one.fetch(request);
    await slowly(request.signal);
    return two.fetch(request);
  };
  await using test = await startTestGateway(START_MS, { publicLog: { policy: read.policy, fetch } });
  slowly = (signal) => test.clock.sleep(entropyPeriodMs / 10, signal);
  await test.clock.advance(epochMs + 20 * entropyPeriodMs);
  const bundles = bundleFolder(test.bundlesDir);
  const epoch = await test.store.epoch(FIRST_EPOCH);
  const proof = parseProof((await (await bundles.file(epoch?.bundle ?? "", PROOF_FILE))?.text()) ?? "");
  const note = parseNote(proof?.checkpoint ?? "");
  expect(note && cosignersOf(note, read.policy)).toEqual(new Set(["one", "two"]));
  await test.stop();
  for (const state of states) state[Symbol.dispose]();
});

test("what a clock that was ahead made stays in the log, and what takes its place follows", async () => {
  const settleMs = 300_000;
  const hourMs = 3_600_000;
  await using test = await startTestGateway(START_MS + 365 * 86_400_000);
  const { store, clock } = test;
  await clock.advance(epochMs);
  clock.stepWall(hourMs);
  await clock.advance(settleMs + 3 * epochMs);
  const ahead = (await store.latestEntropy())?.message ?? new Uint8Array();
  clock.stepWall(-hourMs);
  await clock.advance(settleMs + 3 * epochMs + entropyPeriodMs / 2);
  const entries = await entriesOf(test);
  const hashes = new Set(entries.map((entry) => sha256(entry).toHex()));
  expect(hashes).toContain(sha256(ahead).toHex());
  const kept = await store.entropyRange(0, Number.MAX_SAFE_INTEGER);
  expect(kept.map(({ message }) => sha256(message).toHex())).not.toContain(sha256(ahead).toHex());
  for (const { message } of kept) expect(hashes).toContain(sha256(message).toHex());
  const epochs = await store.epochs({ limit: 10_000 });
  expect(epochs.length).toBeGreaterThan(2);
  for (const { manifestHash } of epochs) expect(hashes).toContain(manifestHash.toHex());
  // Of two with one number the newer is proven.
  const { epoch, bundle } = epochs[0] as StoredEpoch;
  const manifest = bundleFolder(test.bundlesDir).manifest(bundle) ?? new Uint8Array();
  const proof = parseProof(await (await test.gateway.app.request(`/log/proof/manifest/${epoch}`)).text());
  expect(proof && verifyProofOf(manifest, proof)).toMatchObject({ ok: true });
});
