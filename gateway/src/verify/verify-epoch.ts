import { hotspotId, QUICKNET, sha256 } from "@earshot/protocol";
import type { LogPolicy } from "@earshot/protocol/tlog";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { cidOf } from "../bundle/cid.ts";
import { type BundleSource, folderSource } from "./bundle-source.ts";
import { type Difference, runCheck } from "./check.ts";
import type { Announced } from "./check-announced.ts";
import type { EntropyOrigin } from "./check-entropy-source.ts";
import { checkLogged, type LoggedAt } from "./check-log.ts";
import { isFirstManifest, isUnknownFile } from "./check-manifest.ts";
import { InlineChecker, type SignatureChecker } from "./signatures.ts";
import { type Means, type TrustedWord, trusted } from "./trust.ts";
import {
  type BundleOutcome,
  carriedOver,
  type Verified,
  type VerifyOptions,
  verifyFiles,
  verifyFilesLater,
} from "./verify-bundle.ts";

/** What came out for one bundle. */
export interface VerifyReport {
  ok: boolean;
  /** The bundle's folder or address. */
  path: string;
  epoch: number | undefined;
  network: string | undefined;
  /** Id of the network's root key. */
  networkKey: string | undefined;
  /** Version of the newest key document in the bundle; 0 where the root key signs everything. */
  keysVersion: number | undefined;
  /** Of the manifest, and through that of every byte in the bundle. */
  cid: string | undefined;
  /** Present unless all holds. */
  difference?: Difference;
  /** Root computed from the packets, 0x hex; undefined when a difference was found before it could be. */
  recomputedRoot: string | undefined;
  /** Root that the manifest states, 0x hex. */
  root: string | undefined;
  /** Present when all holds and a policy was given. */
  logged?: LoggedAt;
  /** What is worth knowing. */
  notes: string[];
  /** What the operator could still have done, for all that was checked, and what would show it. */
  trust: TrustedWord[];
  /** Present when all holds: the input for the next bundle, and the numbers to print. */
  verified?: Verified;
}

interface SeriesOptions extends VerifyOptions {
  /** Checks the signatures of large bundles in other threads; small ones are done sooner in this one. */
  pool?: SignatureChecker;
  /** Demands that manifests are in the network's log, and cosigned. */
  policy?: LogPolicy;
}

/** Below this many bytes of packets other threads would only be waited for. */
const SMALL_PACKETS_BYTES = 262_144;

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && `0x${bytes.toHex()}`;

/** Judges the bundle in a folder again from its packets. Bad content is reported, never thrown. */
export const verifyBundle = (path: string, options: SeriesOptions = {}): Promise<VerifyReport> =>
  verifySource(folderSource(path), options);

async function verifySource(source: BundleSource, options: SeriesOptions): Promise<VerifyReport> {
  const read = await source.read();
  if (!read.ok) return reportOf(source.name, undefined, read, options);
  const outcome = await outcomeOf(read.bundle, options);
  if (!outcome.ok) return reportOf(source.name, read.bundle, outcome, options);
  const { signed, shownKeys } = outcome.verified;
  const misnamed = nameDifference(read.folder, read.bundle);
  const logged = await loggedAt(source, read.bundle, outcome.verified, options);
  const difference = misnamed ?? (logged?.ok === false ? logged.difference : undefined);
  const result = difference === undefined ? outcome : { ok: false as const, difference, signed, shownKeys };
  const report = reportOf(source.name, read.bundle, result, options);
  return logged?.ok === true && report.ok ? { ...report, logged: logged.value } : report;
}

async function loggedAt(
  source: BundleSource,
  bundle: Bundle,
  { signed, keys }: Verified,
  { policy }: SeriesOptions,
) {
  if (policy === undefined) return undefined;
  const proof = await source.readLogProof();
  return runCheck(checkLogged(proof, bundle[MANIFEST_FILE], { policy, keys, signed }));
}

async function outcomeOf(bundle: Bundle, { pool, ...options }: SeriesOptions): Promise<BundleOutcome> {
  const isLarge = bundle["packets.cbor"].length > SMALL_PACKETS_BYTES;
  return pool !== undefined && isLarge
    ? verifyFilesLater(bundle, { ...options, signatures: pool })
    : verifyFiles(bundle, options);
}

/** A folder may have any name, but not another bundle's. */
function nameDifference(folder: string, bundle: Bundle): Difference | undefined {
  const expected = /^epoch-\d{10}-(b[a-z2-7]{58})$/.exec(folder)?.[1];
  const found = cidOf(sha256(bundle[MANIFEST_FILE]));
  if (expected === undefined || expected === found) return undefined;
  return { file: MANIFEST_FILE, at: "CID", expected: `${expected}, as the folder is named`, found };
}

/** Verifies bundles in the order given, each as the successor of the one before; stops after the first that differs. */
export async function* verifySeries(
  bundles: readonly (string | BundleSource)[],
  options: SeriesOptions = {},
): AsyncGenerator<VerifyReport, void, void> {
  const { signatures = new InlineChecker() } = options;
  let previous = options.previous;
  for (const bundle of bundles) {
    const source = typeof bundle === "string" ? folderSource(bundle) : bundle;
    const report = await verifySource(source, { ...options, signatures, ...(previous && { previous }) });
    yield report;
    if (!report.ok) return;
    previous = report.verified && carriedOver(report.verified);
  }
}

function reportOf(
  path: string,
  bundle: Bundle | undefined,
  outcome: BundleOutcome,
  options: SeriesOptions,
): VerifyReport {
  const { signed, shownKeys } = outcome.ok ? outcome.verified : outcome;
  const root = outcome.ok ? outcome.verified.settlement.tree.root : outcome.root;
  return {
    ok: outcome.ok,
    path,
    epoch: signed?.manifest.epoch,
    network: signed?.manifest.network,
    networkKey: shownKeys && hotspotId(shownKeys.root),
    keysVersion: shownKeys?.version,
    cid: bundle && cidOf(sha256(bundle[MANIFEST_FILE])),
    recomputedRoot: hex(root),
    root: hex(signed?.manifest.root),
    notes: outcome.ok ? notesOn(outcome.verified, options) : [],
    trust: outcome.ok ? trusted(meansOf(outcome.verified, options)) : [],
    ...(outcome.ok ? { verified: outcome.verified } : { difference: outcome.difference }),
  };
}

/** What would have shown a lie in this run. */
function meansOf({ isComplete, announced, origin }: Verified, { previous }: SeriesOptions): Set<Means> {
  const means = new Set<Means>(["bundle"]);
  if (isComplete) means.add("row");
  // Alone, the message that announced could have been signed anew as well.
  if (announced === "compared" && previous !== undefined) means.add("announced");
  if (origin.chain !== null && origin.unproven === 0) means.add("drand");
  return means;
}

function notesOn(
  { announced, manifest, origin, registrations, isComplete }: Verified,
  { previous, networkKey }: VerifyOptions,
): string[] {
  const notes: string[] = [];
  if (previous === undefined && networkKey === undefined) {
    notes.push("The network's key was taken from the bundle: compare it with the one the network publishes.");
  }
  if (previous === undefined && !isFirstManifest(manifest)) {
    notes.push(
      "Amounts, sequence numbers and contacts of earlier epochs were taken from this bundle: verify the folder of all bundles to check them.",
    );
  } else if (!isComplete) {
    notes.push(
      "Sequence numbers and contacts from before the first bundle given were taken from the bundles.",
    );
  }
  const { owner, operator } = registrations;
  if (operator > 0) {
    notes.push(
      `${operator} of ${owner + operator} registry changes bear the operator's signature, not the owner's.`,
    );
  }
  notes.push(...entropyNotes(origin), ...announcedNotes(announced));
  const unknown = manifest.files.map(({ name }) => name).filter(isUnknownFile);
  if (unknown.length > 0) {
    notes.push(`It has files that this program does not know, and has not checked: ${unknown.join(", ")}.`);
  }
  const skipped = manifest.previousEpoch === null ? 0 : manifest.epoch - manifest.previousEpoch - 1;
  if (skipped > 0) {
    const what =
      skipped === 1 ? "The epoch before it was skipped" : `${skipped} epochs before it were skipped`;
    notes.push(`${what}: the network published nothing then.`);
  }
  return notes;
}

function entropyNotes({ chain, isDrawElsewhere, unproven }: EntropyOrigin): string[] {
  const notes: string[] = [];
  if (chain !== null && chain.hash !== QUICKNET.hash) {
    notes.push(
      `The key of drand chain ${chain.hash} is as the parameters say: compare it with what its operators publish.`,
    );
  }
  if (chain !== null && unproven > 0) {
    notes.push(
      `${unproven} entropy values came without a signature of the chain: the operator may have chosen them, or left the signature out.`,
    );
  }
  if (isDrawElsewhere) {
    notes.push(
      "Other parameters follow: the values that drew the epoch's last witnesses are checked with the next bundle.",
    );
  }
  return notes;
}

function announcedNotes(announced: Announced): string[] {
  switch (announced) {
    case "compared":
      return [];
    case "skipped":
      return ["Rules and denials were announced for an epoch that was skipped, and not compared."];
    case "first":
      return [
        "Nothing was announced before the network's first epoch: compare the hash of its manifest with what others have.",
      ];
    case "nothing":
      return [
        "The entropy announces no rules, denials or registry: made afterwards and dated before, they would not show.",
      ];
  }
}
