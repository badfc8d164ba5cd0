import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { hotspotId } from "@earshot/protocol";
import { MANIFEST_FILE } from "./bundle.ts";
import { readBundle } from "./bundle-folder.ts";
import type { Difference } from "./check.ts";
import { type BundleOutcome, type Verified, type VerifyOptions, verifyFiles } from "./verify-bundle.ts";
import { isFirstManifest } from "./verify-manifest.ts";

/** What came out for one bundle. */
export interface VerifyReport {
  ok: boolean;
  /** The bundle's folder. */
  path: string;
  epoch: number | undefined;
  network: string | undefined;
  /** Id of the key that signed the manifest. */
  networkKey: string | undefined;
  /** Present unless all holds. */
  difference?: Difference;
  /** Root computed from the packets, 0x hex; undefined when a difference was found before it could be. */
  recomputedRoot: string | undefined;
  /** Root that the manifest states, 0x hex. */
  root: string | undefined;
  /** What had to be taken on trust, or is worth knowing. */
  notes: string[];
  /** Present when all holds: the input for the next bundle, and the numbers to print. */
  verified?: Verified;
}

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && `0x${bytes.toHex()}`;

/** Judges the bundle in a folder again from its packets. Bad content is reported, never thrown. */
export async function verifyBundle(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const read = readBundle(path);
  if (read.ok) return reportOf(path, verifyFiles(read.bundle, options), options);
  const difference = { file: read.missing, at: "folder", expected: "a file", found: "none" };
  return reportOf(path, { ok: false, difference }, options);
}

/** Verifies bundles in the order given, each as the successor of the one before; stops after the first that differs. */
export async function* verifySeries(
  paths: readonly string[],
  options: VerifyOptions = {},
): AsyncGenerator<VerifyReport, void, void> {
  const keys = options.keys ?? new Map();
  let previous = options.previous;
  for (const path of paths) {
    const report = await verifyBundle(path, { ...options, keys, ...(previous && { previous }) });
    yield report;
    if (!report.ok) return;
    previous = report.verified;
  }
}

/** The bundles that a path means: itself, or the bundles in it in order of name, which is the order of epochs. */
export function bundlePaths(path: string): string[] {
  if (existsSync(join(path, MANIFEST_FILE))) return [path];
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(path, entry.name, MANIFEST_FILE)))
    .filter(({ name }) => !name.endsWith(".tmp"))
    .map(({ name }) => join(path, name))
    .sort();
}

function reportOf(path: string, outcome: BundleOutcome, options: VerifyOptions): VerifyReport {
  const signed = outcome.ok ? outcome.verified.signed : outcome.signed;
  const root = outcome.ok ? outcome.verified.settlement.tree.root : outcome.root;
  return {
    ok: outcome.ok,
    path,
    epoch: signed?.manifest.epoch,
    network: signed?.manifest.network,
    networkKey: signed && hotspotId(signed.publicKey),
    recomputedRoot: hex(root),
    root: hex(signed?.manifest.root),
    notes: outcome.ok ? notesOn(outcome.verified, options) : [],
    ...(outcome.ok ? { verified: outcome.verified } : { difference: outcome.difference }),
  };
}

function notesOn(
  { manifest, hotspots, isComplete }: Verified,
  { previous, networkKey }: VerifyOptions,
): string[] {
  const notes: string[] = [];
  if (previous === undefined && networkKey === undefined) {
    notes.push("The signing key was taken from the manifest: compare it with the one the network publishes.");
  }
  if (previous === undefined && !isFirstManifest(manifest)) {
    notes.push(
      "Amounts and sequence numbers of earlier epochs were taken from this bundle: verify the folder of all bundles to check them.",
    );
  } else if (!isComplete) {
    notes.push("Sequence numbers used before the first bundle given were taken from the bundles.");
  }
  const listed = hotspots.filter(({ evidence }) => evidence === null).length;
  if (listed > 0)
    notes.push(`${listed} of ${hotspots.length} hotspots are listed by the operator, without evidence.`);
  const skipped = manifest.previousEpoch === null ? 0 : manifest.epoch - manifest.previousEpoch - 1;
  if (skipped > 0)
    notes.push(`${skipped} epochs before it were skipped: the network published nothing in them.`);
  return notes;
}
