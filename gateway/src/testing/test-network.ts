import {
  type AcceptedCommitment,
  type Assertion,
  BeaconChains,
  type BeaconPacket,
  chainOf,
  changedHotspot,
  DEFAULT_PARAMETERS,
  type DerivedBeacon,
  deriveBeacon,
  type Entropy,
  encodePacket,
  entropyHash,
  entropyMessage,
  type HeardWitness,
  type Hotspot,
  hotspotId,
  type NetworkParameters,
  NO_DETAILS,
  type PacketToSign,
  parametersMessage,
  REGIONS,
  type RegistryChange,
  type Signer,
  type StatusPacket,
  scheduledIndex,
  sha256,
  signerFromSeed,
  utf8,
  windowOf,
} from "@earshot/protocol";
import type { PublishedEntropy } from "../epochs/epoch-content.ts";

/** A small network for tests: four hotspots around a city, real signatures, an epoch of one window of four periods. */

export const PARAMETERS: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  network: "testnet-1",
  entropyPeriodMs: 2000,
  entropyValidityMs: 4000,
  windowPeriods: 4,
  epochPeriods: 4,
  reportDeadlineMs: 4000,
  revealDeadlineMs: 6000,
  minDistanceM: 300,
  maxDistanceM: 100_000,
  maxPaidWitnesses: 1,
  // Its first epochs are about other rules.
  reciprocityPeriods: 0,
  poolPerEpoch: 1_000_003n,
  contract: new Uint8Array(20).fill(0xc0),
};

/** 2026-01-01. */
export const FIRST_EPOCH = Date.UTC(2026, 0, 1) / 8000;
const { network } = PARAMETERS;
const seed = (name: string): Uint8Array => sha256(utf8(name));

export const networkSigner = signerFromSeed(seed("network"));

/** The network's parameters, as signed. */
export const signedParameters = (parameters: NetworkParameters): Uint8Array =>
  parametersMessage.seal(parameters, networkSigner, network);

export type Name = "a" | "b" | "c" | "near" | "stranger";
export const signers = Object.fromEntries(
  ["a", "b", "c", "near", "stranger"].map((name) => [name, signerFromSeed(seed(name))]),
) as Record<Name, Signer>;
export const chains = Object.fromEntries(
  Object.entries(signers).map(([name, signer]) => [name, new BeaconChains(signer, network)]),
) as Record<Name, BeaconChains>;
export const idOf = (name: Name): string => hotspotId(signers[name].publicKey);

/** Degrees north and east of the city, times 10^7; `near` stands 110 m from `a`. */
const OFFSETS = { a: [0, 0], b: [100_000, 0], c: [0, 200_000], near: [10_000, 0] } as const;

/** Where a hotspot stands; the registry moves it to the centre of its cell. */
export function assertionOf(name: keyof typeof OFFSETS): Assertion {
  const [north, east] = OFFSETS[name];
  return {
    latE7: 525_000_000 + north,
    lonE7: 134_000_000 + east,
    elevationM: 12,
    antennaGainDdbi: 12,
    region: "EU868",
    payee: name === "c" ? null : seed(`payee ${name}`).slice(0, 20),
  };
}

/** A minute before the first epoch. */
const REGISTERED_AT_MS = FIRST_EPOCH * 8000 - 60_000;

/** What a hotspot committed to by a status packet of a minute before this epoch: a window is an epoch. */
export function committedBefore(epoch: number, name: Name): AcceptedCommitment[] {
  const atMs = epoch * 8000 - 60_000;
  const fromEpoch = Math.floor(atMs / 8000) + 1;
  const current = chainOf(fromEpoch - 1);
  const commitments = [current, current + 1].map((chain) => chains[name].commitment(chain));
  const evidence = encodePacket({ ...statusPacket(1, atMs), commitments }, signers[name], network);
  return commitments.map((commitment) => ({ ...commitment, atMs, fromEpoch, evidence }));
}

function hotspot(name: keyof typeof OFFSETS): Hotspot {
  const assertion = assertionOf(name);
  const evidence = encodePacket(statusPacket(1, REGISTERED_AT_MS, assertion), signers[name], network);
  const change: RegistryChange = { atMs: REGISTERED_AT_MS, fromEpoch: FIRST_EPOCH - 8, evidence };
  const made = changedHotspot(undefined, change, { publicKey: signers[name].publicKey, assertion });
  if (made === undefined) throw new TypeError(`Test hotspot ${name} has an unknown region`);
  return { ...made, commitments: committedBefore(FIRST_EPOCH, name) };
}

export const statusPacket = (
  sequence: number,
  atMs: number,
  assertion: StatusPacket["assertion"] = null,
): StatusPacket => ({
  type: "status",
  sequence,
  atMs,
  state: "online",
  uptimeS: 1,
  version: "0.1.0",
  radio: null,
  gnss: null,
  outboxQueued: 0,
  outboxDropped: 0,
  assertion,
  machine: null,
  losses: null,
  keyHeld: null,
  formats: null,
  commitments: null,
});

export const HOTSPOTS: readonly Hotspot[] = (["a", "b", "c", "near"] as const).map(hotspot);

/** A chain of entropy over these indexes. */
export function entropyChain(indexes: readonly number[]): PublishedEntropy[] {
  const chain: PublishedEntropy[] = [];
  for (const index of indexes) {
    const before = chain.at(-1)?.entropy;
    const value = sha256(utf8(`entropy ${index}`));
    const window = windowOf(index, PARAMETERS.windowPeriods);
    const first = chain.find(({ entropy }) => windowOf(entropy.index, PARAMETERS.windowPeriods) === window);
    const entropy: Entropy = {
      index,
      atMs: index * PARAMETERS.entropyPeriodMs,
      value,
      previousHash: before === undefined ? new Uint8Array(32) : entropyHash(before),
      periodMs: PARAMETERS.entropyPeriodMs,
      validityMs: PARAMETERS.entropyValidityMs,
      windowPeriods: PARAMETERS.windowPeriods,
      windowValue: first?.entropy.value ?? value,
      reportDeadlineMs: PARAMETERS.reportDeadlineMs,
      revealDeadlineMs: PARAMETERS.revealDeadlineMs,
      source: null,
      state: null,
    };
    chain.push({ entropy, message: entropyMessage.seal(entropy, networkSigner, network) });
  }
  return chain;
}

/** All indexes of `count` epochs from the first, and on until the last one's draw. */
export const indexesOf = (count: number): number[] =>
  Array.from({ length: count * 4 + 4 }, (_, i) => FIRST_EPOCH * 4 + i);

export interface SentPacket {
  bytes: Uint8Array;
  receivedAtMs: number;
}

export interface SentBeacon {
  packet: BeaconPacket;
  derived: DerivedBeacon;
  index: number;
}

/** The beacon that a hotspot owes in an epoch's window. */
export function beaconOf(name: Name, epoch: number, sequence: number): SentBeacon {
  const signer = signers[name];
  const window = epoch;
  const entropy = (index: number) => sha256(utf8(`entropy ${index}`));
  const value = chains[name].valueOf(window);
  const secret = { network, window, value };
  const index = scheduledIndex(secret, entropy(window * 4), 4);
  const derived = deriveBeacon(signer.publicKey, secret, { index, value: entropy(index) }, REGIONS.EU868);
  const { freqHz, spreadingFactor, bandwidthHz } = derived;
  const packet: BeaconPacket = {
    type: "beacon",
    sequence,
    atMs: index * 2000 + 700,
    entropyIndex: index,
    value,
    freqHz,
    spreadingFactor,
    bandwidthHz,
    powerDbm: 14,
    tmstUs: counterAt(index * 2000 + 700),
    gnss: null,
  };
  return { packet, derived, index };
}

/** The counter of a concentrator that was started in 1970, in µs. */
const counterAt = (atMs: number): number => (atMs * 1000) % 2 ** 32;

/** What a hotspot that hears a beacon reports. */
export function witnessOf(
  { derived, index }: SentBeacon,
  sequence: number,
  changes: Partial<HeardWitness> = {},
): HeardWitness {
  const { frame, freqHz, spreadingFactor, bandwidthHz } = derived;
  const heard = { frame, freqHz, spreadingFactor, bandwidthHz, rssiDbm: -110, snrDdb: -20, ...NO_DETAILS };
  const atMs = index * 2000 + 701;
  return { type: "witness", sequence, atMs, ...heard, tmstUs: counterAt(atMs), gnss: null, ...changes };
}

/**
 * What the network receives in an epoch: paid reports, and one refused for each of several reasons. Sequence numbers
 * go on from epoch to epoch. From the second epoch on, one report about the epoch before comes too late.
 */
export function epochPackets(epoch: number): SentPacket[] {
  const base = (epoch - FIRST_EPOCH) * 10 + 10;
  const sent: SentPacket[] = [];
  const send = (name: Name, packet: PacketToSign, index: number, delayMs = 3000) =>
    sent.push({ bytes: encodePacket(packet, signers[name], network), receivedAtMs: index * 2000 + delayMs });
  const [a, b, c] = [beaconOf("a", epoch, base), beaconOf("b", epoch, base), beaconOf("c", epoch, base)];
  send("a", a.packet, a.index, 5000);
  send("b", b.packet, b.index, 5000);
  send("c", c.packet, c.index, 5000);
  send("b", witnessOf(a, base + 1), a.index);
  send("c", witnessOf(a, base + 1), a.index, 3001);
  send("near", witnessOf(a, base + 1), a.index);
  send("a", witnessOf(b, base + 1), b.index);
  send("c", witnessOf(b, base + 2, { freqHz: b.derived.freqHz + 200_000 }), b.index);
  send("stranger", witnessOf(b, base), b.index);
  send("near", witnessOf(b, base + 1), b.index, 3005);
  send("a", statusPacket(base + 2, c.packet.atMs), c.index);
  if (epoch > FIRST_EPOCH) send("b", witnessOf(beaconOf("c", epoch - 1, 0), base + 3), epoch * 4, 7000);
  return sent;
}
