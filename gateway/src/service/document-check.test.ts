import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hotspotId, sealRevocation } from "@earshot/protocol";
import { openStore } from "../store/open-store.ts";
import { StoreRefusedError } from "../store/owner.ts";
import { hotspot } from "../store/test-data.ts";
import {
  entropyChain,
  FIRST_EPOCH,
  HOTSPOTS,
  indexesOf,
  networkSigner,
  PARAMETERS,
  signedParameters,
} from "../testing/test-network.ts";
import { documentCheck } from "./document-check.ts";

test("a store is opened if what its network signed can be read, and refused by the document's name if not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-documents-"));
  const url = `sqlite://${join(folder, "gateway.db")}`;
  const open = (network = PARAMETERS.network) => openStore(url, { check: documentCheck(network) });
  const refusal = async (network?: string) => {
    const error = await open(network).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreRefusedError);
    return (error as Error).message;
  };
  const store = await open();
  await store.addParameters(PARAMETERS, signedParameters(PARAMETERS));
  for (const { entropy, message } of entropyChain(indexesOf(1))) await store.addEntropy(entropy, message);
  for (const known of HOTSPOTS) await store.putHotspot(known);
  const ofKey = hotspot({ id: hotspotId(networkSigner.publicKey) }, FIRST_EPOCH + 8);
  const evidence = sealRevocation(networkSigner, PARAMETERS.network, ofKey.change.atMs);
  await store.putHotspot({ ...ofKey, change: { ...ofKey.change, evidence } });
  await store.close();
  await (await open()).close();
  expect(await refusal("elsewhere")).toContain(
    'its parameters, version 1, cannot be read (its signature is not one in the network "elsewhere"). Nothing was changed',
  );
  const again = await open();
  await again.putHotspot(hotspot({ id: "z6MkNew" }, FIRST_EPOCH + 9));
  await again.close();
  expect(await refusal()).toContain("its newest registration, of z6MkNew, cannot be read (");
  const other = await openStore(url);
  const denial = { hotspot: networkSigner.publicKey, peer: null, reason: "test", evidence: "1" };
  const when = { atMs: 1, fromEpoch: FIRST_EPOCH, untilEpoch: FIRST_EPOCH + 1 };
  await other.addDenial({ ...denial, ...when }, signedParameters(PARAMETERS));
  await other.close();
  expect(await refusal()).toContain(
    "its denial, number 1, cannot be read (wrong_type: a version of Earshot wrote it whose format this one does not know",
  );
  rmSync(folder, { recursive: true });
});
