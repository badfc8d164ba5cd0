import { formatMagnitude, formatTenths } from "../network/format-measurement.ts";
import {
  demodulationFloorSnrDb,
  freeSpaceLossDb,
  impliedNoiseDbm,
  leastSignalDbm,
  thermalNoiseDbm,
} from "../radio/propagation.ts";
import type { Rule } from "./types.ts";
import type { MatchedContext } from "./witness-context.ts";

/*
 * RSSI and SNR against physics, from both sides:
 *
 *             free space (power, gains, distance) ─────────────┐ loudest
 *   reported  RSSI, and by the SNR the signal in it ───────────┤
 *             sensitivity = thermal noise + demodulation floor ┘ faintest
 *
 *   implied   noise = RSSI − SNR must lie between thermal noise and what a receiver still works with
 *
 * All compare whole tenths of a decibel, rounded, so that no verdict depends on the last bits of a logarithm. The
 * limits are parameters; `parameters.ts` explains each default.
 */

const ddb = (db: number): number => Math.round(db * 10) + 0;

/** Thermal noise in the bandwidth, of an ideal receiver: no noise figure. */
const thermalDdbm = (bandwidthHz: number): number => ddb(thermalNoiseDbm(bandwidthHz, 0));

const floorSnrDdb = (spreadingFactor: number): number => ddb(demodulationFloorSnrDb(spreadingFactor));

/** The strongest signal that free space allows, tenths of a dBm, rounded; with both asserted gains. `too_close` was checked before. */
function freeSpaceBoundDdbm({ report, hotspot, beacon, distanceM }: MatchedContext): number {
  const lossDb = freeSpaceLossDb(distanceM, report.packet.freqHz);
  const gainsDdb = beacon.hotspot.antennaGainDdbi + hotspot.antennaGainDdbi;
  return Math.round(beacon.report.packet.powerDbm * 10 + gainsDdb - lossDb * 10);
}

/**
 * The signal by whichever convention gives less: SX1301 forwarders report signal and noise together, and free space
 * bounds the signal alone. The power is the one that the beaconer reports: as `power_too_high` limits it, over-reporting
 * power cannot raise the bound above what the region allows.
 */
const rssiAboveFreeSpace: Rule<MatchedContext> = {
  reason: "rssi_above_free_space",
  check(context) {
    const { rssiDbm, snrDdb } = context.report.packet;
    const signalDdbm = ddb(leastSignalDbm(rssiDbm, snrDdb / 10));
    const boundDdbm = freeSpaceBoundDdbm(context);
    return signalDdbm > boundDdbm
      ? [
          { name: "rssiDbm", value: rssiDbm },
          { name: "snrDdb", value: snrDdb },
          { name: "signalDdbm", value: signalDdbm },
          { name: "boundDdbm", value: boundDdbm },
          { name: "distanceM", value: context.distanceM },
        ]
      : undefined;
  },
  explain({ rssiDbm, snrDdb, signalDdbm = 0, boundDdbm = 0, distanceM }) {
    // Not "0 dB stronger" for a few tenths.
    const excess = Math.max(1, Math.round((signalDdbm - boundDdbm) / 10));
    return `RSSI ${rssiDbm} dBm with SNR ${formatTenths(snrDdb)} dB means a signal ${excess} dB stronger than free space allows at ${distanceM} m: check the asserted location and antenna gain.`;
  },
};

const snrTooHigh: Rule<MatchedContext> = {
  reason: "snr_too_high",
  check({ report: { packet }, judging: { parameters } }) {
    const { maxSnrDdb } = parameters;
    return packet.snrDdb > maxSnrDdb
      ? [
          { name: "snrDdb", value: packet.snrDdb },
          { name: "maxSnrDdb", value: maxSnrDdb },
        ]
      : undefined;
  },
  explain: ({ snrDdb, maxSnrDdb }) =>
    `SNR ${formatTenths(snrDdb)} dB is more than any LoRa receiver reports (${formatTenths(maxSnrDdb)} dB): check the packet forwarder.`,
};

const snrBelowFloor: Rule<MatchedContext> = {
  reason: "snr_below_floor",
  check({ report: { packet }, judging: { parameters } }) {
    const floorDdb = floorSnrDdb(packet.spreadingFactor);
    return packet.snrDdb < floorDdb - parameters.maxBelowDemodulationDdb
      ? [
          { name: "snrDdb", value: packet.snrDdb },
          { name: "floorDdb", value: floorDdb },
          { name: "spreadingFactor", value: packet.spreadingFactor },
        ]
      : undefined;
  },
  explain: ({ snrDdb = 0, floorDdb = 0, spreadingFactor }) =>
    `SNR ${formatTenths(snrDdb)} dB is ${formatTenths(floorDdb - snrDdb)} dB below the demodulation floor of SF${spreadingFactor}: check the packet forwarder.`,
};

const rssiBelowSensitivity: Rule<MatchedContext> = {
  reason: "rssi_below_sensitivity",
  check({ report: { packet }, judging: { parameters } }) {
    const sensitivityDdbm = thermalDdbm(packet.bandwidthHz) + floorSnrDdb(packet.spreadingFactor);
    return packet.rssiDbm * 10 < sensitivityDdbm - parameters.maxBelowSensitivityDdb
      ? [
          { name: "rssiDbm", value: packet.rssiDbm },
          { name: "sensitivityDdbm", value: sensitivityDdbm },
          { name: "spreadingFactor", value: packet.spreadingFactor },
        ]
      : undefined;
  },
  explain: ({ rssiDbm = 0, sensitivityDdbm = 0, spreadingFactor }) =>
    `RSSI ${rssiDbm} dBm is ${formatTenths(sensitivityDdbm - rssiDbm * 10)} dB too faint for SF${spreadingFactor} in an ideal receiver: check the RSSI offset in the packet forwarder's configuration.`,
};

/** By whichever convention (`impliedNoiseDbm`) gives more noise: refused only when both give too little. */
const noiseTooLow: Rule<MatchedContext> = {
  reason: "noise_too_low",
  check({ report: { packet }, judging: { parameters } }) {
    const { ofSignalDbm } = impliedNoiseDbm(packet.rssiDbm, packet.snrDdb / 10);
    const belowDdb = thermalDdbm(packet.bandwidthHz) - ddb(ofSignalDbm);
    return belowDdb > parameters.maxBelowThermalDdb ? impliedNoise(packet, -belowDdb) : undefined;
  },
  explain: ({ rssiDbm, snrDdb, aboveThermalDdb }) =>
    `RSSI ${rssiDbm} dBm with SNR ${formatTenths(snrDdb)} dB means noise ${formatMagnitude(aboveThermalDdb)} dB below that of an ideal receiver: check the RSSI offset in the packet forwarder's configuration.`,
};

/**
 * With a signal stronger than the noise the SNR tells little about the noise: receivers saturate near 10 dB, so a loud
 * neighbour reads RSSI −40 dBm and SNR 9 dB. Below 0 dB it is measured.
 */
const NOISE_IS_MEASURED_BELOW_SNR_DDB = 0;

/** By whichever convention gives less noise: refused only when both give too much. */
const noiseTooHigh: Rule<MatchedContext> = {
  reason: "noise_too_high",
  check({ report: { packet }, judging: { parameters } }) {
    if (packet.snrDdb >= NOISE_IS_MEASURED_BELOW_SNR_DDB) return undefined;
    const { ofChannelDbm } = impliedNoiseDbm(packet.rssiDbm, packet.snrDdb / 10);
    const aboveDdb = ddb(ofChannelDbm) - thermalDdbm(packet.bandwidthHz);
    return aboveDdb > parameters.maxAboveThermalDdb ? impliedNoise(packet, aboveDdb) : undefined;
  },
  explain: ({ rssiDbm, snrDdb, aboveThermalDdb }) =>
    `RSSI ${rssiDbm} dBm with SNR ${formatTenths(snrDdb)} dB means noise ${formatMagnitude(aboveThermalDdb)} dB above thermal, in which nothing is heard: look for a transmitter near the antenna.`,
};

const impliedNoise = (packet: { rssiDbm: number; snrDdb: number }, aboveThermalDdb: number) => [
  { name: "rssiDbm", value: packet.rssiDbm },
  { name: "snrDdb", value: packet.snrDdb },
  { name: "aboveThermalDdb", value: aboveThermalDdb },
];

/** How loud a beacon was heard, and above how much noise. */
export const LEVEL_RULES: readonly Rule<MatchedContext>[] = [
  rssiAboveFreeSpace,
  snrTooHigh,
  snrBelowFloor,
  rssiBelowSensitivity,
  noiseTooLow,
  noiseTooHigh,
];
