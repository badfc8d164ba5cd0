import {
  decodePacket,
  type Entropy,
  hotspotId,
  judgeEpoch,
  type ReceivedPacket,
  received,
  reportIndexAndKey,
  type SequenceRange,
} from "@earshot/protocol";
import type {
  StoredBeacon,
  StoredEpoch,
  StoredPacket,
  StoredPayment,
  StoredVerdict,
} from "../store/store.ts";
import type { CloseEpochDeps, EpochStore } from "./close-epoch.ts";
import type { PublishedEntropy } from "./entropy-span.ts";
import {
  entropyChain,
  epochPackets,
  FIRST_EPOCH,
  HOTSPOTS,
  indexesOf,
  networkSigner,
  PARAMETERS,
  type SentPacket,
} from "./test-network.ts";
import { runsOf } from "./verify-sequences.ts";

/** The part of a store that closing asks, in memory, for tests. */
export class MemoryEpochStore implements EpochStore {
  readonly packets: StoredPacket[] = [];
  readonly verdicts: StoredVerdict[] = [];
  readonly proven: StoredBeacon[] = [];
  readonly entropy: PublishedEntropy[];
  readonly closed: StoredEpoch[] = [];
  readonly paid: StoredPayment[] = [];

  constructor(entropy: PublishedEntropy[]) {
    this.entropy = entropy;
  }

  /** Files packets under an epoch and judges it. */
  fill(epoch: number, sent: readonly SentPacket[]): void {
    const opened = sent.map(({ bytes, receivedAtMs }) => open(bytes, receivedAtMs));
    const usedSequences = new Map(HOTSPOTS.map(({ id }) => [id, this.#ranges(id, epoch)]));
    const entropy = this.entropy.map((published): Entropy => published.entropy);
    const inputs = { parameters: PARAMETERS, packets: opened, hotspots: HOTSPOTS, entropy, usedSequences };
    const judged = judgeEpoch(inputs);
    this.packets.push(...opened.map((packet) => stored(packet, epoch)));
    const filed = { epoch, entropyIndex: 0 };
    this.verdicts.push(...judged.verdicts.map((verdict) => ({ ...verdict, ...filed, judgedAtMs: 0 })));
    this.proven.push(...judged.proven.map((beacon) => ({ ...beacon, ...filed })));
  }

  #ranges(id: string, beforeEpoch: number): SequenceRange[] {
    const earlier = this.packets.filter(
      (packet) => packet.hotspotId === id && (packet.epoch ?? 0) < beforeEpoch,
    );
    return runsOf(earlier.map(({ sequence }) => sequence));
  }

  packetsOfEpoch = async (epoch: number) => this.packets.filter((packet) => packet.epoch === epoch);
  verdictsOfEpoch = async (epoch: number) => this.verdicts.filter((verdict) => verdict.epoch === epoch);
  provenOfEpoch = async (epoch: number) => this.proven.filter((beacon) => beacon.epoch === epoch);
  sequenceRanges = async (id: string, beforeEpoch = Number.POSITIVE_INFINITY) =>
    this.#ranges(id, beforeEpoch);
  latestEntropy = async () => this.entropy.at(-1);
  entropyRange = async (first: number, last: number) =>
    this.entropy.filter(({ entropy: { index } }) => index >= first && index <= last);
  latestEpoch = async () => this.closed.at(-1);
  epoch = async (epoch: number) => this.closed.find((closed) => closed.epoch === epoch);
  payments = async (epoch: number) => this.paid.filter((payment) => payment.epoch === epoch);
  addEpoch = async (epoch: StoredEpoch, payments: readonly StoredPayment[]) => {
    this.closed.push(epoch);
    this.paid.push(...payments);
  };
}

function open(bytes: Uint8Array, receivedAtMs: number): ReceivedPacket {
  const result = decodePacket(bytes);
  if (!result.ok) throw new TypeError(`Test packet cannot be decoded: ${result.code}`);
  return received(result.decoded, hotspotId(result.decoded.publicKey), receivedAtMs);
}

function stored(packet: ReceivedPacket, epoch: number): StoredPacket {
  const report = reportIndexAndKey(packet);
  return {
    id: packet.id,
    hotspotId: packet.hotspotId,
    type: packet.packet.type,
    sequence: packet.packet.sequence,
    receivedAtMs: packet.receivedAtMs,
    bytes: packet.bytes,
    entropyIndex: report?.entropyIndex ?? null,
    beaconKey: report?.key ?? null,
    epoch,
  };
}

/** A store with `count` judged epochs. */
export function judgedStore(count: number): MemoryEpochStore {
  const store = new MemoryEpochStore(entropyChain(indexesOf(count)));
  for (let i = 0; i < count; i++) store.fill(FIRST_EPOCH + i, epochPackets(FIRST_EPOCH + i));
  return store;
}

export const closeDeps = (
  store: EpochStore,
  bundlesDir: string,
  nowMs = Date.UTC(2026, 0, 2),
): CloseEpochDeps => ({
  store,
  parameters: PARAMETERS,
  registryOfEpoch: async () => HOTSPOTS,
  signer: networkSigner,
  clock: { now: () => nowMs },
  bundlesDir,
});
