import { describe, expect, test } from "bun:test";
import {
  DEFAULT_PARAMETERS,
  encodeBeaconFrame,
  encodePacket,
  indexRootMessage,
  manifestMessage,
  packetsRoot,
  parametersMessage,
  receiptMessage,
  sha256,
  signerFromSeed,
} from "@earshot/protocol";
import { ManualClock, typicalPackets } from "@earshot/protocol/testing";
import { entryHash, formatCheckpoint, formatNote, formatProof, signNote } from "@earshot/protocol/tlog";
import { ReceiptFiles } from "../receipts/receipt-files.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { audit } from "./audit.ts";
import { type Fetch, GatewayApi } from "./gateway-api.ts";

/* What the gateway answers; the whole of it runs in simulator/test/omission.test.ts. */

const NETWORK = "demo";
const network = signerFromSeed(new Uint8Array(32).fill(1));
const hotspot = signerFromSeed(new Uint8Array(32).fill(3));
const parameters = { ...DEFAULT_PARAMETERS, network: NETWORK };
const { entropyPeriodMs, epochPeriods } = parameters;
const INDEX = 29_671_954;
const EPOCH = Math.floor(INDEX / epochPeriods);
const atMs = INDEX * entropyPeriodMs + 5000;
const URL_OF_IT = new URL("http://gateway.test/");

const report = encodePacket(
  {
    ...{ ...typicalPackets.witness, atMs, sequence: 7 },
    frame: encodeBeaconFrame({
      ...{ entropyIndex: INDEX, shortId: new Uint8Array(8), tag: new Uint8Array(16) },
    }),
  },
  hotspot,
  NETWORK,
);
const reportId = sha256(report);

/** One confirmed report, received so long after it was made. */
function receipts(delayMs = 9000, signer = network): ReceiptFiles {
  const files = new ReceiptFiles(temporaryFolder());
  const stored = [{ sequence: 7, packetId: reportId, receivedAtMs: atMs + delayMs }];
  const head = { atMs, hotspot: hotspot.publicKey, answers: new Uint8Array(32), used: [] };
  const receipt = receiptMessage.seal(
    { ...head, stored, gateway: null, lowest: null, copies: null, commitments: null },
    signer,
    NETWORK,
  );
  files.append([{ keptAtMs: undefined, receipt, packets: [report] }], undefined);
  return files;
}

type Answers = Record<string, unknown>;

/** What a gateway serves whose newest epoch is the report's; bytes as they are, everything else as JSON. */
const served = (changes: Answers = {}): Answers => ({
  "/api/v1/keys": { documents: [] },
  "/api/v1/parameters": {
    versions: [{ message: parametersMessage.seal(parameters, network, NETWORK).toBase64() }],
  },
  "/api/v1/epochs?limit=1": { epochs: [{ epoch: EPOCH }] },
  ...withRoot(rootOver([reportId])),
  [`/api/v1/epochs/${EPOCH}/bundle/manifest.cbor`]: manifestOf(packetsCbor(report)),
  [`/api/v1/epochs/${EPOCH}/bundle/packets.cbor`]: packetsCbor(report),
  ...changes,
});

function rootOver(ids: Uint8Array[], named = ids) {
  const root = { network: NETWORK, index: INDEX, atMs, count: ids.length, root: packetsRoot(ids) };
  const message = indexRootMessage.seal(root, network, NETWORK).toBase64();
  return { message, packetIds: named.map((id) => id.toHex()) };
}

/** The root, and that it is in the log, as its only entry unless another is. */
function withRoot(root: ReturnType<typeof rootOver>, logged = root): Answers {
  const extra = Uint8Array.fromBase64(logged.message);
  const text = formatCheckpoint({ origin: "earshot/demo", size: 1, root: entryHash(extra) });
  const signatures = [signNote(text, "earshot/demo", network)];
  const proof = formatProof({ extra, index: 0, hashes: [], checkpoint: formatNote({ text, signatures }) });
  return {
    [`/api/v1/index-roots/${INDEX}`]: root,
    [`/log/proof/index-root/${INDEX}`]: new TextEncoder().encode(proof),
  };
}

function packetsCbor(...packets: Uint8Array[]): Uint8Array {
  const parts = packets.flatMap((packet) => {
    const head = new Uint8Array(12);
    head.set([0x82, 0x1b]);
    new DataView(head.buffer).setBigUint64(2, BigInt(atMs + 9000));
    head.set([0x58, packet.length], 10);
    return [head, packet];
  });
  return new Uint8Array(Buffer.concat(parts));
}

function manifestOf(packets: Uint8Array, changes = {}): Uint8Array {
  const zeros = new Uint8Array(32);
  return manifestMessage.seal(
    {
      ...{ network: NETWORK, epoch: EPOCH, previousEpoch: EPOCH - 1, previousManifestHash: zeros },
      ...{ fromMs: atMs, toMs: atMs, closedAtMs: atMs, parametersHash: zeros, registryHash: zeros },
      files: [{ name: "packets.cbor", bytes: packets.length, sha256: sha256(packets) }],
      ...{ pool: 0n, paid: 0n, unallocated: 0n, root: zeros },
      counts: { packets: 1, entropy: 1, hotspots: 1, verdicts: 1, leaves: 0 },
      ...changes,
    },
    network,
    NETWORK,
  );
}

const fetchOf =
  (answers: Answers): Fetch =>
  async ({ pathname, search }) => {
    const answer = answers[pathname + search];
    if (answer === undefined) return new Response("", { status: 404 });
    if (answer instanceof Response) return answer;
    return answer instanceof Uint8Array ? new Response(answer as BodyInit) : Response.json(answer);
  };

const apiOver = (fetch: Fetch, clock = new ManualClock()) =>
  new GatewayApi(URL_OF_IT, { clock, signal: new AbortController().signal, fetch });

const audited = (answers: Answers, files = receipts()) =>
  audit(files, apiOver(fetchOf(answers)), { name: NETWORK, publicKey: network.publicKey });

const CLEAN = { confirmed: 1, late: 0, inRoots: 1, inBundles: 1, problems: [], omissions: [] };

describe("an audit", () => {
  test("finds the report in root and bundle, and lets go of the receipt", async () => {
    const files = receipts();
    expect(await audited(served(), files)).toEqual(CLEAN);
    expect(files.files()).toEqual([]);
  });

  test("keeps what is not published yet, and says nothing bad of it", async () => {
    const files = receipts();
    const early = served({
      "/api/v1/epochs?limit=1": { epochs: [{ epoch: EPOCH - 1 }] },
      [`/api/v1/index-roots/${INDEX}`]: undefined,
    });
    expect(await audited(early, files)).toEqual({ ...CLEAN, inRoots: 0, inBundles: 0 });
    expect(files.files()).toHaveLength(1);
    expect(await audited({ ...early, "/api/v1/epochs?limit=1": { epochs: [] } }, files)).toMatchObject({
      problems: [],
    });
    expect(await audited(served(), files)).toEqual(CLEAN);
  });

  test("asks nothing about what came late, and lets go of it", async () => {
    const files = receipts(3 * parameters.reportDeadlineMs);
    const none = { ...CLEAN, late: 1, inRoots: 0, inBundles: 0 };
    expect(await audited(served(withRoot(rootOver([]))), files)).toEqual(none);
    expect(files.files()).toEqual([]);
  });

  test("counts no receipt that the network has not signed", async () => {
    expect(await audited(served(), receipts(9000, hotspot))).toMatchObject({ confirmed: 0, problems: [] });
  });

  test("keeps the evidence, and makes it again", async () => {
    const files = receipts();
    const lie = served(withRoot(rootOver([sha256(new Uint8Array(1))])));
    for (let i = 0; i < 2; i++) {
      const { omissions } = await audited(lie, files);
      expect(omissions.map(({ kind, report: { id } }) => [kind, id])).toEqual([
        ["index_root", reportId.toHex()],
      ]);
    }
    expect(files.files()).toHaveLength(1);
  });

  test("finds an epoch that a later manifest skips", async () => {
    const later = EPOCH + 3;
    const manifest = manifestOf(packetsCbor(), { epoch: later, previousEpoch: EPOCH - 1 });
    const { omissions } = await audited(
      served({
        "/api/v1/epochs?limit=1": { epochs: [{ epoch: later }] },
        [`/api/v1/epochs/${EPOCH}/bundle/manifest.cbor`]: undefined,
        [`/api/v1/epochs/${later}/bundle/manifest.cbor`]: manifest,
      }),
    );
    expect(omissions.map(({ kind }) => kind)).toEqual(["skipped_epoch"]);
  });
});

describe("what the gateway does not show is a problem and no accusation", () => {
  const bundle = `/api/v1/epochs/${EPOCH}/bundle`;
  const strange = sha256(new Uint8Array(2));
  test.each<[string, Answers, RegExp]>([
    ["a bundle is gone", { [`${bundle}/manifest.cbor`]: undefined }, /does not show the bundle/],
    ["its packets are gone", { [`${bundle}/packets.cbor`]: undefined }, /not what its manifest names/],
    ["its packets are others", { [`${bundle}/packets.cbor`]: packetsCbor() }, /not what its manifest names/],
    [
      "its packets are no packets",
      { [`${bundle}/packets.cbor`]: new Uint8Array(100_000) },
      /no packets\.cbor/,
    ],
    [
      "a manifest of somebody",
      { [`${bundle}/manifest.cbor`]: new Uint8Array(200) },
      /not signed by the network/,
    ],
    [
      "a manifest of another epoch",
      { [`${bundle}/manifest.cbor`]: manifestOf(packetsCbor(report), { epoch: 1 }) },
      /not signed/,
    ],
    ["ids without their root", withRoot(rootOver([strange], [])), /do not have the root/],
    ["a root that is not logged", withRoot(rootOver([reportId]), rootOver([])), /not in the network's log/],
    ["an error", { [`${bundle}/manifest.cbor`]: new Response("", { status: 500 }) }, /HTTP 500/],
    ["no JSON", { [`/api/v1/index-roots/${INDEX}`]: new Response("<html>") }, /JSON|token/i],
  ])("%s", async (_, changes, why) => {
    const files = receipts();
    const { problems, omissions } = await audited(served(changes), files);
    expect(omissions).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(why);
    // A bundle in which it is settles it whatever the root's ids are.
    expect(files.files()).toHaveLength(Object.keys(changes)[0]?.includes("index-roots") ? 0 : 1);
  });

  test.each<[string, Answers, RegExp]>([
    ["another network's", { "/api/v1/parameters": { versions: [] } }, /another network's gateway/],
    ["no gateway at all", { "/api/v1/keys": new Response("<html>") }, /JSON|token/i],
    [
      "more than it may answer",
      { "/api/v1/keys": new Response(new Uint8Array(3_000_000)) },
      /more than 2097152 bytes/,
    ],
  ])("%s ends the audit", async (_, changes, why) => {
    await expect(audited(served(changes))).rejects.toThrow(why);
  });

  test("one that says nothing is given up, and no wait is left", async () => {
    const clock = new ManualClock();
    const silent = apiOver(() => new Promise(() => {}), clock);
    const asked = silent.json("/api/v1/keys").catch((error: Error) => error.message);
    await clock.advance(29_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await asked).toBe("nothing came from http://gateway.test/api/v1/keys for 30 s");
    expect(clock.pending).toBe(0);
    const stalled = apiOver(
      async () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(9)) })),
      clock,
    );
    const half = stalled.bytes("/x", 100).catch((error: Error) => error.message);
    await clock.advance(31_000);
    expect(await half).toContain("for 30 s");
    expect(clock.pending).toBe(0);
  });
});
