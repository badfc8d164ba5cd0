import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Manifest, manifestMessage, sha256, utf8 } from "@earshot/protocol";
import { FLEET_PARAMETERS, NETWORK_SIGNER } from "./seeded-fleet.ts";
import type { TestApp } from "./test-app.ts";

export const LEAVES = "{}\n";
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
export const MANIFEST_BYTES = manifestMessage.seal(MANIFEST, NETWORK_SIGNER, FLEET_PARAMETERS.network);

/** Writes the newest epoch's bundle: a manifest that names three files, of which only `leaves.jsonl` is there. */
export async function writeTestBundle({ store, deps }: TestApp): Promise<{ epoch: number; folder: string }> {
  const latest = await store.latestEpoch();
  if (latest === undefined) throw new TypeError("The test's fleet has no closed epoch");
  const folder = join(deps.bundlesDir, basename(latest.bundle));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.cbor"), MANIFEST_BYTES);
  await writeFile(join(folder, "leaves.jsonl"), LEAVES);
  return { epoch: latest.epoch, folder };
}
