import {
  BeaconChains,
  type BeaconPacket,
  chainOf,
  changedHotspot,
  DEFAULT_PARAMETERS,
  decodePacket,
  deriveBeacon,
  type Entropy,
  earshot1,
  encodePacket,
  entropyHash,
  entropyMessage,
  type Hotspot,
  type NetworkParameters,
  NO_DETAILS,
  type PacketToSign,
  parametersMessage,
  REGIONS,
  type ReceivedPacket,
  receivedPacket,
  type Signer,
  scheduledIndex,
  settleEpoch,
  sha256,
  signerFromSeed,
  u32,
} from "@earshot/protocol";
import { type Bundle, encodeBundle } from "../src/bundle/bundle.ts";
import { recordsOf } from "../src/bundle/registry-hash.ts";

/*
 * One epoch of an honest network: groups of 15 hotspots, each of which beacons once and hears the 14 others, so that
 * there are as many witnesses to a beacon as a busy network has.
 */

/** In a network's first epoch all are newcomers, of which reciprocity would refuse most. */
const PARAMETERS: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  network: "bench",
  windowPeriods: 1440,
  reciprocityPeriods: 0,
};
/** 2026-01-01. */
const EPOCH = Date.UTC(2026, 0, 1) / 86_400_000;
const FIRST_INDEX = EPOCH * PARAMETERS.epochPeriods;
const GROUP = 15;
const PACKETS_PER_GROUP = GROUP * GROUP;

const networkSigner = signerFromSeed(sha256(u32(0xffff_ffff)));
const { network } = PARAMETERS;
const entropyValue = (index: number): Uint8Array => sha256(u32(index));

interface Station {
  signer: Signer;
  hotspot: Hotspot;
  chains: BeaconChains;
  sequence: number;
}

/** The bundle of an epoch with about so many packets. */
export function benchBundle(packets: number): Bundle {
  const groups = Math.max(1, Math.round(packets / PACKETS_PER_GROUP));
  const stations = Array.from({ length: groups * GROUP }, (_, i) => makeStation(i));
  const reports: ReceivedPacket[] = [];
  for (let first = 0; first < stations.length; first += GROUP) {
    for (const report of groupReports(stations.slice(first, first + GROUP))) reports.push(report);
  }
  return bundleOf(stations, reports);
}

function makeStation(i: number): Station {
  const signer = signerFromSeed(sha256(u32(i)));
  const [group, place] = [Math.floor(i / GROUP), i % GROUP];
  const assertion = {
    latE7: 400_000_000 + 2_000_000 * (group % 50) + 100_000 * (place % 4),
    lonE7: 3_000_000 * Math.floor(group / 50) + 130_000 * Math.floor(place / 4),
    elevationM: 10,
    antennaGainDdbi: 20,
    region: "EU868",
    payee: sha256(u32(i)).slice(0, 20),
  };
  const atMs = EPOCH * 86_400_000 - 10 * 86_400_000;
  const status = { type: "status", sequence: 1, atMs, state: "online", uptimeS: 1, version: "1" } as const;
  const empty = {
    radio: null,
    gnss: null,
    outboxQueued: 0,
    outboxDropped: 0,
    machine: null,
    losses: null,
    keyHeld: null,
    formats: null,
  };
  const chains = new BeaconChains(signer, network);
  const commitments = [chains.commitment(chainOf(EPOCH))];
  const evidence = encodePacket({ ...status, ...empty, assertion, commitments }, signer, network);
  const change = { atMs, fromEpoch: EPOCH - 9, evidence };
  const hotspot = changedHotspot(undefined, change, { publicKey: signer.publicKey, assertion });
  if (hotspot === undefined) throw new TypeError("EU868 is no region");
  const committed = commitments.map((commitment) => ({ ...change, ...commitment }));
  return { signer, hotspot: { ...hotspot, commitments: committed }, chains, sequence: 2 };
}

function* groupReports(group: readonly Station[]): Generator<ReceivedPacket> {
  for (const beaconer of group) {
    const { beacon, frame } = makeBeacon(beaconer);
    yield sign(beaconer, beacon);
    const { freqHz, spreadingFactor, bandwidthHz, atMs, entropyIndex } = beacon;
    for (const witness of group) {
      if (witness === beaconer) continue;
      const heard = {
        frame,
        freqHz,
        spreadingFactor,
        bandwidthHz,
        rssiDbm: -110,
        snrDdb: -20,
        ...NO_DETAILS,
      };
      const packet = { type: "witness", ...heard, sequence: witness.sequence++, atMs, gnss: null } as const;
      yield sign(witness, { ...packet, tmstUs: counterAt(atMs) }, entropyIndex);
    }
  }
}

function makeBeacon(station: Station) {
  const { signer, chains } = station;
  const window = EPOCH;
  const value = chains.valueOf(window);
  const secret = { network, window, value };
  const entropyIndex = scheduledIndex(secret, entropyValue(FIRST_INDEX), PARAMETERS.windowPeriods);
  const entropy = { index: entropyIndex, value: entropyValue(entropyIndex) };
  const derived = deriveBeacon(signer.publicKey, secret, entropy, REGIONS.EU868);
  const { frame, freqHz, spreadingFactor, bandwidthHz } = derived;
  const atMs = entropyIndex * PARAMETERS.entropyPeriodMs + 20_000;
  const beacon: BeaconPacket = {
    type: "beacon",
    sequence: station.sequence++,
    atMs,
    entropyIndex,
    value,
    freqHz,
    spreadingFactor,
    bandwidthHz,
    powerDbm: 14,
    tmstUs: counterAt(atMs),
    gnss: null,
  };
  return { beacon, frame };
}

const counterAt = (atMs: number): number => (atMs * 1000) % 2 ** 32;

function sign({ signer, hotspot }: Station, packet: PacketToSign, index = 0): ReceivedPacket {
  const result = decodePacket(encodePacket(packet, signer, network));
  if (!result.ok) throw new TypeError(result.code);
  const sentMs =
    packet.type === "beacon"
      ? packet.entropyIndex * PARAMETERS.entropyPeriodMs + PARAMETERS.reportDeadlineMs
      : index * PARAMETERS.entropyPeriodMs;
  return receivedPacket(result.decoded, hotspot.id, sentMs + 60_000);
}

function bundleOf(stations: readonly Station[], packets: readonly ReceivedPacket[]): Bundle {
  const hotspots = stations.map(({ hotspot }) => hotspot);
  const entropy = entropyChain();
  const judgement = earshot1.judge({
    parameters: PARAMETERS,
    packets,
    epoch: EPOCH,
    hotspots,
    denials: [],
    entropy: entropy.map(({ entropy: each }) => each),
    usedSequences: new Map(),
    contactsBefore: new Map(),
  });
  const inputs = { parameters: PARAMETERS, hotspots, before: new Map<string, bigint>() };
  const registry = hotspots.map((hotspot) => ({ hotspot, changes: [hotspot.change], sinceEpoch: EPOCH }));
  const content = {
    parameters: PARAMETERS,
    signedParameters: parametersMessage.seal(PARAMETERS, networkSigner, network),
    epoch: EPOCH,
    previous: { previousEpoch: null, previousManifestHash: new Uint8Array(32) },
    closedAtMs: (EPOCH + 1) * 86_400_000 + 1_260_000,
    packets,
    entropy,
    registry,
    registryHashBefore: new Uint8Array(32),
    changes: recordsOf(registry, { epoch: EPOCH, previousEpoch: null }),
    denials: [],
    usedSequences: new Map(),
    contactsBefore: new Map(),
    keyDocuments: [],
    verdicts: judgement.verdicts,
    settlement: settleEpoch(judgement, inputs),
  };
  return encodeBundle(content, networkSigner);
}

/** All of the epoch's, and on until the one that draws the witnesses of its last beacons. */
function entropyChain(): { entropy: Entropy; message: Uint8Array }[] {
  const chain: { entropy: Entropy; message: Uint8Array }[] = [];
  for (let index = FIRST_INDEX; index < FIRST_INDEX + PARAMETERS.epochPeriods + 21; index++) {
    const before = chain.at(-1)?.entropy;
    const isNext = index >= FIRST_INDEX + PARAMETERS.windowPeriods;
    const entropy: Entropy = {
      index,
      atMs: index * PARAMETERS.entropyPeriodMs,
      value: entropyValue(index),
      previousHash: before === undefined ? new Uint8Array(32) : entropyHash(before),
      periodMs: PARAMETERS.entropyPeriodMs,
      validityMs: PARAMETERS.entropyValidityMs,
      windowPeriods: PARAMETERS.windowPeriods,
      windowValue: entropyValue(FIRST_INDEX + (isNext ? PARAMETERS.windowPeriods : 0)),
      reportDeadlineMs: PARAMETERS.reportDeadlineMs,
      revealDeadlineMs: PARAMETERS.revealDeadlineMs,
      source: null,
      state: null,
    };
    chain.push({ entropy, message: entropyMessage.seal(entropy, networkSigner, network) });
  }
  return chain;
}
