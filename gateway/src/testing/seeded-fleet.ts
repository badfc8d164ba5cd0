import {
  type Assertion,
  beaconKey,
  changedHotspot,
  DEFAULT_PARAMETERS,
  distanceM,
  drawIndex,
  type EdgeEvidence,
  type Entropy,
  encodePacket,
  entropyTimeMs,
  epochOf,
  type Hotspot,
  type NetworkParameters,
  type ProvenBeacon,
  parametersHash,
  type Random,
  registrationMessage,
  type Signer,
  type StatusPacket,
  settleEpoch,
  sha256,
  shortId,
  signerFromSeed,
  utf8,
  type WitnessPacket,
} from "@earshot/protocol";
import { seededRandom, typicalPackets } from "@earshot/protocol/testing";
import type { StoredBeacon, StoredVerdict } from "../store/records.ts";
import type { Store } from "../store/store.ts";

/** A made-up fleet with a history of verdicts and epochs, for tests of the API and for looking at the page. */

export const FLEET_PARAMETERS: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  network: "test",
  windowPeriods: 10,
  epochPeriods: 60,
  contract: sha256(utf8("contract")).slice(0, 20),
};

const CENTRE = { latE7: 451_885_000, lonE7: 57_245_000 };
const HEARING_M = 9000;

export interface FleetMember {
  hotspot: Hotspot;
  signer: Signer;
}

export const NETWORK_SIGNER = signerFromSeed(new Uint8Array(32).fill(9));
const REGISTERED_AT_MS = Date.UTC(2026, 0, 1);

export function member(seed: number, random: Random): FleetMember {
  const signer = signerFromSeed(sha256(utf8(`fleet-${seed}`)));
  const turn = random() * 2 * Math.PI;
  const radiusE7 = Math.sqrt(random()) * 650_000;
  const assertion: Assertion = {
    latE7: Math.round(CENTRE.latE7 + Math.sin(turn) * radiusE7),
    lonE7: Math.round(CENTRE.lonE7 + Math.cos(turn) * radiusE7 * 1.4),
    elevationM: 5 + (seed % 30),
    antennaGainDdbi: 26,
    region: "EU868",
    payee: seed % 3 === 0 ? null : sha256(utf8(`payee-${seed}`)).slice(0, 20),
  };
  const { publicKey } = signer;
  const evidence =
    seed % 4 === 0
      ? registrationMessage.seal(
          { publicKey, atMs: REGISTERED_AT_MS, ...assertion },
          NETWORK_SIGNER,
          FLEET_PARAMETERS.network,
        )
      : assertedBy(signer, assertion);
  const change = { atMs: REGISTERED_AT_MS, fromEpoch: 0, evidence };
  const hotspot = changedHotspot(undefined, change, { publicKey, assertion });
  if (hotspot === undefined) throw new TypeError("The fleet's region is unknown");
  return { hotspot, signer };
}

function assertedBy(signer: Signer, assertion: Assertion): Uint8Array {
  const status = { ...emptyStatus, atMs: REGISTERED_AT_MS, sequence: 1, assertion };
  return encodePacket(status, signer, FLEET_PARAMETERS.network);
}

export function entropyAt(index: number, parameters: NetworkParameters): Entropy {
  return {
    index,
    atMs: entropyTimeMs(index, parameters),
    value: sha256(utf8(`entropy-${index}`)),
    previousHash: sha256(utf8(`entropy-${index - 1}`)),
    periodMs: parameters.entropyPeriodMs,
    validityMs: parameters.entropyValidityMs,
    windowPeriods: parameters.windowPeriods,
    windowValue: sha256(utf8("window")),
    reportDeadlineMs: parameters.reportDeadlineMs,
    revealDeadlineMs: parameters.revealDeadlineMs,
    source: null,
    state: null,
  };
}

const emptyStatus: StatusPacket = {
  type: "status",
  sequence: 1,
  atMs: 0,
  state: "online",
  uptimeS: 86_400,
  version: "0.1.0",
  radio: null,
  gnss: null,
  outboxQueued: 0,
  outboxDropped: 0,
  assertion: null,
  machine: null,
  losses: null,
  keyHeld: null,
  formats: null,
  commitments: null,
};

export const statusOf = (
  hotspot: Pick<Hotspot, "latE7" | "lonE7">,
  atMs: number,
  state: "online" | "offline",
): StatusPacket => ({
  ...emptyStatus,
  atMs,
  state,
  radio: {
    rxOk: 4711,
    rxBad: 12,
    transmitted: 1234,
    ackPermille: 987,
    temperatureDc: 412,
    channels: 8,
    spreadingFactors: 6,
  },
  gnss: {
    fixMode: 3,
    satellitesUsed: 11,
    latE7: hotspot.latE7,
    lonE7: hotspot.lonE7,
    altitudeM: 214,
    horizontalErrorDm: 23,
    integrityFlags: 0,
  },
  machine: { cpuTemperatureDc: 512, loadPermille: 140, diskUsedPermille: 384, underVoltage: false },
  outboxQueued: 3,
});

/** Stores the packet that a witness's verdict is about, with all that a radio can tell. */
export async function storeReception(store: Store, verdict: StoredVerdict): Promise<WitnessPacket> {
  const { witness } = typicalPackets;
  const { packetId: id, hotspotId, entropyIndex, epoch } = verdict;
  const bytes = encodePacket(witness, NETWORK_SIGNER, FLEET_PARAMETERS.network);
  const received = { sequence: witness.sequence, receivedAtMs: witness.atMs, isLate: false };
  await store.addPackets([{ id, type: "witness", hotspotId, entropyIndex, epoch, bytes, ...received }]);
  return witness;
}

interface Judgement {
  verdicts: StoredVerdict[];
  proven: StoredBeacon[];
}

const REFUSALS = [
  ["rssi_above_free_space", { rssiDbm: -41, snrDdb: 90, signalDdbm: -415, boundDdbm: -570, distanceM: 508 }],
  ["payload_mismatch", {}],
  ["report_late", { lateMs: 4200 }],
  ["wrong_frequency", { offsetHz: 200_000 }],
  ["not_drawn", { valid: 17 }],
] as const;

const OUTCOME_OF: Readonly<Record<string, StoredVerdict["outcome"]>> = {
  ok: "paid",
  not_drawn: "unpaid",
  not_heard: "unpaid",
};

/** One member beacons at this index; those near it hear it, and some of them are refused. */
function judgeOne(
  index: number,
  fleet: readonly FleetMember[],
  random: Random,
  parameters: NetworkParameters,
): Judgement {
  const beaconer = fleet[Math.floor(random() * fleet.length)] as FleetMember;
  const common = {
    beaconKey: beaconKey(index, shortId(beaconer.hotspot.publicKey)),
    epoch: epochOf(index, parameters),
    entropyIndex: index,
    judgedAtMs: entropyTimeMs(drawIndex(index, parameters), parameters),
  };
  const heard = fleet.filter(
    ({ hotspot }) =>
      hotspot !== beaconer.hotspot && distanceM(hotspot, beaconer.hotspot) < HEARING_M && random() < 0.7,
  );
  const verdict = (
    hotspot: Hotspot,
    type: "beacon" | "witness",
    reason: string,
    numbers: object,
  ): StoredVerdict => ({
    ...common,
    packetId: sha256(utf8(`${index} ${hotspot.id} ${type}`)).toHex(),
    hotspotId: hotspot.id,
    type,
    outcome: OUTCOME_OF[reason] ?? "refused",
    reason,
    measurements: Object.entries(numbers).map(([name, value]) => ({ name, value: value as number })),
  });
  const witnesses = heard.map(({ hotspot }) => {
    const metres = distanceM(hotspot, beaconer.hotspot);
    if (metres < parameters.minDistanceM) {
      const numbers = { distanceM: metres, minDistanceM: parameters.minDistanceM };
      return verdict(hotspot, "witness", "too_close", numbers);
    }
    const refusal = random() < 0.15 ? REFUSALS[Math.floor(random() * REFUSALS.length)] : undefined;
    return refusal === undefined
      ? verdict(hotspot, "witness", "ok", {})
      : verdict(hotspot, "witness", refusal[0], refusal[1]);
  });
  const paid = witnesses.filter(({ outcome }) => outcome === "paid").map((each) => each.hotspotId);
  const beacon = verdict(beaconer.hotspot, "beacon", paid.length > 0 ? "ok" : "not_heard", {});
  const proven = { ...common, beaconer: beaconer.hotspot.id, witnesses: paid.sort() };
  return { verdicts: [beacon, ...witnesses], proven: paid.length > 0 ? [proven] : [] };
}

export interface SeededFleet {
  members: FleetMember[];
  /** Newest index judged; everything up to it is public at `nowMs`. */
  judgedThrough: number;
  nowMs: number;
}

/** Fills a store with `epochs` closed epochs and a part of the next. */
export async function seedFleet(
  store: Store,
  { hotspots = 12, epochs = 2, seed = 7, parameters = FLEET_PARAMETERS } = {},
): Promise<SeededFleet> {
  const random = seededRandom(seed);
  const members = Array.from({ length: hotspots }, (_, i) => member(i, random));
  for (const { hotspot } of members) await store.putHotspot(hotspot);
  const firstEpoch = Math.floor(Date.UTC(2026, 2, 1) / 60_000 / parameters.epochPeriods);
  const cumulative = new Map<string, bigint>();
  const endIndex = (firstEpoch + epochs) * parameters.epochPeriods + 25;
  for (let index = firstEpoch * parameters.epochPeriods; index <= endIndex; index++) {
    const { verdicts, proven } = judgeOne(index, members, random, parameters);
    await store.addJudgement(index, verdicts, proven, []);
    if ((index + 1) % parameters.epochPeriods === 0)
      await close(store, index, members, cumulative, parameters);
  }
  const latest = drawIndex(endIndex, parameters);
  const nowMs = entropyTimeMs(latest, parameters) + 20_000;
  await store.addEntropy(entropyAt(latest, parameters), Uint8Array.of(0));
  for (const [i, { hotspot }] of members.entries()) {
    if (i % 8 === 5) continue;
    const state = i % 8 === 6 ? "offline" : "online";
    await store.putStatus(hotspot.id, statusOf(hotspot, nowMs - 30_000 - i * 1000, state), nowMs - i * 4000);
  }
  return { members, judgedThrough: endIndex, nowMs };
}

async function close(
  store: Store,
  lastIndex: number,
  members: readonly FleetMember[],
  cumulative: Map<string, bigint>,
  parameters: NetworkParameters,
): Promise<void> {
  const epoch = epochOf(lastIndex, parameters);
  const proven: ProvenBeacon[] = await store.provenOfEpoch(epoch);
  const hotspots = members.map(({ hotspot }) => hotspot);
  const settlement = settleEpoch({ proven }, { parameters, hotspots, before: cumulative });
  for (const payment of settlement.payments) cumulative.set(payment.hotspotId, payment.cumulative);
  const toMs = entropyTimeMs(lastIndex + 1, parameters);
  await store.addEpoch(
    {
      epoch,
      fromMs: toMs - parameters.epochPeriods * parameters.entropyPeriodMs,
      toMs,
      closedAtMs: toMs + parameters.revealDeadlineMs + 1000,
      pool: settlement.pool,
      paid: settlement.paid,
      unallocated: settlement.unallocated,
      root: settlement.tree.root,
      manifestHash: sha256(settlement.tree.root),
      parametersHash: parametersHash(parameters),
      registryHash: new Uint8Array(32),
      bundle: `epoch-${String(epoch).padStart(10, "0")}`,
    },
    settlement.payments.map((payment) => ({ epoch, ...payment })),
    edgesOf(proven),
    epoch - parameters.edgeWindowEpochs + 1,
  );
}

/** Each paid witness at -100 dBm and one weaker each time. */
function edgesOf(proven: readonly ProvenBeacon[]): EdgeEvidence[] {
  const counts = new Map<string, number>();
  for (const { beaconer, witnesses } of proven) {
    for (const witness of witnesses) {
      const key = `${beaconer} ${witness}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].map(([key, heard]) => {
    const [beaconer = "", witness = ""] = key.split(" ");
    const levels = Array.from({ length: heard }, (_, i) => -100 - i);
    return {
      beaconer,
      witness,
      heard,
      rssiSumDbm: levels.reduce((sum, level) => sum + level, 0),
      rssiSumSquares: levels.reduce((sum, level) => sum + level * level, 0),
      rssiMinDbm: Math.min(...levels),
      rssiMaxDbm: Math.max(...levels),
    };
  });
}
