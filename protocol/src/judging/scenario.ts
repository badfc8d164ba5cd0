import { BeaconChains, chainOf } from "../beacon/chain.ts";
import { deriveBeacon, scheduledIndex } from "../beacon/derive.ts";
import { hotspotId } from "../crypto/did-key.ts";
import { type Signer, signerFromSeed } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { utf8 } from "../encoding/bytes.ts";
import { distanceM, EARTH_RADIUS_M } from "../math/geo.ts";
import { decodePacket, encodePacket } from "../packet/codec.ts";
import {
  type BeaconPacket,
  type HeardWitness,
  NO_DETAILS,
  type Packet,
  type PacketToSign,
  type WitnessPacket,
} from "../packet/packet.ts";
import { DEFAULT_PARAMETERS, type NetworkParameters } from "../parameters/parameters.ts";
import { freeSpaceLossDb, thermalNoiseDbm } from "../radio/propagation.ts";
import { REGIONS } from "../radio/regions.ts";
import { cellOf, type Hotspot } from "../registry/registry.ts";
import { entropyTimeMs, reportDeadlineMs, windowOf } from "../time/schedule.ts";
import { type EpochJudgement, judgeEpoch } from "./epoch.ts";
import type { EpochInputs } from "./epoch-context.ts";
import { RULE_LISTS } from "./rule-lists.ts";
import { type ReceivedPacket, type ReceivedReport, receivedPacket, type Verdict } from "./types.ts";

export interface Station {
  signer: Signer;
  hotspot: Hotspot;
  chains: BeaconChains;
  /** What the next packet is numbered. */
  sequence: number;
}

/** Windows of ten minutes, epochs of twenty, no reciprocity; otherwise as on a real network. */
const PARAMETERS: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  network: "demo",
  windowPeriods: 10,
  epochPeriods: 20,
  reciprocityPeriods: 0,
};
const EPOCH = 1_483_598;
const LAT_E7 = 535_511_000;
const LON_E7 = 99_937_000;
/** How far below free space honest stations receive each other. */
const FADING_DB = 20;
/** Of their receivers, and between which values they report SNR. */
const NOISE_FIGURE_DB = 6;
const MIN_SNR_DDB = -400;
const MAX_SNR_DDB = 90;

/**
 * Honest stations in a line to the north of the first, and the packets that they would send, with valid signatures, for
 * tests to change. Everything follows from the arguments, so a scenario is always the same.
 */
export class Scenario {
  readonly parameters: NetworkParameters;
  readonly stations: Station[];
  readonly epoch = EPOCH;
  /** The epoch's first window. */
  readonly window: number;

  /** @param distancesM of each station from the first */
  constructor(distancesM: readonly number[] = [0, 5000, 9000], parameters: Partial<NetworkParameters> = {}) {
    this.parameters = { ...PARAMETERS, ...parameters };
    this.window = (EPOCH * this.parameters.epochPeriods) / this.parameters.windowPeriods;
    const { network } = this.parameters;
    this.stations = distancesM.map((distance, i) => station(i, distance, network, chainOf(this.window)));
  }

  hotspot(who: number): Hotspot {
    return this.#station(who).hotspot;
  }

  /** The honest beacon report of a station for a window, not signed yet. */
  beacon(who: number, window = this.window): BeaconPacket {
    const { windowPeriods, network } = this.parameters;
    const secret = { network, window, value: this.#station(who).chains.valueOf(window) };
    return this.beaconAt(who, scheduledIndex(secret, entropyValue(window * windowPeriods), windowPeriods));
  }

  /**
   * As `beacon`, in whatever period: what a station sends that keeps to everything but the schedule.
   * @param value what it reveals, by default its own
   */
  beaconAt(who: number, entropyIndex: number, value = this.#value(who, entropyIndex)): BeaconPacket {
    const { freqHz, spreadingFactor, bandwidthHz } = this.#derive(who, { entropyIndex, value });
    return {
      type: "beacon",
      sequence: 0,
      atMs: entropyTimeMs(entropyIndex, this.parameters) + 20_000,
      entropyIndex,
      value,
      freqHz,
      spreadingFactor,
      bandwidthHz,
      powerDbm: 14,
      tmstUs: null,
      gnss: null,
    };
  }

  /** The honest witness report of a station on a beacon of station `of`, not signed yet. */
  witness(who: number, of: number, beacon: BeaconPacket): HeardWitness {
    const { freqHz, spreadingFactor, bandwidthHz, atMs, powerDbm } = beacon;
    const metres = Math.max(1, distanceM(this.hotspot(who), this.hotspot(of)));
    const gainsDb = (this.hotspot(who).antennaGainDdbi + this.hotspot(of).antennaGainDdbi) / 10;
    const rssiDbm = Math.floor(powerDbm + gainsDb - freeSpaceLossDb(metres, freqHz) - FADING_DB);
    const { frame } = this.#derive(of, beacon);
    const snrDdb = Math.round((rssiDbm - thermalNoiseDbm(bandwidthHz, NOISE_FIGURE_DB)) * 10);
    const levels = { rssiDbm, snrDdb: Math.max(MIN_SNR_DDB, Math.min(snrDdb, MAX_SNR_DDB)) };
    const radio = { freqHz, spreadingFactor, bandwidthHz, ...levels };
    return { type: "witness", sequence: 0, atMs, frame, ...radio, tmstUs: null, gnss: null, ...NO_DETAILS };
  }

  /**
   * Signs and receives a packet, numbered by the station's count unless `sequence` is given.
   * @param receivedAtMs by default half a minute after the packet's own time, or after it may be revealed
   * @param version as if its writer had known that one
   */
  receive<P extends PacketToSign>(
    who: number,
    packet: P,
    {
      receivedAtMs = this.#arrivalMs(packet),
      sequence,
      version,
    }: { receivedAtMs?: number; sequence?: number; version?: number } = {},
  ): ReceivedPacket<P extends Packet ? P : WitnessPacket> {
    const sender = this.#station(who);
    const numbered = { ...packet, sequence: sequence ?? sender.sequence++ };
    const result = decodePacket(encodePacket(numbered, sender.signer, this.parameters.network));
    if (!result.ok) throw new RangeError(`Scenario made a packet that is refused: ${result.code}`);
    const received = receivedPacket(result.decoded, sender.hotspot.id, receivedAtMs) as ReceivedPacket<
      P extends Packet ? P : WitnessPacket
    >;
    return version === undefined ? received : { ...received, version };
  }

  #arrivalMs(packet: PacketToSign): number {
    const sentMs =
      packet.type === "beacon" ? reportDeadlineMs(packet.entropyIndex, this.parameters) : packet.atMs;
    return sentMs + 30_000;
  }

  #value(who: number, entropyIndex: number): Uint8Array {
    return this.#station(who).chains.valueOf(windowOf(entropyIndex, this.parameters.windowPeriods));
  }

  /** An honest beacon report and the honest witness reports on it, received. */
  round(of = 0, witnesses = this.stations.map((_, i) => i).filter((i) => i !== of), window = this.window) {
    const packet = this.beacon(of, window);
    return {
      packet,
      beacon: this.receive(of, packet),
      witnesses: witnesses.map((who) => this.receive(who, this.witness(who, of, packet))),
    };
  }

  inputs(packets: readonly ReceivedPacket[], changes: Partial<EpochInputs> = {}): EpochInputs {
    const first = this.epoch * this.parameters.epochPeriods;
    const count = this.parameters.epochPeriods + 30;
    return {
      parameters: this.parameters,
      packets,
      hotspots: this.stations.map(({ hotspot }) => hotspot),
      entropy: Array.from({ length: count }, (_, i) => ({
        index: first + i,
        value: entropyValue(first + i),
      })),
      epoch: this.epoch,
      denials: [],
      usedSequences: new Map(),
      contactsBefore: new Map(),
      ...changes,
    };
  }

  judge(packets: readonly ReceivedPacket[], changes: Partial<EpochInputs> = {}): EpochJudgement {
    return judgeEpoch(this.inputs(packets, changes), RULE_LISTS["earshot-1"]);
  }

  #derive(who: number, { entropyIndex: index, value }: Pick<BeaconPacket, "entropyIndex" | "value">) {
    const { publicKey, region } = this.hotspot(who);
    const { network, windowPeriods } = this.parameters;
    const secret = { network, value, window: windowOf(index, windowPeriods) };
    return deriveBeacon(publicKey, secret, { index, value: entropyValue(index) }, REGIONS[region]);
  }

  #station(who: number): Station {
    const found = this.stations[who];
    if (found === undefined) throw new RangeError(`Scenario has no station ${who}`);
    return found;
  }
}

/** The verdict on a report. */
export function verdictOn(judgement: Pick<EpochJudgement, "verdicts">, report: ReceivedReport): Verdict {
  const verdict = judgement.verdicts.find(({ packetId }) => packetId === report.id);
  if (verdict === undefined) throw new RangeError(`No verdict on packet ${report.id}`);
  return verdict;
}

export const entropyValue = (index: number): Uint8Array => sha256(utf8(`scenario entropy ${index}`));

/** Committed to the chain, and to the one after it. */
function station(i: number, distance: number, network: string, chain: number): Station {
  const signer = signerFromSeed(sha256(utf8(`scenario station ${i}`)));
  const latE7 = LAT_E7 + Math.round((distance / EARTH_RADIUS_M / Math.PI) * 1_800_000_000);
  const cell = cellOf({ latE7, lonE7: LON_E7 });
  const chains = new BeaconChains(signer, network);
  const accepted = { atMs: 0, fromEpoch: 0, evidence: new Uint8Array() };
  return {
    signer,
    chains,
    sequence: 1,
    hotspot: {
      id: hotspotId(signer.publicKey),
      publicKey: signer.publicKey,
      cell,
      // Not the cell's centre: tests choose distances to the metre.
      latE7,
      lonE7: LON_E7,
      elevationM: 20,
      antennaGainDdbi: 20,
      region: "EU868",
      payee: null,
      registeredAtMs: 0,
      settledCell: cell,
      relocatedAtMs: null,
      change: accepted,
      commitments: [chain, chain + 1].map((each) => ({ ...chains.commitment(each), ...accepted })),
      retired: null,
      predecessor: null,
    },
  };
}
