import { describe, expect, test } from "bun:test";
import {
  entropyTopic,
  epochAtMs,
  hotspotId,
  KEY_ROLES,
  type KeyDocument,
  type KeyRole,
  keyDocumentMessage,
  keysTopic,
  manifestMessage,
  NetworkKeys,
  openEnvelope,
  type Signer,
  sha256,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import { MANIFEST_FILE } from "../bundle/bundle.ts";
import { writeByteStrings } from "../bundle/cbor-sequences.ts";
import { bundleAt, signedAgain } from "../testing/test-bundle.ts";
import { assertions, startTestGateway } from "../testing/test-gateway.ts";
import { FIRST_EPOCH, networkSigner, PARAMETERS, signers } from "../testing/test-network.ts";
import { bundlePaths } from "../verify/bundle-source.ts";
import { verifyFiles } from "../verify/verify-bundle.ts";
import { verifySeries } from "../verify/verify-epoch.ts";
import {
  announcedEpoch,
  type ChangeBasis,
  earliestEpoch,
  firstDocument,
  type NewKey,
  revoked,
  rotated,
} from "./key-changes.ts";
import { KeyRing } from "./key-ring.ts";

const { network } = PARAMETERS;
const CLOCKWORK = { entropyPeriodMs: PARAMETERS.entropyPeriodMs, epochPeriods: PARAMETERS.epochPeriods };
const EPOCH_MS = 8000;
const root = networkSigner;
const startMs = FIRST_EPOCH * EPOCH_MS;

/** The operator's files: documents and private keys, as a command would change them. */
class Operator {
  documents: Uint8Array[] = [];
  signers: Signer[] = [root];
  /** Changes whenever `read` shall give all again. */
  isChanged = true;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  read() {
    if (!this.isChanged) return undefined;
    this.isChanged = false;
    return { documents: this.documents, signers: this.signers };
  }

  get keys(): NetworkKeys {
    const read = NetworkKeys.read(network, root.publicKey, this.documents);
    if (!read.ok) throw new Error(read.why);
    return read.keys;
  }

  basis = (): ChangeBasis => ({ keys: this.keys, clockwork: CLOCKWORK, nowMs: this.#now() });

  readonly newKey: NewKey = (role) => {
    const signer = signerFromSeed(sha256(utf8(`${role} ${this.signers.length}`)));
    this.signers.push(signer);
    return signer.publicKey;
  };

  sign(document: KeyDocument): void {
    this.documents = [...this.documents, keyDocumentMessage.seal(document, root, network)];
    this.isChanged = true;
  }

  rotate(roles: readonly KeyRole[], epoch = announcedEpoch(this.basis())): number {
    this.sign(rotated(this.basis(), roles, epoch, this.newKey));
    return epoch;
  }
}

/** A ring and its operator, in a network whose first document counts from the beginning. */
function ring(nowMs: number) {
  const clock = { nowMs, now: () => clock.nowMs };
  const operator = new Operator(() => clock.nowMs);
  operator.sign(firstDocument(operator.basis(), 0, operator.newKey));
  return { clock, operator, ring: KeyRing.load(PARAMETERS, root.publicKey, operator, clock) };
}

describe("documents", () => {
  test("are taken in when they follow, and each role signs with its own key from its epoch on", () => {
    const { clock, operator, ring: known } = ring(startMs);
    const before = known.signerFor("entropy").publicKey;
    const epoch = operator.rotate(["entropy"]);
    expect(known.refresh(startMs)).toBe(true);
    expect(known.signerFor("entropy").publicKey).toEqual(before);
    clock.nowMs = epoch * EPOCH_MS;
    expect(known.signerFor("entropy").publicKey).toEqual((operator.signers.at(-1) as Signer).publicKey);
    expect(known.signerFor("entropy", clock.nowMs - 1).publicKey).toEqual(before);
    expect(known.refresh(startMs)).toBe(false);
    expect(known.problem()).toBeUndefined();
  });

  test("that came too late are not used: they would make what was signed invalid", () => {
    const { operator, ring: known } = ring(startMs);
    const epoch = operator.rotate(["entropy"]);
    const late = operator.documents;
    expect(known.refresh(epoch * EPOCH_MS)).toBe(false);
    expect(known.problem()).toContain(`version 2 came too late: it changes who signs in epoch ${epoch}`);
    operator.documents = late.slice(0, 1);
    operator.isChanged = true;
    known.refresh(epoch * EPOCH_MS);
    expect(known.problem()).toBeUndefined();
  });

  test("older than those in use, of another chain or of another network are left alone, and told", () => {
    const { operator, ring: known } = ring(startMs);
    operator.rotate(["log"]);
    expect(known.refresh(startMs)).toBe(true);
    const good = operator.documents;
    const other = ring(startMs + 1).operator.documents;
    const bad = keyDocumentMessage.seal({ ...documentOf(good[1]), version: 3 }, signers.a, network);
    for (const [documents, why] of [
      [good.slice(0, 1), "they end with version 1 or differ, but version 2 is in use"],
      [other, "they end with version 1 or differ"],
      [[...good, bad], "not a key document"],
    ] as const) {
      Object.assign(operator, { documents: [...documents], isChanged: true });
      expect(known.refresh(startMs)).toBe(false);
      expect(known.problem()).toContain(why);
      expect(known.keys.version).toBe(2);
    }
  });

  test("of epochs of another length are refused at the start", () => {
    const { operator, clock } = ring(startMs);
    operator.isChanged = true;
    const wanted = { ...PARAMETERS, epochPeriods: 8 };
    expect(() => KeyRing.load(wanted, root.publicKey, operator, clock)).toThrow(
      "epochPeriods is 4 in them, but 8 in the configuration",
    );
  });
});

test("a private key that is missing is told before its turn comes, and nothing else signs in its place", () => {
  const { clock, operator, ring: known } = ring(startMs);
  const epoch = operator.rotate(["downlink"]);
  const [missing] = operator.signers.splice(-1);
  known.refresh(startMs);
  const id = hotspotId((missing as Signer).publicKey);
  expect(known.problem()).toBe(
    `The private key for downlink is not here: that of ${id}, which signs from epoch ${epoch} on, is needed`,
  );
  clock.nowMs = epoch * EPOCH_MS;
  expect(() => known.signerFor("downlink")).toThrow(id);
  operator.signers.push(missing as Signer);
  operator.isChanged = true;
  known.refresh(clock.nowMs);
  expect(known.signerFor("downlink").publicKey).toEqual((missing as Signer).publicKey);
});

const documentOf = (message?: Uint8Array): KeyDocument => {
  const opened = keyDocumentMessage.open(message as Uint8Array, network);
  if (!opened.ok) throw new Error(opened.code);
  return opened.value;
};

/** The key that signed a message. */
function signerOf(message: Uint8Array): Uint8Array {
  const opened = openEnvelope(message, 65_536);
  if (!opened.ok) throw new Error(opened.code);
  return opened.envelope.publicKey;
}

test("keys of an old copy, which no longer sign, are refused at the start: nobody would take what they sign", async () => {
  const clock = { now: () => startMs };
  const operator = new Operator(() => clock.now());
  operator.sign(firstDocument(operator.basis(), 0, operator.newKey));
  const load = (documents: readonly Uint8Array[]) =>
    KeyRing.load(
      PARAMETERS,
      root.publicKey,
      { read: () => ({ documents, signers: operator.signers }) },
      clock,
    );
  const old = operator.documents;
  const epoch = operator.rotate(["entropy"]);
  await using run = await startTestGateway(startMs + 10, { signer: load(operator.documents) });
  await run.play([], epoch * EPOCH_MS + 100);
  const again = await run.restart({ signer: load(old) }).catch((error: Error) => error.message);
  expect(again).toContain("The keys do not fit the database: its newest entropy was not signed by z6Mk");
  await run.restart({ signer: load(operator.documents) });
});

test("a network goes from one key for all to keys by role, each is replaced, one revoked: no epoch is lost, every bundle verifies", async () => {
  const clock = { now: () => startMs };
  const operator = new Operator(() => clock.now());
  const ring = KeyRing.load(PARAMETERS, root.publicKey, operator, clock);
  await using run = await startTestGateway(startMs + 10, { signer: ring });
  clock.now = () => run.clock.now();
  const untilEpoch = (epoch: number) => run.play([], epoch * EPOCH_MS + 500);
  await run.play(assertions(startMs + 100), startMs + 2 * EPOCH_MS);
  const begins = announcedEpoch(operator.basis());
  operator.sign(firstDocument(operator.basis(), begins, operator.newKey));
  await untilEpoch(begins + 1);
  for (const role of KEY_ROLES) await untilEpoch(operator.rotate([role]));
  const gone = operator.keys.signing("epochs", epochAtMs(run.clock.now(), CLOCKWORK))[0] as Uint8Array;
  const from = earliestEpoch(operator.basis());
  operator.sign(revoked(operator.basis(), gone, from, operator.newKey));
  await untilEpoch(from + 3);
  expect(ring.problem()).toBeUndefined();

  const paths = bundlePaths(run.bundlesDir);
  const epochs: number[] = [];
  for await (const report of verifySeries(paths, { networkKey: root.publicKey })) {
    expect([report.epoch, report.difference]).toEqual([report.epoch, undefined]);
    epochs.push(report.epoch as number);
  }
  expect(epochs).toEqual(epochs.map((_, i) => FIRST_EPOCH + i));
  expect(epochs.at(-1)).toBeGreaterThanOrEqual(from + 1);

  // The manifest of an epoch is signed in a later one.
  const manifest = (path: string) => bundleAt(path)[MANIFEST_FILE];
  const closers = new Set(paths.map((path) => hotspotId(signerOf(manifest(path)))));
  expect(closers.size).toBe(4);
  expect(closers.has(hotspotId(root.publicKey))).toBe(true);

  // With the newest document in place, nothing that the revoked key signs from its epoch on counts.
  const last = bundleAt(paths.at(-1) as string);
  const opened = manifestMessage.open(last[MANIFEST_FILE], network);
  if (!opened.ok) throw new Error(opened.code);
  const thief = operator.signers.find(({ publicKey }) => hotspotId(publicKey) === hotspotId(gone)) as Signer;
  const forged = { ...last, [MANIFEST_FILE]: manifestMessage.seal(opened.value, thief, network) };
  const outcome = verifyFiles(forged, { networkKey: root.publicKey });
  expect(outcome.ok ? "holds" : outcome.difference).toMatchObject({
    file: MANIFEST_FILE,
    at: "signature",
    found: `key_revoked: ${hotspotId(gone)}`,
  });

  // In a bundle that shows no later documents the key still counts: an auditor who has them from elsewhere refuses it.
  const shown = operator.documents.slice(0, -1);
  const early = signedAgain(last, { "keys.cbor": writeByteStrings(shown) }, {}, thief);
  const alone = verifyFiles(early, { networkKey: root.publicKey });
  expect(alone.ok).toBe(true);
  const warned = verifyFiles(early, { networkKey: root.publicKey, keyDocuments: operator.documents });
  expect(warned.ok ? "holds" : warned.difference.found).toBe(`key_revoked: ${hotspotId(gone)}`);
  for (const path of paths) {
    const honest = verifyFiles(bundleAt(path), {
      networkKey: root.publicKey,
      keyDocuments: operator.documents,
    });
    expect(honest.ok).toBe(true);
  }

  // Each document is announced before any entropy that it counts for.
  const documents = run.sent.filter(({ topic }) => topic === keysTopic(network));
  expect(documents.every(({ retain }) => retain)).toBe(true);
  expect(new Set(documents.map(({ bytes }) => documentOf(bytes).version)).size).toBe(7);
  for (const { bytes, atMs } of run.sent.filter(({ topic }) => topic === entropyTopic(network))) {
    const newest = documents.findLast((one) => one.atMs <= atMs);
    const known = NetworkKeys.ofRoot(network, root.publicKey);
    const agent = newest === undefined ? { ok: true as const, keys: known } : known.replacedBy(newest.bytes);
    expect(agent.ok && agent.keys.refusal("entropy", signerOf(bytes), atMs)).toBeUndefined();
  }
});
