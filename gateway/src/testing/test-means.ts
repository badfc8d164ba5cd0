import { join } from "node:path";
import {
  contradictionOf,
  type Entropy,
  entropyHash,
  entropyMessage,
  indexRootMessage,
  isReport,
  manifestMessage,
  packetsRoot,
  type ReceivedPacket,
  receiptMessage,
  sha256,
} from "@earshot/protocol";
import { judgeEvidence } from "@earshot/protocol/omission";
import { decodeEntries } from "@earshot/protocol/tlog";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import { closeEpoch } from "../epochs/close-epoch.ts";
import { KeyRing } from "../keys/key-ring.ts";
import { LogSources } from "../log/log-sources.ts";
import { PublicLog } from "../log/public-log.ts";
import type { Means } from "../verify/trust.ts";
import { type Verified, verifyFiles } from "../verify/verify-bundle.ts";
import { bundleAt, manifestOf, temporaryFolder } from "./test-bundle.ts";
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
    ...{ store, network, clock, statements: () => [], signer: KeyRing.ofRoot(network, networkSigner, clock) },
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
export const [first, second, third] = bundles;
const logged = new Set(entries.map((entry) => sha256(entry).toHex()));
export const afterFirst = verified(first);
export const afterSecond = verified(second, { previous: afterFirst });
export const afterThird = verified(third, { previous: afterSecond });

const messagesIn = (bundle: Bundle): Uint8Array[] => {
  const read = readByteStrings(bundle["entropy.cbor"]);
  if (!read.ok) throw new TypeError("No entropy");
  return read.items;
};

/** What somebody finds who reads the log beside a bundle: what stands in only one of them. */
export function logTells(bundle: Bundle): Told {
  const messages = messagesIn(bundle);
  const shown = new Set(messages.map((message) => sha256(message).toHex()));
  const indexes = messages.map(indexIn);
  const isWithin = (index: number) => index > (indexes[0] ?? 0) && index <= (indexes.at(-1) ?? 0);
  for (const entry of entries) {
    const index = indexIn(entry);
    if (index !== undefined && isWithin(index) && !shown.has(sha256(entry).toHex())) {
      return { log: `entropy ${index} is in the log alone` };
    }
    const root = indexRootMessage.open(entry, network, networkSigner.publicKey);
    if (!root.ok || Math.floor(root.value.index / 4) !== manifestOf(bundle).epoch) continue;
    const ids = about(bundle, root.value.index, root.value.atMs);
    const isWhole = ids.length === root.value.count && root.value.root.toHex() === packetsRoot(ids).toHex();
    if (!isWhole) return { log: `the root over index ${root.value.index} is of other reports` };
  }
  if (logged.has(sha256(bundle[MANIFEST_FILE]).toHex())) return {};
  const other = entries.some((entry) => {
    const opened = manifestMessage.open(entry, network, networkSigner.publicKey);
    return opened.ok && opened.value.epoch === manifestOf(bundle).epoch;
  });
  return other ? { log: "the log has another manifest of this epoch" } : {};
}

function indexIn(message: Uint8Array): number | undefined {
  const opened = entropyMessage.open(message, network, networkSigner.publicKey);
  return opened.ok ? opened.value.index : undefined;
}

/** Ids of the reports about an index that had come by then, as bundles say. */
function about(bundle: Bundle, index: number, atMs: number): Uint8Array[] {
  const { packets, manifest } = verified(bundle);
  // What came after the epoch's end is in a later one's.
  const later = [afterSecond, afterThird].filter((one) => one.manifest.epoch > manifest.epoch);
  return [...packets, ...later.flatMap((one) => one.packets)]
    .filter((one) => isReport(one) && one.packet.entropyIndex === index && one.receivedAtMs <= atMs)
    .map(({ id }) => Uint8Array.fromHex(id));
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
