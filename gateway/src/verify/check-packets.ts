import {
  type DecodedPacket,
  decodePacket,
  epochOf,
  hotspotId,
  isReport,
  isTimely,
  type Manifest,
  type NetworkParameters,
  networkAad,
  type ReceivedPacket,
  receivedPacket,
  signedBytes,
} from "@earshot/protocol";
import type { SequencePacket } from "@earshot/protocol/omission";
import { readPackets } from "../bundle/cbor-sequences.ts";
import { answersOf, type Check, differ } from "./check.ts";
import {
  INADMISSIBLE,
  type PendingSignatures,
  type SignatureChecker,
  type SignatureJob,
  VALID,
} from "./signatures.ts";

const FILE = "packets.cbor";
const BATCH = 512;
/** Signatures that may be waited for at a time: enough to keep other threads busy, and a limit to memory. */
const MAX_WAITING_BATCHES = 64;

export type OnProgress = (phase: string, done: number, total: number) => void;

interface Batch {
  /** Place of the first packet in the file, from 0. */
  first: number;
  packets: readonly ReceivedPacket[];
  pending: PendingSignatures;
}

/** Packets whose form is right, and what is to be asked about their signatures. */
export interface OpenedPackets {
  packets: ReceivedPacket[];
  jobs: SignatureJob[];
  /** Being checked, in order. */
  waiting: Batch[];
  /** How many are being checked or have been. */
  started: number;
}

/** Takes every packet apart. */
export function* openPackets(
  bytes: Uint8Array,
  network: string,
  onProgress?: OnProgress,
): Check<OpenedPackets> {
  const read = readPackets(bytes);
  if (!read.ok) {
    return yield* differ(FILE, `item ${read.item + 1}`, "a packet", `unreadable bytes at ${read.offset}`);
  }
  const opened: OpenedPackets = { packets: [], jobs: [], waiting: [], started: 0 };
  const open = packetOpener(network);
  for (const [i, item] of read.items.entries()) {
    if (i % BATCH === 0) onProgress?.("packets", i, read.items.length);
    const result = open(item);
    if (!result.ok) return yield* differ(FILE, `item ${i + 1}`, "a packet", result.code);
    opened.packets.push(result.packet);
    opened.jobs.push(result.job);
  }
  return opened;
}

/** Many packets are of few hotspots: their ids are written once. */
function packetOpener(network: string) {
  const ids = new Map<string, string>();
  const aad = networkAad(network);
  const idOf = (publicKey: Uint8Array): string => {
    const key = publicKey.toHex();
    const id = ids.get(key) ?? hotspotId(publicKey);
    ids.set(key, id);
    return id;
  };
  return ({ bytes, receivedAtMs }: SequencePacket) => {
    const result = decodePacket(bytes);
    if (!result.ok) return result;
    const { decoded } = result;
    const packet = receivedPacket(decoded, idOf(decoded.publicKey), receivedAtMs);
    return { ok: true, packet, job: packetJob(decoded, aad) } as const;
  };
}

export const packetJob = (decoded: DecodedPacket, aad: Uint8Array): SignatureJob => ({
  publicKey: decoded.publicKey,
  message: signedBytes(decoded, aad),
  signature: decoded.signature,
});

/** Has signatures checked, as many as other threads should have before them; those checked at once must hold. */
export function* startSignatures(
  opened: OpenedPackets,
  network: string,
  signatures: SignatureChecker,
): Check<void> {
  const { packets, jobs, waiting } = opened;
  while (opened.started < jobs.length && waiting.length < MAX_WAITING_BATCHES) {
    const [first, end] = [opened.started, opened.started + BATCH];
    const pending = signatures.start(jobs.slice(first, end));
    const batch = { first, packets: packets.slice(first, end), pending };
    opened.started = end;
    if (pending.isReady) yield* checkBatch(batch, network);
    else waiting.push(batch);
  }
}

/** The first packet whose signature does not hold. */
export function* checkSignatures(
  opened: OpenedPackets,
  network: string,
  signatures: SignatureChecker,
  onProgress?: OnProgress,
): Check<void> {
  for (let batch = opened.waiting.shift(); batch !== undefined; batch = opened.waiting.shift()) {
    yield* startSignatures(opened, network, signatures);
    yield* checkBatch(batch, network);
    onProgress?.("signatures", batch.first + batch.packets.length, opened.packets.length);
  }
}

function* checkBatch(batch: Batch, network: string): Check<void> {
  const answers = yield* answersOf(batch.pending);
  const i = answers.findIndex((answer) => answer !== VALID);
  const packet = batch.packets[i];
  if (packet === undefined) return;
  const at = `item ${batch.first + i + 1}, packet ${packet.id}`;
  if (answers[i] === INADMISSIBLE) return yield* differ(FILE, at, "an admissible key", packet.hotspotId);
  yield* differ(FILE, at, `a signature of ${packet.hotspotId} for "${network}"`, "an invalid one");
}

/** The order of the packets, each once, and that each was filed under the right epoch. */
export function* checkPlaces(
  packets: readonly ReceivedPacket[],
  { epoch, previousEpoch }: Pick<Manifest, "epoch" | "previousEpoch">,
  parameters: NetworkParameters,
): Check<void> {
  for (const [i, packet] of packets.entries()) {
    const before = packets[i - 1];
    const at = `item ${i + 1}, packet ${packet.id}`;
    if (before !== undefined && packet.id <= before.id) {
      yield* differ(FILE, at, "packets in order of id, each once", `packet ${before.id} before it`);
    }
    if (!isReport(packet)) continue;
    const index = packet.packet.entropyIndex;
    const own = epochOf(index, parameters);
    // A timely report filed under a later epoch would be kept from the beacon it is about; before the first there is none.
    const isLate = previousEpoch === null || !isTimely(packet, parameters);
    if (own === epoch || (own < epoch && isLate)) continue;
    yield* differ(FILE, at, `a report filed under its own epoch, ${own}`, `filed under ${epoch}`);
  }
}
