import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeBeaconFrame } from "../beacon/frame.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { concatBytes } from "../encoding/bytes.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../encoding/cbor.ts";
import { indexRootMessage, packetsRoot } from "../network/index-root.ts";
import { type KeyDocument, keyDocumentMessage } from "../network/key-document.ts";
import { type Manifest, manifestMessage } from "../network/manifest.ts";
import { KEY_ROLES } from "../network/message.ts";
import { parametersMessage } from "../network/parameters-message.ts";
import { receiptMessage } from "../network/receipt.ts";
import { type Outcome, verdictMessage } from "../network/verdict-message.ts";
import { encodePacket } from "../packet/codec.ts";
import { typicalPackets } from "../packet/samples.ts";
import { DEFAULT_PARAMETERS, type NetworkParameters } from "../parameters/parameters.ts";
import { drawIndex, entropyTimeMs, epochOf } from "../time/schedule.ts";
import { decodeEvidence, type Evidence, encodeEvidence } from "./evidence.ts";
import { judgeEvidence } from "./judge-evidence.ts";
import { PacketStream } from "./packet-sequence.ts";

const NETWORK = "demo";
const root = signerFromSeed(new Uint8Array(32).fill(1));
const online = signerFromSeed(new Uint8Array(32).fill(2));
const hotspot = signerFromSeed(new Uint8Array(32).fill(3));
const parameters: NetworkParameters = { ...DEFAULT_PARAMETERS, network: NETWORK };
const index = 29_671_954;
const epoch = epochOf(index, parameters);
const atMs = entropyTimeMs(index, parameters) + 5000;
const receivedAtMs = atMs + 9000;
const judgedAtMs = entropyTimeMs(drawIndex(index, parameters), parameters);

const frame = encodeBeaconFrame({
  entropyIndex: index,
  shortId: new Uint8Array(8).fill(5),
  tag: new Uint8Array(16).fill(6),
});
const packet = encodePacket({ ...typicalPackets.witness, frame, atMs, sequence: 7 }, hotspot, NETWORK);
const packetId = sha256(packet);
const others = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));

const receiptOf = (notice = {}, signer = root, whose = hotspot) =>
  receiptMessage.seal(
    {
      ...{ atMs: receivedAtMs, hotspot: whose.publicKey, answers: new Uint8Array(32), used: [] },
      stored: [{ sequence: 7, packetId, receivedAtMs, ...notice }],
      ...{ gateway: null, lowest: null, copies: null, commitments: null },
    },
    signer,
    NETWORK,
  );

const rootOver = (ids: readonly Uint8Array[], changes = {}, signer = root) =>
  indexRootMessage.seal(
    {
      network: NETWORK,
      index,
      atMs: receivedAtMs + 900_000,
      count: ids.length,
      root: packetsRoot(ids),
      ...changes,
    },
    signer,
    NETWORK,
  );

const packetsCbor = (...packets: { receivedAtMs: number; bytes: Uint8Array }[]) =>
  concatBytes(
    ...packets.flatMap((one) => {
      const head = new Uint8Array(10);
      head.set([0x82, 0x1b]);
      new DataView(head.buffer).setBigUint64(2, BigInt(one.receivedAtMs));
      const { length } = one.bytes;
      return [
        head,
        length < 256 ? Uint8Array.of(0x58, length) : Uint8Array.of(0x59, length >> 8, length & 255),
        one.bytes,
      ];
    }),
  );

function manifestOf(packets: Uint8Array, changes: Partial<Manifest> = {}): Uint8Array {
  const zeros = new Uint8Array(32);
  return manifestMessage.seal(
    {
      ...{ network: NETWORK, epoch, previousEpoch: epoch - 1, previousManifestHash: zeros },
      ...{ fromMs: atMs, toMs: atMs, closedAtMs: atMs, parametersHash: zeros, registryHash: zeros },
      files: [{ name: "packets.cbor", bytes: packets.length, sha256: sha256(packets) }],
      ...{ pool: 0n, paid: 0n, unallocated: 0n, root: zeros },
      counts: { packets: 1, entropy: 1, hotspots: 1, verdicts: 1, leaves: 0 },
      ...changes,
    },
    root,
    NETWORK,
  );
}

const evidence = (changes: Partial<Evidence> = {}): Evidence => ({
  ...{ network: NETWORK, confirmation: receiptOf(), packet, keys: [] },
  parameters: parametersMessage.seal(parameters, root, NETWORK),
  contradiction: { kind: "index_root", root: rootOver(others), packetIds: others },
  ...changes,
});

const judged = (changes: Partial<Evidence> = {}, key = root.publicKey): string => {
  const answer = judgeEvidence(evidence(changes), key);
  return answer.ok ? answer.finding.kind : answer.code;
};

const other = packetsCbor({
  receivedAtMs,
  bytes: encodePacket({ ...typicalPackets.witness, sequence: 9 }, hotspot, NETWORK),
});

describe("a report that was confirmed", () => {
  test("and is not under its index's root", () => {
    expect(judgeEvidence(evidence(), root.publicKey)).toMatchObject({
      ok: true,
      finding: {
        network: NETWORK,
        packetId: packetId.toHex(),
        type: "witness",
        entropyIndex: index,
        epoch,
        receivedAtMs,
      },
    });
    const listed = [...others, packetId];
    const roots: [string, Evidence["contradiction"]][] = [
      ["not_missing", { kind: "index_root", root: rootOver(listed), packetIds: listed }],
      ["other_list", { kind: "index_root", root: rootOver(listed), packetIds: others }],
      ["other_list", { kind: "index_root", root: rootOver(others, { index: index + 1 }), packetIds: others }],
      ["other_list", { kind: "index_root", root: rootOver(others, { count: 4 }), packetIds: others }],
      ["signed_list", { kind: "index_root", root: rootOver(others, {}, hotspot), packetIds: others }],
      ["signed_list", { kind: "index_root", root: receiptOf(), packetIds: others }],
    ];
    expect(roots.map(([, contradiction]) => judged({ contradiction }))).toEqual(roots.map(([code]) => code));
  });

  test("and is not in its epoch's bundle, or said to have come late there", () => {
    const later = receivedAtMs + 1;
    const bundles: [string, Uint8Array, Partial<Manifest>?][] = [
      ["bundle", other],
      ["bundle", new Uint8Array(0)],
      ["bundle", packetsCbor({ receivedAtMs: later, bytes: packet })],
      ["not_missing", packetsCbor({ receivedAtMs, bytes: packet })],
      ["not_missing", packetsCbor({ receivedAtMs: receivedAtMs - 1, bytes: packet })],
      ["other_list", other, { epoch: epoch + 1 }],
      ["other_list", other, { files: [] }],
      ["other_list", other, { files: [{ name: "packets.cbor", bytes: 1, sha256: sha256(packet) }] }],
      ["signed_list", other, { network: "another" }],
    ];
    const answers = bundles.map(([, packets, changes]) =>
      judged({ contradiction: { kind: "bundle", manifest: manifestOf(packets, changes), packets } }),
    );
    expect(answers).toEqual(bundles.map(([code]) => code));
  });

  test("and whose epoch was skipped, or is from before the first of a chain begun anew", () => {
    const spans: [string, number | null, number][] = [
      ["skipped_epoch", epoch - 1, epoch + 1],
      ["skipped_epoch", epoch - 9, epoch + 9],
      ["skipped_epoch", null, epoch + 1],
      ["not_missing", epoch, epoch + 1],
      ["not_missing", epoch - 1, epoch],
      ["not_missing", epoch + 1, epoch + 2],
      ["not_missing", null, epoch],
    ];
    const answers = spans.map(([, previousEpoch, to]) => {
      const manifest = manifestOf(other, { previousEpoch, epoch: to });
      return judged({ contradiction: { kind: "skipped_epoch", manifest } });
    });
    expect(answers).toEqual(spans.map(([code]) => code));
  });
});

describe("is no confirmation", () => {
  const verdictOf = (outcome: Outcome, signer = root) =>
    verdictMessage.seal(
      {
        ...{ atMs, hotspot: hotspot.publicKey, parametersHash: new Uint8Array(32) },
        verdicts: [{ packetId, receivedAtMs, outcome, reason: "ok", measurements: [] }],
      },
      signer,
      NETWORK,
    );

  test.each<[string, string, Uint8Array]>([
    ["a verdict that pays is one", "index_root", verdictOf("paid")],
    ["one that finds nothing wrong, too", "index_root", verdictOf("unpaid")],
    ["a refusal", "confirmation", verdictOf("refused")],
    ["a receipt of another packet", "confirmation", receiptOf({ packetId: others[0] })],
    ["another hotspot's receipt", "confirmation", receiptOf({}, root, online)],
    ["what the hotspot signed itself", "confirmation", receiptOf({}, hotspot)],
    ["what came when its index was judged", "late", receiptOf({ receivedAtMs: judgedAtMs })],
    ["what came before is one", "index_root", receiptOf({ receivedAtMs: judgedAtMs - 1 })],
  ])("%s", (_, code, confirmation) => {
    expect(judged({ confirmation })).toBe(code);
  });
});

test("another packet than a report, or another network's, shows nothing", () => {
  const status = encodePacket(typicalPackets.status, hotspot, NETWORK);
  const foreign = encodePacket({ ...typicalPackets.witness, frame, atMs, sequence: 7 }, hotspot, "another");
  expect([status, foreign, packet.slice(1)].map((one) => judged({ packet: one }))).toEqual([
    "packet",
    "packet",
    "packet",
  ]);
  expect(judged({ network: "another" })).toBe("packet");
  expect(judged({}, hotspot.publicKey)).toBe("confirmation");
  const longer = { ...parameters, reportDeadlineMs: 604_800_000 };
  expect(judged({ parameters: parametersMessage.seal(longer, hotspot, NETWORK) })).toBe("parameters");
});

test("with key documents, only the keys with the role count", () => {
  const document: KeyDocument = {
    ...{ network: NETWORK, version: 1, previousHash: new Uint8Array(32), atMs: 946_684_800_000 },
    ...{ entropyPeriodMs: parameters.entropyPeriodMs, epochPeriods: parameters.epochPeriods },
    keys: KEY_ROLES.map((role) => ({
      ...{ role, key: role === "downlink" ? online.publicKey : root.publicKey },
      ...{ fromEpoch: 0, untilEpoch: null, revokedFromEpoch: null },
    })),
  };
  const keys = [keyDocumentMessage.seal(document, root, NETWORK)];
  expect(judged({ keys })).toBe("confirmation");
  expect(judged({ keys, confirmation: receiptOf({}, online) })).toBe("index_root");
  expect(judged({ keys, confirmation: receiptOf({}, online) }, hotspot.publicKey)).toBe("keys");
  // Nobody said who the network is: its first document does.
  expect(judgeEvidence(evidence({ keys, confirmation: receiptOf({}, online) })).ok).toBe(true);
});

describe("the file", () => {
  const contradictions: Evidence["contradiction"][] = [
    { kind: "index_root", root: rootOver(others), packetIds: others },
    { kind: "bundle", manifest: manifestOf(other), packets: other },
    { kind: "skipped_epoch", manifest: manifestOf(other, { epoch: epoch + 1 }) },
  ];

  test("comes back as it was, also with what a later program appends", () => {
    for (const contradiction of contradictions) {
      const whole = evidence({ contradiction });
      const file = encodeEvidence(whole);
      expect(decodeEvidence(file)).toEqual(whole);
      const fields = decodeCbor(file);
      const longer = encodeCbor([...(fields.ok ? (fields.value as CborValue[]) : []), "more", [1]]);
      expect(decodeEvidence(longer)).toEqual(whole);
    }
  });

  test("whatever is changed in it, it shows the same or nothing", () => {
    const files = contradictions.map((contradiction) => encodeEvidence(evidence({ contradiction })));
    const found = files.map((file) => judgeEvidence(decodeEvidence(file) as Evidence, root.publicKey));
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, place, change) => {
        const file = Uint8Array.from(files[which] as Uint8Array);
        const at = place % file.length;
        file[at] = (file[at] as number) ^ change;
        const read = decodeEvidence(file);
        const answer = read && judgeEvidence(read, root.publicKey);
        // The version of the file's form says nothing of its content.
        if (answer?.ok === true) expect(answer).toEqual(found[which] as typeof answer);
      }),
      { numRuns: 400 },
    );
  });

  test("random bytes are none", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeEvidence(bytes) === undefined));
  });
});

test("packets.cbor is read as it comes, in whatever parts", () => {
  const packets = [1, 2, 3, 4].map((sequence) => ({
    receivedAtMs: receivedAtMs + sequence,
    bytes: encodePacket({ ...typicalPackets.reading, sequence }, hotspot, NETWORK),
  }));
  const file = packetsCbor(...packets);
  fc.assert(
    fc.property(fc.array(fc.nat(file.length), { maxLength: 12 }), (cuts) => {
      const places = [0, ...cuts.toSorted((a, b) => a - b), file.length];
      const stream = new PacketStream();
      const read = places.slice(1).flatMap((to, i) => [...stream.push(file.subarray(places[i], to))]);
      stream.end();
      expect(read).toEqual(packets);
    }),
  );
  const torn = new PacketStream();
  expect([...torn.push(file.subarray(0, file.length - 1))]).toHaveLength(3);
  expect(() => torn.end()).toThrow("ends within a packet");
  expect(() => [...new PacketStream().push(new Uint8Array(80_000))]).toThrow("no packets.cbor");
});
