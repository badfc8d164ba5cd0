import {
  BeaconChains,
  type BeaconPacket,
  CHAIN_WINDOWS,
  chainOf,
  changedHotspot,
  DEFAULT_PARAMETERS,
  decodePacket,
  deriveBeacon,
  encodePacket,
  type HeardWitness,
  type Hotspot,
  hotspotId,
  type NetworkParameters,
  NO_DETAILS,
  type PacketToSign,
  type Random,
  REGIONS,
  reportIndexAndKey,
  type Signer,
  sha256,
  signerFromSeed,
  u32,
} from "@earshot/protocol";
import type { StoredPacket } from "../src/store/records.ts";

/*
 * What a day brings, cut small: clusters of one beaconer and those around it, all with keys of their own, whose
 * reports are as an honest fleet signs them. A window of one period, so that every hotspot may beacon in each.
 */

/** 2026-01-01. */
export const NOW_MS = Date.UTC(2026, 0, 1);
export const PARAMETERS: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  network: "bench",
  windowPeriods: 1,
  epochPeriods: 1440,
};
/** In the middle of a chain, so that checking a value takes as many hashes as it does on average. */
export const FIRST_INDEX = NOW_MS / PARAMETERS.entropyPeriodMs + CHAIN_WINDOWS / 2;
export const EPOCH = Math.floor(FIRST_INDEX / PARAMETERS.epochPeriods);
/** The beaconer and the most witnesses. */
const CLUSTER = 41;

export const entropyOf = (index: number): Uint8Array => sha256(u32(index));

interface Station {
  signer: Signer;
  hotspot: Hotspot;
  chains: BeaconChains;
  sequence: number;
}

/** Stations in clusters of 41; `station % 41` of 0 to 40 stand within 10 km of each other. */
export function makeStations(count: number): Station[] {
  return Array.from({ length: count }, (_, i) => {
    const signer = signerFromSeed(sha256(u32(i)));
    const cluster = Math.floor(i / CLUSTER);
    const place = i % CLUSTER;
    const assertion = {
      latE7: 400_000_000 + 2_000_000 * (cluster % 50) + 100_000 * (place % 7),
      lonE7: 3_000_000 * Math.floor(cluster / 50) + 130_000 * Math.floor(place / 7),
      elevationM: 10,
      antennaGainDdbi: 20,
      region: "EU868",
      payee: null,
    };
    const change = { atMs: NOW_MS - 86_400_000, fromEpoch: EPOCH - 1, evidence: new Uint8Array(280) };
    const hotspot = changedHotspot(undefined, change, { publicKey: signer.publicKey, assertion });
    if (hotspot === undefined) throw new TypeError("EU868 is no region");
    const chains = new BeaconChains(signer, PARAMETERS.network);
    const commitments = [{ ...change, ...chains.commitment(chainOf(FIRST_INDEX)) }];
    return { signer, hotspot: { ...hotspot, commitments }, chains, sequence: 1 };
  });
}

/** One beacon of each cluster in one period, heard by as many others as `witnesses` says. */
export function reportsOfIndex(
  stations: readonly Station[],
  index: number,
  random: Random,
  witnesses: () => number,
): StoredPacket[] {
  const packets: StoredPacket[] = [];
  for (let first = 0; first + CLUSTER <= stations.length; first += CLUSTER) {
    const cluster = stations.slice(first, first + CLUSTER);
    const [beaconer, ...others] = turned(cluster, Math.floor(random() * CLUSTER));
    if (beaconer === undefined) continue;
    const { packet, frame } = beaconOf(beaconer, index);
    packets.push(stored(beaconer, packet, index));
    const radio = {
      freqHz: packet.freqHz,
      spreadingFactor: packet.spreadingFactor,
      bandwidthHz: packet.bandwidthHz,
    };
    for (const station of others.slice(0, witnesses())) {
      const heard = { frame, ...radio, rssiDbm: -118, snrDdb: -50, tmstUs: null, gnss: null, ...NO_DETAILS };
      const witness: HeardWitness = { type: "witness", sequence: 0, atMs: packet.atMs, ...heard };
      packets.push(stored(station, witness, index));
    }
  }
  return packets;
}

const turned = <T>(list: readonly T[], by: number): T[] => [...list.slice(by), ...list.slice(0, by)];

function beaconOf({ signer, chains }: Station, index: number): { packet: BeaconPacket; frame: Uint8Array } {
  const { network } = PARAMETERS;
  const value = chains.valueOf(index);
  const entropy = { index, value: entropyOf(index) };
  const derived = deriveBeacon(signer.publicKey, { network, window: index, value }, entropy, REGIONS.EU868);
  const { freqHz, spreadingFactor, bandwidthHz } = derived;
  const packet: BeaconPacket = {
    type: "beacon",
    sequence: 0,
    atMs: index * PARAMETERS.entropyPeriodMs + 30_000,
    entropyIndex: index,
    value,
    freqHz,
    spreadingFactor,
    bandwidthHz,
    powerDbm: 12,
    tmstUs: null,
    gnss: null,
  };
  return { packet, frame: derived.frame };
}

function stored(station: Station, packet: PacketToSign, index: number): StoredPacket {
  const numbered = { ...packet, sequence: station.sequence++ };
  const result = decodePacket(encodePacket(numbered, station.signer, PARAMETERS.network));
  if (!result.ok) throw new TypeError(`The benchmark made a packet that is refused: ${result.code}`);
  const { decoded } = result;
  const about = reportIndexAndKey(decoded);
  return {
    id: decoded.id.toHex(),
    hotspotId: hotspotId(station.signer.publicKey),
    type: packet.type,
    sequence: numbered.sequence,
    receivedAtMs:
      index * PARAMETERS.entropyPeriodMs +
      (packet.type === "beacon" ? PARAMETERS.reportDeadlineMs + 30_000 : 60_000),
    bytes: decoded.bytes,
    entropyIndex: about?.entropyIndex ?? null,
    epoch: EPOCH,
    isLate: false,
  };
}
