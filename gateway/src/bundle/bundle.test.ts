import { expect, test } from "bun:test";
import { NO_CONTACTS, settleEpoch } from "@earshot/protocol";
import { manifestOf } from "../testing/test-bundle.ts";
import {
  entropyChain,
  FIRST_EPOCH,
  HOTSPOTS,
  indexesOf,
  networkSigner,
  PARAMETERS,
  signedParameters,
} from "../testing/test-network.ts";
import { judgedStore } from "../testing/test-store.ts";
import { BUNDLE_FILES, type BundleContent, bundleName, encodeBundle, MANIFEST_FILE } from "./bundle.ts";
import { EMPTY_REGISTRY_HASH, recordsOf } from "./registry-hash.ts";

async function content(): Promise<BundleContent> {
  const store = await judgedStore(1);
  const proven = await store.provenOfEpoch(FIRST_EPOCH);
  const registry = HOTSPOTS.map((hotspot) => ({
    hotspot,
    changes: [hotspot.change],
    sinceEpoch: FIRST_EPOCH,
  }));
  const collected: BundleContent = {
    parameters: PARAMETERS,
    keyDocuments: [],
    signedParameters: signedParameters(PARAMETERS),
    epoch: FIRST_EPOCH,
    previous: { previousEpoch: null, previousManifestHash: new Uint8Array(32) },
    closedAtMs: Date.UTC(2026, 0, 2),
    packets: await store.packetsOfEpoch(FIRST_EPOCH),
    entropy: entropyChain(indexesOf(1)),
    registry,
    registryHashBefore: EMPTY_REGISTRY_HASH,
    changes: recordsOf(registry, { epoch: FIRST_EPOCH, previousEpoch: null }),
    denials: [],
    usedSequences: new Map([
      ["z2", [{ first: 1, last: 2 }]],
      ["z1", [{ first: 4, last: 4 }]],
      ["z0", []],
    ]),
    contactsBefore: new Map([
      ["z2", { beaconed: 7, witnessed: null }],
      ["z1", { beaconed: 8, witnessed: 9 }],
      ["z0", NO_CONTACTS],
    ]),
    verdicts: await store.verdictsOfEpoch(FIRST_EPOCH),
    settlement: settleEpoch({ proven }, { parameters: PARAMETERS, hotspots: HOTSPOTS, before: new Map() }),
  };
  await store.close();
  return collected;
}

test("the same content in any order gives the same bytes", async () => {
  const given = await content();
  const { contract, ...others } = PARAMETERS;
  const turned: BundleContent = {
    ...given,
    parameters: { contract, ...others },
    packets: given.packets.toReversed(),
    registry: given.registry.toReversed(),
    verdicts: given.verdicts.toReversed(),
    usedSequences: new Map([...given.usedSequences].toReversed()),
    contactsBefore: new Map([...given.contactsBefore].toReversed()),
  };
  expect(encodeBundle(turned, networkSigner)).toEqual(encodeBundle(given, networkSigner));
});

test("the manifest lists every other file and counts what is in them", async () => {
  const given = await content();
  const bundle = encodeBundle(given, networkSigner);
  const manifest = manifestOf(bundle);
  expect(Object.keys(bundle).sort()).toEqual([...BUNDLE_FILES, MANIFEST_FILE].sort());
  expect(manifest.files.map(({ name }) => name)).toEqual([...BUNDLE_FILES]);
  expect(manifest.counts).toEqual({
    packets: 11,
    entropy: 8,
    hotspots: 4,
    verdicts: 10,
    leaves: given.settlement.payments.length,
  });
  expect(manifest.paid + manifest.unallocated).toBe(PARAMETERS.poolPerEpoch);
});

test("sequence numbers of hotspots that used none are left out", async () => {
  const bundle = encodeBundle(await content(), networkSigner);
  expect(JSON.parse(new TextDecoder().decode(bundle["sequences.json"]))).toEqual({
    z1: [[4, 4]],
    z2: [[1, 2]],
  });
});

test("contacts of hotspots that had none are left out", async () => {
  const bundle = encodeBundle(await content(), networkSigner);
  expect(JSON.parse(new TextDecoder().decode(bundle["contacts.json"]))).toEqual([
    { hotspot: "z1", beaconed: 8, witnessed: 9 },
    { hotspot: "z2", beaconed: 7, witnessed: null },
  ]);
});

test("folders sort by epoch", () => {
  expect([10, 9, 4_294_967_295].map((epoch) => bundleName(epoch, new Uint8Array())).sort()).toEqual([
    "epoch-0000000009-bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    "epoch-0000000010-bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
    "epoch-4294967295-bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
  ]);
});
