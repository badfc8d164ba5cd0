import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, manifestMessage, type Signer, sha256 } from "@earshot/protocol";
import { BUNDLE_FILES, type Bundle, type BundleFile, MANIFEST_FILE } from "../bundle/bundle.ts";
import { readBundle } from "../bundle/bundle-folder.ts";
import { closeEpoch } from "../epochs/close-epoch.ts";
import { FIRST_EPOCH, networkSigner, PARAMETERS } from "./test-network.ts";
import { closeDeps, judgedStore } from "./test-store.ts";

/** A folder for one test, removed at the end of its block (`using`). */
export function temporaryFolder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "earshot-epochs-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function bundleAt(folder: string): Bundle {
  const read = readBundle(folder);
  if (!read.ok) throw new TypeError(`Test bundle has no ${read.missing}`);
  return read.bundle;
}

/** Bundles of the network's first epochs, as closing writes them. */
export async function testBundles(count: number): Promise<Bundle[]> {
  using folder = temporaryFolder();
  const store = await judgedStore(count);
  const bundles: Bundle[] = [];
  for (let epoch = FIRST_EPOCH; epoch < FIRST_EPOCH + count; epoch++) {
    const closed = await closeEpoch(epoch, closeDeps(store, folder.path));
    bundles.push(bundleAt(join(folder.path, closed.bundle)));
  }
  await store.close();
  return bundles;
}

export function manifestOf(bundle: Bundle): Manifest {
  const opened = manifestMessage.open(bundle[MANIFEST_FILE], PARAMETERS.network);
  if (!opened.ok) throw new TypeError(`Test manifest: ${opened.code}`);
  return opened.value;
}

/** The bundle with some files changed and all hashes signed again: what a dishonest network can do. */
export function signedAgain(
  bundle: Bundle,
  files: Partial<Record<BundleFile, Uint8Array>>,
  fields: Partial<Manifest> = {},
  signer: Signer = networkSigner,
): Bundle {
  const changed = { ...bundle, ...files };
  const hashes = BUNDLE_FILES.map((name) => ({
    name,
    bytes: changed[name].length,
    sha256: sha256(changed[name]),
  }));
  const manifest = { ...manifestOf(bundle), files: hashes, ...fields };
  return { ...changed, [MANIFEST_FILE]: manifestMessage.seal(manifest, signer, PARAMETERS.network) };
}
