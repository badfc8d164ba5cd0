import { cellToLatLng, latLngToCell } from "h3-js";
import { type Commitment, chainOf } from "../beacon/chain.ts";
import { hotspotId } from "../crypto/did-key.ts";
import { sha256 } from "../crypto/sha256.ts";
import { u32, u64 } from "../encoding/bytes.ts";
import { distanceM, type Position } from "../math/geo.ts";
import type { Assertion } from "../packet/packet.ts";
import { isRegionId, type RegionId } from "../radio/regions.ts";

/** A move of the asserted position by more than this, in metres, is a relocation; less is a correction. */
export const RELOCATION_M = 200;

/** H3 resolution of asserted positions: cells about 19 m across. */
const CELL_RESOLUTION = 12;

/** One signed change of what the network knows of a hotspot. */
export interface RegistryChange {
  /** When the network accepted it: after the change before it, and not before its evidence was signed. */
  atMs: number;
  /** First epoch judged by it: the one after that of `atMs`; for a hotspot's first change that or an earlier one. */
  fromEpoch: number;
  /** The status packet in which the owner asserted it, the operator's `registrationMessage`, or a change of its key. */
  evidence: Uint8Array;
}

/** A chain that a hotspot committed to, as the network accepted it. */
export interface AcceptedCommitment extends Commitment {
  /** When it was accepted. */
  atMs: number;
  /** First epoch that it counts in: the one after that of `atMs`, whose entropy nobody knew then. */
  fromEpoch: number;
  /** The status packet in which the hotspot announced it. */
  evidence: Uint8Array;
}

/** That a hotspot was changed, to whoever need not know how. */
export interface ChangeRecord {
  fromEpoch: number;
  publicKey: Uint8Array;
  /** 0: what is asserted of it. n + 1: its commitment to chain n. */
  kind: number;
  /** Of kind 0 `registryChangeHash`, else `commitmentHash`. */
  hash: Uint8Array;
}

export const ASSERTED_CHANGE = 0;

/** Stands for a change of this hotspot where it is not shown itself. */
export const registryChangeHash = (
  publicKey: Uint8Array,
  { atMs, fromEpoch, evidence }: RegistryChange,
): Uint8Array => sha256(publicKey, u64(atMs), u32(fromEpoch), evidence);

/** Stands for a commitment of this hotspot where it is not shown itself. */
const commitmentHash = (
  publicKey: Uint8Array,
  { atMs, fromEpoch, chain, evidence }: Omit<AcceptedCommitment, "head">,
): Uint8Array => sha256(publicKey, u64(atMs), u32(fromEpoch), u32(chain), evidence);

export const commitmentRecord = (publicKey: Uint8Array, commitment: AcceptedCommitment): ChangeRecord => ({
  fromEpoch: commitment.fromEpoch,
  publicKey,
  kind: commitment.chain + 1,
  hash: commitmentHash(publicKey, commitment),
});

/** The chain that a record is about; `undefined` where it is of another kind. */
export const chainOfRecord = ({ kind }: Pick<ChangeRecord, "kind">): number | undefined =>
  kind > ASSERTED_CHANGE ? kind - 1 : undefined;

/** What the network knows of a hotspot, for judging and paying. Follows from its changes, in order, and its commitments. */
export interface Hotspot {
  /** `hotspotId(publicKey)`. */
  id: string;
  publicKey: Uint8Array;
  /** H3 index at resolution 12 of the asserted position. */
  cell: string;
  /** Centre of the cell. */
  latE7: number;
  lonE7: number;
  elevationM: number;
  antennaGainDdbi: number;
  region: RegionId;
  /** EVM address, 20 bytes; without one the amount is kept under the zero address. */
  payee: Uint8Array | null;
  registeredAtMs: number;
  /** Its cell when it was registered or last relocated: what later moves are measured from. */
  settledCell: string;
  /** When it last relocated; null while it stands where it was registered. */
  relocatedAtMs: number | null;
  /** The newest change. */
  change: RegistryChange;
  /** Those that count, by chain, of each chain one; those of chains that are over may be left out. */
  commitments: readonly AcceptedCommitment[];
  /** Its key counts no more: nothing changes the hotspot after that. */
  retired: Retirement | null;
  /** Id of the hotspot whose place it took, with a key of its own. */
  predecessor: string | null;
}

/** The end of a hotspot's key. */
interface Retirement {
  /** First epoch in which it does not count. */
  fromEpoch: number;
  /** Id of the hotspot that took its place; null when the key was revoked. */
  successor: string | null;
}

/** The head of the chain that the window belongs to; `undefined` where the hotspot has not committed to it. */
export const headOf = (
  { commitments }: Pick<Hotspot, "commitments">,
  window: number,
): Uint8Array | undefined => commitments.find(({ chain }) => chain === chainOf(window))?.head;

/** The H3 cell (resolution 12) that a position lies in. */
export const cellOf = ({ latE7, lonE7 }: Position): string =>
  latLngToCell(latE7 / 1e7, lonE7 / 1e7, CELL_RESOLUTION);

/** Centre of a cell, rounded to 1e-7 degrees: the position that judging uses. */
export function cellCentre(cell: string): Position {
  const [lat, lon] = cellToLatLng(cell);
  return { latE7: Math.round(lat * 1e7), lonE7: Math.round(lon * 1e7) };
}

/**
 * The hotspot after a change; `undefined` when the asserted region is not known, so that nothing could be judged.
 * @param before the hotspot before the change, absent when this registers it
 */
export function changedHotspot(
  before: Hotspot | undefined,
  change: RegistryChange,
  { publicKey, assertion }: { publicKey: Uint8Array; assertion: Assertion },
): Hotspot | undefined {
  const { elevationM, antennaGainDdbi, region, payee } = assertion;
  if (!isRegionId(region)) return undefined;
  const cell = cellOf(assertion);
  const isMoved = before !== undefined && isRelocation(before.settledCell, cell);
  return {
    id: hotspotId(publicKey),
    publicKey,
    cell,
    ...cellCentre(cell),
    elevationM,
    antennaGainDdbi,
    region,
    payee,
    registeredAtMs: before?.registeredAtMs ?? change.atMs,
    settledCell: before === undefined || isMoved ? cell : before.settledCell,
    relocatedAtMs: isMoved ? change.atMs : (before?.relocatedAtMs ?? null),
    change,
    retired: null,
    predecessor: before?.predecessor ?? null,
    commitments: before?.commitments ?? [],
  };
}

/** The hotspot after its key was replaced or revoked: it keeps what it has earned, and earns no more. */
export const retiredHotspot = (
  before: Hotspot,
  change: RegistryChange,
  newKey: Uint8Array | null,
): Hotspot => ({
  ...before,
  change,
  retired: { fromEpoch: change.fromEpoch, successor: newKey === null ? null : hotspotId(newKey) },
});

/**
 * The hotspot that goes on with another key. It stands where `old` stood, as settled as that was, and is paid to the same
 * address; what it asserted before itself counts no more. Only what hangs on the key itself is its own.
 */
export const succeedingHotspot = (old: Hotspot, change: RegistryChange, publicKey: Uint8Array): Hotspot => ({
  id: hotspotId(publicKey),
  publicKey,
  cell: old.cell,
  latE7: old.latE7,
  lonE7: old.lonE7,
  elevationM: old.elevationM,
  antennaGainDdbi: old.antennaGainDdbi,
  region: old.region,
  payee: old.payee,
  registeredAtMs: old.registeredAtMs,
  settledCell: old.settledCell,
  relocatedAtMs: old.relocatedAtMs,
  change,
  retired: null,
  // Another key has other values.
  commitments: [],
  predecessor: old.id,
});

/** Measured from where the hotspot settled, so that many small moves add up. */
const isRelocation = (settledCell: string, cell: string): boolean =>
  distanceM(cellCentre(settledCell), cellCentre(cell)) > RELOCATION_M;
