import type { DrandChain } from "../drand/chain.ts";
import { REGION_IDS, REGIONS } from "../radio/regions.ts";

/** Lower-case letters, digits and hyphens: safe in a topic, a file name and a URL. */
export const isNetworkName = (network: string): boolean => /^[a-z0-9][a-z0-9-]{0,31}$/.test(network);

/** A region in which this network takes beacons, and how strong they may be. */
export interface RegionRule {
  /** Of `REGIONS`, or one that only later programs have. */
  id: string;
  /** Tenths of a dBm EIRP. */
  maxEirpDdbm: number;
}

/** A whole number, a text, or a map of names to values: what JSON and CBOR both have. */
export type ParameterValue = number | string | ParametersDocument;
export interface ParametersDocument {
  readonly [name: string]: ParameterValue;
}

/**
 * The published parameters of one network: everything that a verdict depends on besides packets, registry, denials and
 * entropy. One version is in force in an epoch; its `parametersHash` is in the manifest and in every verdict message.
 * `Ddb` is tenths of a decibel.
 */
export interface NetworkParameters {
  network: string;
  /** Counts the versions of this network's parameters from 1. */
  version: number;
  /** First epoch that is judged by this version. */
  activationEpoch: number;
  /** Of `RULE_SETS` (`rules/rule-sets.ts`), or one that only later programs have. */
  ruleSet: string;

  /** One entropy value each period. */
  entropyPeriodMs: number;
  /** How long after its entropy's time a beacon may be on air. */
  entropyValidityMs: number;
  /** Each hotspot beacons once a window of so many entropy periods. */
  windowPeriods: number;
  /** Length of an epoch, which is paid at once; a multiple of `windowPeriods`. */
  epochPeriods: number;
  /** How long after its entropy's time witnesses' reports on a beacon are accepted. */
  reportDeadlineMs: number;
  /** How long after its entropy's time the beaconer may reveal it, which it may only after `reportDeadlineMs`. */
  revealDeadlineMs: number;

  minDistanceM: number;
  maxDistanceM: number;
  /** How far a hotspot's clock may be off in either direction. */
  clockSkewMs: number;
  /** How long after it was sent a beacon may be heard: time on air and the packet forwarder's delay. */
  hearingDelayMs: number;
  /** How far the concentrator's counter and the hotspot's clock may differ between two reports, besides skew and drift. */
  tmstToleranceMs: number;
  /** The highest SNR that receivers report: their estimate saturates. */
  maxSnrDdb: number;
  /** How far below thermal noise (no noise figure) the noise may lie that RSSI and SNR imply. */
  maxBelowThermalDdb: number;
  /** How far above thermal noise it may lie. */
  maxAboveThermalDdb: number;
  /** How far below the demodulation floor of the spreading factor a reported SNR may lie. */
  maxBelowDemodulationDdb: number;
  /** How far below a noiseless receiver's sensitivity a reported RSSI may lie. */
  maxBelowSensitivityDdb: number;

  /** 1: a report without a GNSS fix is refused; 0: a fix is judged only where there is one. */
  gnssRequired: number;
  minGnssSatellites: number;
  /** Largest horizontal error estimate of a fix that counts. */
  maxGnssErrorM: number;
  /** How far a fix may lie from the asserted position. */
  maxGnssDistanceM: number;
  /** After a relocation (`RELOCATION_M`) nothing is paid for this long. */
  relocationCooldownMs: number;

  maxPaidWitnesses: number;
  /** Share of the pool for beaconers, basis points; the rest is for witnesses. */
  beaconerShareBp: number;
  /** For how many epochs the gateway keeps edges: who heard whom. */
  edgeWindowEpochs: number;
  /** 1: where many hotspots stand, each beacon earns less (HIP 17 with the table of HIP 104); 0: everywhere the same. */
  densityScaling: number;
  /**
   * Who hears others must be heard, and who is heard must hear others, within so many entropy periods before the beacon
   * in question; otherwise it is not paid. 0 switches this off.
   */
  reciprocityPeriods: number;
  /**
   * From the epoch `minVersionsFromEpoch` on, beacon and witness reports are refused whose payloads have a lower version
   * than this. That epoch may be far ahead: receipts tell agents, so that their owners can update them.
   */
  minBeaconVersion: number;
  minWitnessVersion: number;
  minVersionsFromEpoch: number;

  /** Sorted by id. */
  regions: readonly RegionRule[];
  /** Smallest units per epoch. */
  poolPerEpoch: bigint;
  /** EVM chain and contract that claims are made for; part of every Merkle leaf. */
  chainId: bigint;
  contract: Uint8Array;

  /**
   * The drand chain that entropy follows from; null: the operator makes it, and nobody can show that it did not choose. Not
   * in the document then.
   */
  drandChain: DrandChain | null;
  /** 1: beacons count also in periods whose entropy came without the chain's signature; 0: they do not. */
  unprovenEntropyCounts: number;

  /** Names that the document does not have, because it is from before they came; their values here are the absent ones. */
  absent: readonly string[];
  /** What the document has beyond the names above: kept, shown and hashed, and judged by only where a rule set needs it. */
  unknown: ParametersDocument;
}

/**
 * The least and greatest value of a whole number. `absent` is what it is where a document does not name it: then it is off.
 * A parameter that came after format 1 has one; without, every document must name it.
 */
export type ParameterRange = readonly [min: number, max: number, absent?: number];

/** The whole numbers. Adding one: its range with the value that means off; nothing that is signed already changes. */
export const PARAMETER_RANGES = {
  version: [1, 0xffff_ffff],
  activationEpoch: [0, 0xffff_ffff],
  // An entropy index, counted from 1970, has 32 bits in a beacon's frame: with half a second it lasts until 2038.
  entropyPeriodMs: [500, 86_400_000],
  entropyValidityMs: [1, 86_400_000],
  windowPeriods: [1, 100_000],
  epochPeriods: [1, 1_000_000],
  reportDeadlineMs: [1, 604_800_000],
  revealDeadlineMs: [2, 1_209_600_000],
  minDistanceM: [1, 1_000_000],
  maxDistanceM: [1, 20_100_000],
  clockSkewMs: [0, 86_400_000],
  hearingDelayMs: [0, 86_400_000],
  tmstToleranceMs: [0, 86_400_000],
  maxSnrDdb: [0, 400],
  maxBelowThermalDdb: [0, 2000],
  maxAboveThermalDdb: [0, 2000],
  maxBelowDemodulationDdb: [0, 2000],
  maxBelowSensitivityDdb: [0, 2000],
  gnssRequired: [0, 1],
  minGnssSatellites: [0, 255],
  maxGnssErrorM: [0, 6553],
  maxGnssDistanceM: [0, 20_100_000],
  relocationCooldownMs: [0, 31_536_000_000],
  maxPaidWitnesses: [1, 1000],
  beaconerShareBp: [0, 10_000],
  edgeWindowEpochs: [1, 10_000],
  densityScaling: [0, 1],
  reciprocityPeriods: [0, 100_000],
  unprovenEntropyCounts: [0, 1],
  minBeaconVersion: [1, 0xffff_ffff, 1],
  minWitnessVersion: [1, 0xffff_ffff, 1],
  minVersionsFromEpoch: [0, 0xffff_ffff, 0],
} as const satisfies Partial<Record<keyof NetworkParameters, ParameterRange>>;

export type WholeParameter = keyof typeof PARAMETER_RANGES;
export const WHOLE_PARAMETERS = Object.keys(PARAMETER_RANGES) as readonly WholeParameter[];

/**
 * What stays the same for the life of a network: epochs, their chain and claims depend on it. Other values need a new
 * network.
 */
export const FIXED_PARAMETERS = [
  "network",
  "entropyPeriodMs",
  "entropyValidityMs",
  "windowPeriods",
  "epochPeriods",
  "reportDeadlineMs",
  "revealDeadlineMs",
  "chainId",
  "contract",
] as const satisfies readonly (keyof NetworkParameters)[];

export const DEFAULT_PARAMETERS: Omit<NetworkParameters, "network"> = {
  version: 1,
  activationEpoch: 0,
  ruleSet: "earshot-1",
  entropyPeriodMs: 60_000,
  entropyValidityMs: 180_000,
  windowPeriods: 360,
  epochPeriods: 1440,
  reportDeadlineMs: 600_000,
  revealDeadlineMs: 1_200_000,
  minDistanceM: 300,
  maxDistanceM: 100_000,
  clockSkewMs: 2000,
  // SF12 is on air for 2 s; forwarders poll every 10 ms, and a busy small computer may hold a frame for a second or two.
  hearingDelayMs: 4000,
  // Host stalls; twice the clock's skew and the crystal's drift are allowed beside it.
  tmstToleranceMs: 1000,
  /*
   * Radio limits, from 9,379 receptions by 286 hotspots (shared/data/receptions/mobile-grenoble.csv; the figures are
   * theirs) with room for other concentrators; test/receptions.test.ts counts what each refuses.
   */
  // Most seen 10.2 dB, 99.9 % below 8.5; SX1301 and SX127x read up to some 15.
  maxSnrDdb: 200,
  // Least seen -6.5 dB, 0.2 % below 0, nearly all by two receivers. The SX1276 datasheet (5.5.5) gives -157 and
  // -164 dBm for RSSI 0 and notes that the front end shifts both; confusing the two is 7 dB.
  maxBelowThermalDdb: 100,
  // Most seen with an SNR below 0, by the convention that gives less: 46.4 dB, beside a loud neighbour; in some 200,000
  // receptions elsewhere 61 and 62 dB.
  maxAboveThermalDdb: 700,
  // Least seen -4.0 dB (SF12 at -24 dB), 1 % below -2.8, elsewhere once -9.0: the datasheets' floor is typical, no limit.
  maxBelowDemodulationDdb: 100,
  // Least seen -5.0 dB, 0.1 % below 1.0.
  maxBelowSensitivityDdb: 100,
  gnssRequired: 0,
  minGnssSatellites: 4,
  maxGnssErrorM: 100,
  maxGnssDistanceM: 200,
  relocationCooldownMs: 86_400_000,
  maxPaidWitnesses: 14,
  beaconerShareBp: 2000,
  edgeWindowEpochs: 30,
  densityScaling: 1,
  // 48 h, as Helium's HIP 106 had it.
  reciprocityPeriods: 2880,
  minBeaconVersion: 1,
  minWitnessVersion: 1,
  minVersionsFromEpoch: 0,
  regions: REGION_IDS.toSorted().map((id) => ({ id, maxEirpDdbm: Math.floor(REGIONS[id].maxEirpDbm * 10) })),
  poolPerEpoch: 1_000_000_000_000n,
  chainId: 1n,
  contract: new Uint8Array(20),
  drandChain: null,
  unprovenEntropyCounts: 0,
  absent: [],
  unknown: {},
};
