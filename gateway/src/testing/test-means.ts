import { expect } from "bun:test";
import { join } from "node:path";
import {
  contradictionOf,
  type Entropy,
  entropyHash,
  type ReceivedPacket,
  receiptMessage,
  sha256,
} from "@earshot/protocol";
import { judgeEvidence } from "@earshot/protocol/omission";
import {
  decodeEntries,
  encodeEntries,
  entryHash,
  formatCheckpoint,
  formatNote,
  parseTilePath,
  rootOf,
  signNote,
  TILE_WIDTH,
} from "@earshot/protocol/tlog";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { closeEpoch } from "../epochs/close-epoch.ts";
import { KeyRing } from "../keys/key-ring.ts";
import { LogSources } from "../log/log-sources.ts";
import { PublicLog } from "../log/public-log.ts";
import { runCheck } from "../verify/check.ts";
import { checkLogEntries, neededFrom } from "../verify/check-log-entries.ts";
import { LogView } from "../verify/log-view.ts";
import type { Means } from "../verify/trust.ts";
import { type Verified, verifyFiles } from "../verify/verify-bundle.ts";
import { bundleAt, temporaryFolder } from "./test-bundle.ts";
import { verified, where } from "./test-edits.ts";
import { FIRST_EPOCH, HOTSPOTS, networkSigner, PARAMETERS } from "./test-network.ts";
import { closeDeps, judgedStore } from "./test-store.ts";

/** An honest network of three epochs with its log, and each means that may show a lie about it. */

/** What each means told that showed the lie; nothing of those that did not. */
export type Told = Partial<Record<Means, string>>;

const { network } = PARAMETERS;
/** The second. */
export const epoch = FIRST_EPOCH + 1;

/** Three epochs of an honest gateway, and what its log has of them. */
async function honestNetwork(): Promise<{ bundles: [Bundle, Bundle, Bundle]; entries: Uint8Array[] }> {
  using folder = temporaryFolder();
  const store = await judgedStore(3);
  await store.addJudgement((epoch + 2) * 4 - 1, [], [], []);
  const manifests = new Map<string, Uint8Array>();
  const bundles: Bundle[] = [];
  for (const each of [FIRST_EPOCH, epoch, epoch + 1]) {
    const { bundle: name } = await closeEpoch(each, closeDeps(store, folder.path));
    const bundle = bundleAt(join(folder.path, name));
    manifests.set(name, bundle[MANIFEST_FILE]);
    bundles.push(bundle);
  }
  const clock = { now: () => Date.UTC(2026, 0, 2) };
  const sources = new LogSources({
    ...{
      store,
      parameters: PARAMETERS,
      clock,
      statements: () => [],
      signer: KeyRing.ofRoot(network, networkSigner, clock),
    },
    bundles: { manifest: (name) => manifests.get(name) },
  });
  let size = 0;
  const log = new PublicLog({
    ...{ store, sources, origin: `earshot/${network}`, signer: () => networkSigner },
    onCheckpoint: async (head) => {
      size = head.size;
    },
  });
  await log.advance();
  const tile = await log.tile({ level: "entries", index: 0, width: size });
  await store.close();
  const entries = tile === undefined ? undefined : decodeEntries(tile);
  if (entries === undefined) throw new TypeError("The log has no entries");
  return { bundles: bundles as [Bundle, Bundle, Bundle], entries };
}

const { bundles, entries } = await honestNetwork();

export { entries };
export const [first, second, third] = bundles;
export const afterFirst = verified(first);
export const afterSecond = verified(second, { previous: afterFirst });
export const afterThird = verified(third, { previous: afterSecond });

/** A log with these entries, as a server gives it. @param signer of its checkpoint */
export function servedLog(list: readonly Uint8Array[], signer = networkSigner): (url: URL) => Response {
  const hashes = list.map(entryHash);
  const full = Math.floor(list.length / TILE_WIDTH);
  const above = Array.from({ length: full }, (_, i) =>
    rootOf(hashes.slice(i * TILE_WIDTH, (i + 1) * TILE_WIDTH)),
  );
  const origin = `earshot/${network}`;
  const text = formatCheckpoint({ origin, size: list.length, root: rootOf(hashes) });
  const checkpoint = formatNote({ text, signatures: [signNote(text, origin, signer)] });
  return ({ pathname }) => {
    if (pathname === "/log/checkpoint") return new Response(checkpoint);
    const name = parseTilePath(pathname.slice("/log/".length));
    if (name === undefined) return new Response("none", { status: 404 });
    const [from, to] = [name.index * TILE_WIDTH, name.index * TILE_WIDTH + name.width];
    if (name.level === "entries") return new Response(new Uint8Array(encodeEntries(list.slice(from, to))));
    return new Response(new Uint8Array(Buffer.concat((name.level === 0 ? hashes : above).slice(from, to))));
  };
}

/** What `verify-epoch --log` finds in the log, whose reader has nothing else. */
export async function logTells(bundle: Bundle): Promise<Told> {
  const answer = servedLog(entries);
  const opened = await LogView.open("http://log.test/log", network, { fetch: async (url) => answer(url) });
  if (!opened.ok) throw new TypeError(opened.problem);
  const known = verified(bundle);
  expect(await opened.view.readBack(neededFrom(known))).toBeUndefined();
  const checked = runCheck(checkLogEntries(bundle, known, opened.view));
  return checked.ok ? {} : { log: `${checked.difference.file}: ${checked.difference.at}` };
}

/** What `verify-epoch` finds in a bundle alone, then after the one before. */
export function bundleTells(lie: Bundle, previous?: Verified, nowMs?: number): Told {
  const told = (means: Means, options: Parameters<typeof verifyFiles>[1]): Told => {
    const outcome = verifyFiles(lie, options);
    if (outcome.ok) return {};
    const { at, expected } = outcome.difference;
    return { [expected.includes("announced before") ? "announced" : means]: `${where(outcome)}: ${at}` };
  };
  const alone = told("bundle", nowMs === undefined ? {} : { nowMs });
  return Object.keys(alone).length > 0 || previous === undefined ? alone : told("row", { previous });
}

/** What agents say that remember the messages they were sent. */
export function agentsTell(known: readonly Entropy[], shown: readonly Entropy[]): Told {
  for (const one of known) {
    for (const other of shown) {
      const contradiction = contradictionOf(one, other);
      if (contradiction !== undefined) return { agents: contradiction };
    }
  }
  return {};
}

/** What a hotspot's receipt for a packet shows. */
export function receiptTells(lie: Bundle, { bytes, hotspotId, receivedAtMs }: ReceivedPacket): Told {
  const owner = HOTSPOTS.find(({ id }) => id === hotspotId);
  const stored = [{ sequence: 1, packetId: sha256(bytes), receivedAtMs }];
  const receipt = {
    ...{ atMs: receivedAtMs, hotspot: owner?.publicKey as Uint8Array, answers: new Uint8Array(32), used: [] },
    ...{ stored, gateway: null, lowest: null, copies: null, commitments: null },
  };
  const answer = judgeEvidence(
    {
      ...{ network, packet: bytes, keys: [], parameters: lie["parameters.cbor"] },
      confirmation: receiptMessage.seal(receipt, networkSigner, network),
      contradiction: { kind: "bundle", manifest: lie[MANIFEST_FILE], packets: lie["packets.cbor"] },
    },
    networkSigner.publicKey,
  );
  return answer.ok ? { receipt: answer.finding.packetId } : {};
}

/** Hashes made anew from here on. */
export function chained(list: readonly Entropy[], previousHash = list[0]?.previousHash): Entropy[] {
  const chain: Entropy[] = [];
  for (const one of list) {
    const before = chain.at(-1);
    const hash = before === undefined ? (previousHash ?? new Uint8Array(32)) : entropyHash(before);
    chain.push({ ...one, previousHash: hash });
  }
  return chain;
}
