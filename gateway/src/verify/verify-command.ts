import type { Clock } from "@earshot/protocol";
import { type BundleSource, bundlePaths, folderSource } from "./bundle-source.ts";
import type { Fetch } from "./download.ts";
import { verifyEvidence } from "./evidence.ts";
import { gatewayAddress, gatewaySources } from "./gateway-source.ts";
import { PhaseTimes, progressLine } from "./progress-line.ts";
import { openSignaturePool } from "./signature-pool.ts";
import { parseVerifyArguments, type VerifyArguments } from "./verify-arguments.ts";
import { verifySeries } from "./verify-epoch.ts";
import { formatReport, jsonReport, printable } from "./verify-report.ts";

const USAGE = `Usage: bun run gateway verify-epoch PATH [options]
       bun run gateway verify-epoch --evidence FILE [--key ID] [--json]

Judges epochs again from their packets alone, and compares every verdict, amount and hash.

  PATH               an epoch bundle; a folder of bundles (verified in order, each as the next of the one before);
                     or a gateway, http(s)://host[:port], or one of its epochs, …/api/v1/epochs/N
  --epochs A-B       of a folder or a gateway only these epochs
  --key ID           the network's key (z6Mk…): refuse bundles that another key signed
  --keys FILE        the keys.cbor of the newest bundle, in whose documents later revocations are
  --parameters HASH  the network's parameters hash (64 hex digits): refuse bundles judged by others
  --policy FILE      refuse epochs whose manifest is not in the network's log, below a checkpoint with the cosignatures that
                     the file demands: log, witness, group and quorum lines of c2sp.org/tlog-policy
  --evidence FILE    a file of earshot-agent audit, or a contradiction of an agent's /status.json: whether it shows that
                     the network left a report out, or contradicted itself
  --json             one line of JSON per bundle
  --timing           how long each phase took

Exit status: 0 all holds (the evidence too), 1 something differs (the first is named), cannot be had, or was judged by rules
that this program does not have (UNKNOWN), 2 wrong usage.
`;

/** Output and resources of the command. */
export interface VerifyCommandIo {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal: progress is shown there. */
  isTerminal: boolean;
  /** For the timing of phases, time limits of downloads and closing times in the future; none of these without. */
  clock?: Clock;
  /** Threads to check the signatures of large bundles in; none by default. */
  threads?: number;
  fetch?: Fetch;
}

/** Runs `verify-epoch`. @returns the exit status */
export async function runVerifyEpoch(args: readonly string[], io: VerifyCommandIo): Promise<number> {
  const parsed = parseVerifyArguments(args);
  if (!parsed.ok) {
    io.err(`${parsed.problem}\n\n${USAGE}`);
    return 2;
  }
  if (parsed.value.evidence !== undefined) {
    const { pins, isJson, evidence } = parsed.value;
    const { status, text } = verifyEvidence(evidence, { networkKey: pins.networkKey, isJson });
    io.out(text);
    return status;
  }
  const found = await findSources(parsed.value, io);
  if (!found.ok) {
    io.err(`${printable(found.problem)}\n`);
    return found.status;
  }
  const pool = io.threads === undefined ? undefined : openSignaturePool(io.threads);
  try {
    return await verifyAll(found.sources, parsed.value, { ...(pool && { pool }) }, io);
  } finally {
    pool?.close();
  }
}

type Sources = { ok: true; sources: BundleSource[] } | { ok: false; problem: string; status: number };

/** The bundles that are meant by the argument, in order of epoch. */
export async function findSources(
  { path, epochs, pins }: Pick<VerifyArguments, "path" | "epochs" | "pins">,
  { fetch = globalThis.fetch, clock }: Pick<VerifyCommandIo, "fetch" | "clock">,
): Promise<Sources> {
  const transport = { fetch, ...(clock && { clock }) };
  const address = gatewayAddress(path);
  const found =
    address === undefined
      ? { ok: true as const, sources: bundlePaths(path, epochs).map(folderSource) }
      : await gatewaySources(address, { epochs, pins, transport });
  if (!found.ok) return { ...found, status: 1 };
  if (found.sources.length > 0) return found;
  const meant = epochs === undefined ? "" : ` of epochs ${epochs.first} to ${epochs.last}`;
  const needed = "a folder with a manifest.cbor, a folder of such folders, or a gateway's address is needed";
  return { ok: false, problem: `There is no epoch bundle${meant} in ${path}: ${needed}`, status: 2 };
}

async function verifyAll(
  sources: readonly BundleSource[],
  { pins, policy, isJson, isTimed }: VerifyArguments,
  { pool }: { pool?: ReturnType<typeof openSignaturePool> },
  io: VerifyCommandIo,
): Promise<number> {
  const times = new PhaseTimes(() => io.clock?.elapsedMs() ?? 0);
  const line = progressLine(io, times);
  const options = {
    ...pins,
    ...(policy && { policy }),
    ...(pool && { pool }),
    ...(io.clock && { nowMs: io.clock.now() }),
    onProgress: line.onProgress,
  };
  let isEqual = true;
  line.onProgress("reading", 0, 1);
  for await (const report of verifySeries(sources, options)) {
    const timing = isTimed ? times.take() : undefined;
    line.clear();
    io.out(isJson ? jsonReport(report, timing) : formatReport(report, timing));
    isEqual &&= report.ok;
    line.onProgress("reading", 0, 1);
  }
  line.clear();
  if (isEqual && sources.length > 1 && !isJson) {
    io.out(`\n${sources.length} epochs hold, chained to each other.\n`);
  }
  return isEqual ? 0 : 1;
}
