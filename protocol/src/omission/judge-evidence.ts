import { openEnvelope } from "../cose.ts";
import { hotspotId } from "../crypto/did-key.ts";
import { isAdmissibleKey } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { reportIndexAndKey } from "../judging/group.ts";
import { indexRootMessage, packetsRoot } from "../network/index-root.ts";
import { NetworkKeys } from "../network/keys.ts";
import { type Manifest, manifestMessage } from "../network/manifest.ts";
import { MAX_MESSAGE_BYTES, type Signatories } from "../network/message.ts";
import { parametersMessage } from "../network/parameters-message.ts";
import { receiptMessage } from "../network/receipt.ts";
import { verdictMessage } from "../network/verdict-message.ts";
import { verifyPacket } from "../packet/codec.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import { drawIndex, entropyTimeMs, epochOf } from "../time/schedule.ts";
import type { Contradiction, Evidence } from "./evidence.ts";
import { PacketStream } from "./packet-sequence.ts";

/** Why a file shows nothing. */
type EvidenceRefusal =
  | "keys"
  | "packet"
  | "confirmation"
  | "parameters"
  | "late"
  | "signed_list"
  | "other_list"
  | "not_missing";

/** A network confirmed a report and left it out. */
export interface Finding {
  network: string;
  /** Of the network's root key. */
  networkKey: string;
  hotspot: string;
  packetId: string;
  type: "beacon" | "witness";
  entropyIndex: number;
  epoch: number;
  /** As it was confirmed. */
  receivedAtMs: number;
  /** What it is missing from. */
  kind: Contradiction["kind"];
  /** When the bundle says that it came, where it is there and later than was confirmed. */
  bundledAtMs?: number;
}

export type EvidenceAnswer =
  | { ok: true; finding: Finding }
  | { ok: false; code: EvidenceRefusal; why: string };

class Refused {
  readonly code: EvidenceRefusal;
  readonly why: string;

  constructor(code: EvidenceRefusal, why: string) {
    this.code = code;
    this.why = why;
  }
}

/**
 * Whether the two statements are the network's and contradict each other. Never throws.
 *
 * @param root the network's key, where it is known: else the file says whose statements they are
 */
export function judgeEvidence(evidence: Evidence, root?: Uint8Array): EvidenceAnswer {
  const found = findingOf(evidence, root);
  return found instanceof Refused
    ? { ok: false, code: found.code, why: found.why }
    : { ok: true, finding: found };
}

function findingOf(evidence: Evidence, pinned: Uint8Array | undefined): Finding | Refused {
  const { network, contradiction } = evidence;
  const keys = keysOf(evidence, pinned);
  if (keys instanceof Refused) return keys;
  const report = reportIn(evidence.packet, network);
  if (report === undefined) {
    return new Refused(
      "packet",
      `it is no beacon or witness report that a hotspot has signed for ${network}`,
    );
  }
  const confirmation = confirmationIn(evidence.confirmation, network, keys, report.publicKey, report.id);
  if (confirmation === undefined) {
    return new Refused(
      "confirmation",
      `it is no receipt or verdict of ${network} that names packet ${report.id.toHex()}`,
    );
  }
  const parameters = parametersMessage.open(evidence.parameters, network, keys);
  if (!parameters.ok || parameters.value.network !== network) {
    return new Refused(
      "parameters",
      `they are not ${network}'s: ${parameters.ok ? "another network's" : parameters.code}`,
    );
  }
  const { receivedAtMs } = confirmation;
  const lateMs = receivedAtMs - judgedFromMs(report, parameters.value);
  if (lateMs >= 0) {
    const why = `the report came ${lateMs} ms after its index was to be judged, so the list may be older`;
    return new Refused("late", why);
  }
  const epoch = epochOf(report.entropyIndex, parameters.value);
  const missing = missingFrom(contradiction, { network, keys, report, epoch, receivedAtMs });
  if (missing instanceof Refused) return missing;
  const { id, type, entropyIndex, publicKey } = report;
  return {
    ...{ network, networkKey: hotspotId(keys.root), hotspot: hotspotId(publicKey), packetId: id.toHex() },
    ...{ type, entropyIndex, epoch, receivedAtMs, kind: contradiction.kind, ...missing },
  };
}

/** Nobody has said who the network is: then who signed its first statement. */
function keysOf({ network, keys, confirmation }: Evidence, pinned?: Uint8Array): NetworkKeys | Refused {
  const opened = openEnvelope(keys[0] ?? confirmation, MAX_MESSAGE_BYTES);
  const root = pinned ?? (opened.ok ? opened.envelope.publicKey : undefined);
  if (root === undefined || !isAdmissibleKey(root))
    return new Refused("keys", "nobody has signed the file's statements");
  const read = NetworkKeys.read(network, root, keys);
  return read.ok ? read.keys : new Refused("keys", read.why);
}

export interface SignedReport {
  id: Uint8Array;
  type: "beacon" | "witness";
  publicKey: Uint8Array;
  entropyIndex: number;
}

/** The beacon or witness report in a packet, if it is one and signed for the network. */
export function reportIn(packet: Uint8Array, network: string): SignedReport | undefined {
  const verified = verifyPacket(packet, network);
  if (!verified.ok) return undefined;
  const { id, publicKey, packet: content } = verified.decoded;
  const about = reportIndexAndKey(verified.decoded);
  if (about === undefined || (content.type !== "beacon" && content.type !== "witness")) return undefined;
  return { id, type: content.type, publicKey, entropyIndex: about.entropyIndex };
}

/** That the network has stored a packet, and when it came. */
export interface Confirmation {
  receivedAtMs: number;
}

/** What a receipt says of a packet, or a message with a verdict other than a refusal; `undefined` when it is neither. */
export function confirmationIn(
  message: Uint8Array,
  network: string,
  keys: Signatories,
  hotspot: Uint8Array,
  packetId: Uint8Array,
): Confirmation | undefined {
  const receipt = receiptMessage.open(message, network, keys);
  if (receipt.ok && equalBytes(receipt.value.hotspot, hotspot)) {
    return receipt.value.stored.find((notice) => equalBytes(notice.packetId, packetId));
  }
  const verdicts = verdictMessage.open(message, network, keys);
  if (!verdicts.ok || !equalBytes(verdicts.value.hotspot, hotspot)) return undefined;
  return verdicts.value.verdicts.find(
    (notice) => equalBytes(notice.packetId, packetId) && notice.outcome !== "refused",
  );
}

/**
 * Reports that came before then are in every list: from then on the index was judged, and what came may be in none of the
 * lists that name it.
 */
export const judgedFromMs = (
  { entropyIndex }: Pick<SignedReport, "entropyIndex">,
  parameters: NetworkParameters,
): number => entropyTimeMs(drawIndex(entropyIndex, parameters), parameters);

interface Missing {
  network: string;
  keys: NetworkKeys;
  report: SignedReport;
  epoch: number;
  /** As it was confirmed. */
  receivedAtMs: number;
}

function missingFrom(contradiction: Contradiction, about: Missing): Pick<Finding, "bundledAtMs"> | Refused {
  switch (contradiction.kind) {
    case "index_root":
      return missingFromRoot(contradiction, about);
    case "bundle":
      return missingFromBundle(contradiction, about);
    case "skipped_epoch":
      return missingEpoch(contradiction.manifest, about);
  }
}

function missingFromRoot(
  { root, packetIds }: Contradiction & { kind: "index_root" },
  { network, keys, report }: Missing,
): Pick<Finding, never> | Refused {
  const opened = indexRootMessage.open(root, network, keys);
  if (!opened.ok) return new Refused("signed_list", `it is no index root of ${network}: ${opened.code}`);
  const { index, count, root: expected } = opened.value;
  if (index !== report.entropyIndex) {
    return new Refused(
      "other_list",
      `the root is over index ${index}, the report about ${report.entropyIndex}`,
    );
  }
  if (count !== packetIds.length || !equalBytes(packetsRoot(packetIds), expected)) {
    return new Refused("other_list", `the ${packetIds.length} ids do not have the signed root over ${count}`);
  }
  return packetIds.some((id) => equalBytes(id, report.id))
    ? new Refused("not_missing", "the report is among the ids")
    : {};
}

function missingFromBundle(
  { manifest, packets }: Contradiction & { kind: "bundle" },
  { report, epoch, receivedAtMs, ...signed }: Missing,
): Pick<Finding, "bundledAtMs"> | Refused {
  const opened = openManifest(manifest, signed);
  if (opened instanceof Refused) return opened;
  if (opened.epoch !== epoch) {
    return new Refused(
      "other_list",
      `the bundle is of epoch ${opened.epoch}, the report belongs to ${epoch}`,
    );
  }
  const file = opened.files.find(({ name }) => name === "packets.cbor");
  if (file === undefined || !equalBytes(file.sha256, sha256(packets))) {
    return new Refused("other_list", "the packets are not those that the manifest names");
  }
  const bundledAtMs = receivedIn(packets, report.id);
  if (bundledAtMs === undefined) return {};
  return bundledAtMs > receivedAtMs
    ? { bundledAtMs }
    : new Refused("not_missing", "the report is in the bundle, received when it was confirmed or before");
}

function receivedIn(packets: Uint8Array, packetId: Uint8Array): number | undefined {
  try {
    for (const { bytes, receivedAtMs } of new PacketStream().push(packets)) {
      if (equalBytes(sha256(bytes), packetId)) return receivedAtMs;
    }
  } catch {
    // Not to be read: then the report cannot be read in it either.
  }
  return undefined;
}

function missingEpoch(manifest: Uint8Array, { epoch, ...signed }: Missing): Pick<Finding, never> | Refused {
  const opened = openManifest(manifest, signed);
  if (opened instanceof Refused) return opened;
  const { previousEpoch } = opened;
  if (opened.epoch > epoch && (previousEpoch ?? -1) < epoch) return {};
  return new Refused(
    "not_missing",
    `the bundle of epoch ${opened.epoch} follows that of ${previousEpoch}: neither skips ${epoch}`,
  );
}

function openManifest(
  bytes: Uint8Array,
  { network, keys }: Pick<Missing, "network" | "keys">,
): Manifest | Refused {
  const opened = manifestMessage.open(bytes, network, keys);
  if (!opened.ok) return new Refused("signed_list", `it is no manifest of ${network}: ${opened.code}`);
  return opened.value.network === network
    ? opened.value
    : new Refused("signed_list", `it is a manifest of ${opened.value.network}`);
}
