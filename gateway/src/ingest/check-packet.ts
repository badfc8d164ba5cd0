import {
  type DecodedPacket,
  type Envelope,
  equalBytes,
  networkAad,
  openEnvelope,
  type PacketDecoded,
  RATE_LIMITED,
  readPacket,
  reportIndexAndKey,
  signedBytes,
} from "@earshot/protocol";
import type { Quota } from "./quota.ts";
import type { SenderCache, TopicSender } from "./sender-cache.ts";
import type { SentSignature } from "./signature-queue.ts";

export interface PacketChecks {
  network: string;
  senders: SenderCache;
  /** Whether the registration policy lets this hotspot send at all. */
  isAllowed(hotspotId: string): boolean;
  /** The newest published, or that of the present period, which is being made: a report about a later one is made up. */
  latestIndex: number;
  quota: Pick<Quota, "admits" | "admitsReport">;
}

export interface CheckedPacket {
  decoded: DecodedPacket;
  hotspotId: string;
  /** What the report is about; undefined for packets that are not reports. */
  about: ReturnType<typeof reportIndexAndKey>;
}

export interface Refused {
  ok: false;
  reason: string;
}

type PacketCheck = { ok: true; checked: CheckedPacket } | Refused;

const refused = (reason: string): Refused => ({ ok: false, reason });

/** Bytes that may be of the hotspot that the topic names, once its signature holds. */
export interface SentPacket extends SentSignature {
  bytes: Uint8Array;
  envelope: Envelope;
  sender: TopicSender;
}

/**
 * All that bytes on a topic must satisfy before their signature is checked; no I/O.
 * @param sender the hotspot that logged in, where the broker knows it
 */
export function openSent(
  topic: string,
  bytes: Uint8Array,
  checks: PacketChecks,
  sender?: string,
): { ok: true; sent: SentPacket } | Refused {
  const named = checks.senders.get(topic);
  if (typeof named === "string") return refused(named);
  if (sender !== undefined && sender !== named.hotspotId) return refused("wrong_topic");
  if (!checks.quota.admits(named.hotspotId, bytes.length)) return refused(RATE_LIMITED);
  const opened = openEnvelope(bytes);
  if (!opened.ok) return refused(opened.code);
  const { envelope } = opened;
  if (!equalBytes(named.publicKey, envelope.publicKey)) return refused("wrong_topic");
  if (!checks.isAllowed(named.hotspotId)) return refused("unknown_hotspot");
  const { publicKey, signature } = envelope;
  const message = signedBytes(envelope, networkAad(checks.network));
  const { key } = named;
  return { ok: true, sent: { bytes, envelope, sender: named, publicKey, key, message, signature } };
}

/** All that must be true of it as well, now that it is known whether its signature holds: only then is it decoded. */
export function checkPacket(sent: SentPacket, isSigned: boolean, checks: PacketChecks): PacketCheck {
  if (!isSigned) return refused("bad_signature");
  return checkSigned(readPacket(sent.bytes, sent.envelope), sent.sender, checks);
}

/** Whether the signed bytes are a packet for this topic. */
function checkSigned(
  read: PacketDecoded,
  { hotspotId, type }: TopicSender,
  checks: PacketChecks,
): PacketCheck {
  if (!read.ok) return refused(read.code);
  const { decoded } = read;
  if (decoded.packet.type !== type) return refused("wrong_topic");
  if (decoded.packet.sequence === 0 && !isWill(decoded)) return refused("out_of_range");
  const about = reportIndexAndKey(decoded);
  if (about !== undefined && about.entropyIndex > checks.latestIndex) return refused("from_future");
  const report = about && { id: decoded.id, type, entropyIndex: about.entropyIndex };
  if (report !== undefined && !checks.quota.admitsReport(hotspotId, report))
    return refused("too_many_reports");
  return { ok: true, checked: { decoded, hotspotId, about } };
}

/** The last will that the broker publishes when a session breaks: signed beforehand, so without a number of its own. */
export const isWill = ({ packet }: Pick<DecodedPacket, "packet">): boolean =>
  packet.type === "status" && packet.sequence === 0 && packet.state === "offline";
