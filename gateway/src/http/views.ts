import {
  entropyTimeMs,
  explainVerdict,
  formatEvmAddress,
  type Hotspot,
  hotspotName,
  isKeyChange,
  type StatusPacket,
  type WitnessPacket,
} from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import { latLngToCell } from "h3-js";
import type { Claim } from "../epochs/claims.ts";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import { evidenceSequence } from "../registry/assertion.ts";
import type { StoredBeacon, StoredEpoch, StoredPayment, StoredVerdict } from "../store/records.ts";
import type { Activity } from "./activity.ts";
import type { Presence } from "./presence.ts";
import type { claimSchema, epochSchema, paymentSchema } from "./schemas/epoch.ts";
import type { changeSchema, hotspotSchema } from "./schemas/hotspot.ts";
import type { beaconSchema, receptionSchema, verdictSchema } from "./schemas/verdict.ts";

/** How stored things look from outside: degrees instead of 1e-7, hex instead of bytes, text instead of bigints. */

/** About 460 m across: the smallest coverage that the map distinguishes. */
const H3_RESOLUTION = 8;

const hex = (bytes: Uint8Array): string => `0x${bytes.toHex()}`;

export const degrees = (e7: number): number => e7 / 1e7;

export const cellOf = ({ latE7, lonE7 }: Pick<Hotspot, "latE7" | "lonE7">): string =>
  latLngToCell(degrees(latE7), degrees(lonE7), H3_RESOLUTION);

/** Who signed the newest change of the hotspot. */
function signerOf(hotspot: Hotspot): "assertion" | "operator" | "key" {
  if (evidenceSequence(hotspot) >= 0) return "assertion";
  return isKeyChange(hotspot.change.evidence) ? "key" : "operator";
}

export const hotspotView = (
  hotspot: Hotspot,
  presence: Presence & { agentVersion: string | null },
  { judged, paid, unpaid, refusedByReason }: Activity,
): z.infer<typeof hotspotSchema> => ({
  id: hotspot.id,
  name: hotspotName(hotspot.id),
  latitude: degrees(hotspot.latE7),
  longitude: degrees(hotspot.lonE7),
  elevationM: hotspot.elevationM,
  antennaGainDbi: hotspot.antennaGainDdbi / 10,
  region: hotspot.region,
  payee: hotspot.payee === null ? null : formatEvmAddress(hotspot.payee),
  registeredAtMs: hotspot.registeredAtMs,
  relocatedAtMs: hotspot.relocatedAtMs,
  registeredBy: signerOf(hotspot),
  retired: hotspot.retired,
  predecessor: hotspot.predecessor,
  cell: cellOf(hotspot),
  positionCell: hotspot.cell,
  ...presence,
  recent: { judged, paid, unpaid, refusedByReason },
});

/** Its program, by its newest status. */
export const agentOf = (seen: { status: StatusPacket } | undefined): { agentVersion: string | null } => ({
  agentVersion: seen?.status.version ?? null,
});

export const verdictView = (
  verdict: StoredVerdict,
  beaconer: Hotspot | undefined,
  parameters: FixedParameters & { hash: Uint8Array },
): z.infer<typeof verdictSchema> => ({
  packetId: verdict.packetId,
  hotspotId: verdict.hotspotId,
  hotspotName: hotspotName(verdict.hotspotId),
  beaconKey: verdict.beaconKey,
  beaconer: beaconer?.id ?? null,
  type: verdict.type,
  outcome: verdict.outcome,
  reason: verdict.reason,
  sentence: explainVerdict(verdict),
  measurements: verdict.measurements,
  epoch: verdict.epoch,
  entropyIndex: verdict.entropyIndex,
  beaconAtMs: entropyTimeMs(verdict.entropyIndex, parameters),
  judgedAtMs: verdict.judgedAtMs,
  parametersHash: parameters.hash.toHex(),
});

export const beaconView = (
  beacon: StoredBeacon,
  parameters: FixedParameters,
): z.infer<typeof beaconSchema> => ({
  key: beacon.beaconKey,
  entropyIndex: beacon.entropyIndex,
  atMs: entropyTimeMs(beacon.entropyIndex, parameters),
  epoch: beacon.epoch,
  beaconer: beacon.beaconer,
  beaconerName: hotspotName(beacon.beaconer),
  paidWitnesses: beacon.witnesses,
});

export const receptionView = (witness: WitnessPacket): z.infer<typeof receptionSchema> => ({
  atMs: witness.atMs,
  rssiDbm: witness.rssiDbm,
  rssiKind: witness.rssiKind,
  snrDb: witness.snrDdb / 10,
  freqOffsetHz: witness.freqOffsetHz,
  fineTimeNs: witness.fineTimeNs,
  fineTimeEncrypted: witness.fineTimeEncrypted,
  concentrator: witness.concentrator?.toHex() ?? null,
  antenna: witness.antenna,
});

export const epochView = (epoch: StoredEpoch): z.infer<typeof epochSchema> => ({
  epoch: epoch.epoch,
  fromMs: epoch.fromMs,
  toMs: epoch.toMs,
  closedAtMs: epoch.closedAtMs,
  pool: epoch.pool.toString(),
  paid: epoch.paid.toString(),
  unallocated: epoch.unallocated.toString(),
  root: hex(epoch.root),
  manifestHash: epoch.manifestHash.toHex(),
  parametersHash: epoch.parametersHash.toHex(),
});

export const paymentView = (payment: StoredPayment): z.infer<typeof paymentSchema> => ({
  hotspotId: payment.hotspotId,
  hotspotName: hotspotName(payment.hotspotId),
  payee: formatEvmAddress(payment.payee),
  delta: payment.delta.toString(),
  cumulative: payment.cumulative.toString(),
});

export const claimView = (claim: Claim): z.infer<typeof claimSchema> => ({
  epoch: claim.epoch,
  hotspotId: claim.hotspotId,
  chainId: claim.chainId.toString(),
  contract: formatEvmAddress(claim.contract),
  hotspot: hex(claim.hotspot),
  payee: formatEvmAddress(claim.payee),
  cumulative: claim.cumulative.toString(),
  delta: claim.delta.toString(),
  root: hex(claim.root),
  proof: claim.proof.map(hex),
});

const SIGNED_BY = { assertion: "owner", operator: "operator", key: "key" } as const;

/** One change of a hotspot. */
export const changeView = (hotspot: Hotspot): z.infer<typeof changeSchema> => ({
  atMs: hotspot.change.atMs,
  fromEpoch: hotspot.change.fromEpoch,
  signedBy: SIGNED_BY[signerOf(hotspot)],
  isRetired: hotspot.retired !== null,
  successor: hotspot.retired?.successor ?? null,
  latitude: degrees(hotspot.latE7),
  longitude: degrees(hotspot.lonE7),
  positionCell: hotspot.cell,
  elevationM: hotspot.elevationM,
  antennaGainDbi: hotspot.antennaGainDdbi / 10,
  region: hotspot.region,
  payee: hotspot.payee === null ? null : formatEvmAddress(hotspot.payee),
  relocatedAtMs: hotspot.relocatedAtMs,
  evidence: hotspot.change.evidence.toBase64(),
});
