import {
  type Assertion,
  decodePacket,
  equalBytes,
  type Hotspot,
  hotspotId,
  importKey,
  isAdmissibleKey,
  isSignedFor,
} from "@earshot/protocol";
import { type Check, differ, expectEqual } from "./check.ts";

const FILE = "registry.json";

/** Each hotspot's id and key, and that what is registered is what its owner signed, where evidence is given. */
export function* checkRegistry(hotspots: readonly Hotspot[], network: string): Check<void> {
  for (const hotspot of hotspots) {
    const { id, publicKey } = hotspot;
    yield* expectEqual(FILE, `hotspot ${id}, id`, hotspotId(publicKey), id);
    if (!isAdmissibleKey(publicKey)) {
      yield* differ(FILE, `hotspot ${id}, publicKey`, "an admissible key", publicKey.toHex());
    }
    if (hotspot.evidence !== null) yield* checkEvidence(hotspot, hotspot.evidence, network);
  }
}

function* checkEvidence(hotspot: Hotspot, evidence: Uint8Array, network: string): Check<void> {
  const at = `hotspot ${hotspot.id}, evidence`;
  const result = decodePacket(evidence);
  if (!result.ok) return yield* differ(FILE, at, "a status packet", result.code);
  const { decoded } = result;
  const { packet } = decoded;
  if (packet.type !== "status" || packet.assertion === null) {
    return yield* differ(FILE, at, "a status packet with an assertion", `a ${packet.type} packet`);
  }
  yield* expectEqual(FILE, `${at}, signer`, hotspot.id, hotspotId(decoded.publicKey));
  const holds =
    equalBytes(decoded.publicKey, hotspot.publicKey) &&
    isSignedFor(decoded, network, importKey(hotspot.publicKey));
  if (!holds) yield* differ(FILE, at, "a signature that holds", "one that does not");
  yield* expectEqual(
    FILE,
    `hotspot ${hotspot.id}`,
    `${facts(packet.assertion)} as in its evidence`,
    `${facts(hotspot)} as in its evidence`,
  );
}

const facts = (of: Assertion): string =>
  [
    `latE7 ${of.latE7}`,
    `lonE7 ${of.lonE7}`,
    `elevationM ${of.elevationM}`,
    `antennaGainDdbi ${of.antennaGainDdbi}`,
    `region ${of.region}`,
    `payee ${of.payee === null ? "none" : `0x${of.payee.toHex()}`}`,
  ].join(", ");
