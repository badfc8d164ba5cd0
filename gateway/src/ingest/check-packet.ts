import {
  type DecodedPacket,
  decodePacket,
  equalBytes,
  isSignedFor,
  parseUpTopic,
  reportIndexAndKey,
} from "@earshot/protocol";
import type { KeyCache } from "./key-cache.ts";

export interface PacketChecks {
  network: string;
  keys: KeyCache;
  /** Whether the registration policy lets this hotspot send at all. */
  isAllowed(hotspotId: string): boolean;
  /** Reports about a later entropy index are from the future. */
  latestIndex: number;
}

export interface CheckedPacket {
  decoded: DecodedPacket;
  hotspotId: string;
  /** What the report is about; undefined for packets that are not reports. */
  about: { entropyIndex: number; key: string } | undefined;
}

export type PacketCheck = { ok: true; checked: CheckedPacket } | { ok: false; reason: string };

const refused = (reason: string): PacketCheck => ({ ok: false, reason });

/**
 * All that bytes on a topic must satisfy before they are stored; no I/O.
 * @param sender the hotspot that logged in, where the broker knows it
 */
export function checkPacket(
  topic: string,
  bytes: Uint8Array,
  checks: PacketChecks,
  sender?: string,
): PacketCheck {
  const parsed = parseUpTopic(topic);
  if (parsed === undefined || (sender !== undefined && sender !== parsed.hotspot)) {
    return refused("wrong_topic");
  }
  if (parsed.network !== checks.network) return refused("wrong_network");
  const result = decodePacket(bytes);
  if (!result.ok) return refused(result.code);
  const { decoded } = result;
  if (decoded.packet.type !== parsed.type) return refused("wrong_topic");
  return checkSigner(decoded, parsed.hotspot, checks);
}

function checkSigner(decoded: DecodedPacket, hotspotId: string, checks: PacketChecks): PacketCheck {
  const known = checks.keys.get(hotspotId);
  if (known === "unknown_user") return refused("wrong_topic");
  if (known === "inadmissible_key") return refused(known);
  if (!equalBytes(known.publicKey, decoded.publicKey)) return refused("wrong_topic");
  if (!checks.isAllowed(hotspotId)) return refused("unknown_hotspot");
  if (!isSignedFor(decoded, checks.network, known.key)) return refused("bad_signature");
  if (decoded.packet.sequence === 0 && !isWill(decoded)) return refused("out_of_range");
  const about = reportIndexAndKey(decoded);
  if (about !== undefined && about.entropyIndex > checks.latestIndex) return refused("from_future");
  return { ok: true, checked: { decoded, hotspotId, about } };
}

/** The last will that the broker publishes when a session breaks: signed beforehand, so without a number of its own. */
export const isWill = ({ packet }: Pick<DecodedPacket, "packet">): boolean =>
  packet.type === "status" && packet.sequence === 0 && packet.state === "offline";
