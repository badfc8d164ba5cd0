import { type DerivedBeacon, deriveBeacon } from "../beacon/derive.ts";
import type { ReceivedBeacon, ReceivedPacket, ReceivedWitness } from "../judging/types.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import { REGIONS, type RegionId } from "../radio/regions.ts";
import type { Hotspot } from "../registry/registry.ts";
import { windowOf } from "../time/schedule.ts";
import { dataRateName } from "./beacon.ts";
import { byReceiveTime } from "./judge.ts";
import type {
  ExpectedBeacon,
  HeliumBeaconReport,
  HeliumHotspot,
  HeliumSettings,
  HeliumWitnessReport,
} from "./types.ts";

/*
 * Earshot's packets in the form that Helium's rules judge. The revealed value takes the place of Helium's local entropy:
 * the rest of the beacon follows from it, and whether the hotspot had committed to it is not checked (hole 1 of the
 * reference, section 2.5). Earshot's frame contains the short id of the key, so a beacon still cannot be claimed by another
 * hotspot. Here a beacon is reported after its witnesses; in place of the receive time that Helium went by stands the
 * beaconer's own.
 */

export function heliumBeaconReport(
  { id, hotspotId, packet, publicKey }: ReceivedBeacon,
  remoteEntropy: Uint8Array,
  parameters: DerivingParameters,
): HeliumBeaconReport {
  return {
    id,
    hotspotKey: hotspotId,
    receivedAtMs: packet.atMs,
    remoteEntropy,
    localEntropy: packet.value,
    // The region affects channel and data rate only.
    data: derived({ packet, publicKey }, remoteEntropy, parameters, "EU868").frame,
    freqHz: packet.freqHz,
    dataRate: dataRateName(packet.spreadingFactor, packet.bandwidthHz),
    txPowerDbm: packet.powerDbm,
  };
}

/** @param data the frame that its claim is of */
export const heliumWitnessReport = (
  { id, hotspotId, receivedAtMs, packet }: ReceivedWitness,
  data: Uint8Array,
): HeliumWitnessReport => ({
  id,
  hotspotKey: hotspotId,
  receivedAtMs,
  data,
  freqHz: packet.freqHz,
  signalDdbm: packet.rssiDbm * 10,
});

/** The beacon derived again from its report and the entropy of its index, for a hotspot asserted in `region`. */
export function expectedBeacon(
  report: ReceivedBeacon,
  entropy: Uint8Array,
  parameters: DerivingParameters,
  region: RegionId,
): ExpectedBeacon {
  const { frame, freqHz, spreadingFactor, bandwidthHz } = derived(report, entropy, parameters, region);
  return { data: frame, freqHz, dataRate: dataRateName(spreadingFactor, bandwidthHz) };
}

type DerivingParameters = Pick<NetworkParameters, "network" | "windowPeriods">;

function derived(
  { packet, publicKey }: Pick<ReceivedBeacon, "packet" | "publicKey">,
  entropy: Uint8Array,
  { network, windowPeriods }: DerivingParameters,
  region: RegionId,
): DerivedBeacon {
  const { entropyIndex: index, value } = packet;
  const secret = { network, value, window: windowOf(index, windowPeriods) };
  return deriveBeacon(publicKey, secret, { index, value: entropy }, REGIONS[region]);
}

/** Every Earshot hotspot is a full one. In a region that the network does not have it counts as not asserted. */
export function heliumHotspot(hotspot: Hotspot, { regions }: NetworkParameters): HeliumHotspot {
  const { id: key, cell, antennaGainDdbi: gainDdbi, region } = hotspot;
  const isKnownRegion = regions.some(({ id }) => id === region);
  return { key, isFullHotspot: true, asserted: isKnownRegion ? { cell, gainDdbi, region } : undefined };
}

/** The network's own window is the beacon interval: with the default parameters 6 hours, as Helium had it. */
export const heliumSettings = (parameters: NetworkParameters): HeliumSettings => ({
  entropyLifespanS: Math.floor(parameters.entropyValidityMs / 1000),
  beaconIntervalMs: parameters.windowPeriods * parameters.entropyPeriodMs,
  maxPaidWitnesses: parameters.maxPaidWitnesses,
});

/** A packet that arrived twice counts once, as received when it came first. */
export function firstReceived<P extends ReceivedPacket>(packets: readonly P[]): P[] {
  const first = new Map<string, P>();
  for (const packet of packets) {
    const known = first.get(packet.id);
    if (known === undefined || byReceiveTime(packet, known) < 0) first.set(packet.id, packet);
  }
  return [...first.values()];
}
