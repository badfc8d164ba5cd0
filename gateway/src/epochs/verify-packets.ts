import {
  decodePacket,
  epochOf,
  hotspotId,
  importKey,
  isAdmissibleKey,
  isReport,
  isSignedFor,
  type NetworkParameters,
  type ReceivedPacket,
  received,
  reportDeadlineMs,
  reportedIndex,
  type VerifyingKey,
} from "@earshot/protocol";
import { readPackets, type SequencePacket } from "./bundle-sequences.ts";
import { type Check, differ } from "./check.ts";

const FILE = "packets.cbor";

export type OnProgress = (what: string, done: number, total: number) => void;
const PROGRESS_STEP = 1000;

/** Keys known to be admissible, by hotspot id: admission takes a millisecond, so several bundles share them. */
export type AdmittedKeys = Map<string, VerifyingKey>;

/** Every packet: form, key, signature, order, and that it was filed under the right epoch. */
export function* checkPackets(
  bytes: Uint8Array,
  epoch: number,
  parameters: NetworkParameters,
  { keys = new Map(), onProgress }: { keys?: AdmittedKeys; onProgress?: OnProgress },
): Check<ReceivedPacket[]> {
  const read = readPackets(bytes);
  if (!read.ok) {
    return yield* differ(FILE, `item ${read.item + 1}`, "a packet", `unreadable bytes at ${read.offset}`);
  }
  const packets: ReceivedPacket[] = [];
  for (const [i, item] of read.items.entries()) {
    const packet = yield* openPacket(item, i, parameters.network, keys);
    yield* checkPlace(packet, packets.at(-1), i, epoch, parameters);
    packets.push(packet);
    if (packets.length % PROGRESS_STEP === 0) onProgress?.("packets", packets.length, read.items.length);
  }
  return packets;
}

function* openPacket(
  { bytes, receivedAtMs }: SequencePacket,
  i: number,
  network: string,
  keys: AdmittedKeys,
): Check<ReceivedPacket> {
  const result = decodePacket(bytes);
  if (!result.ok) return yield* differ(FILE, `item ${i + 1}`, "a packet", result.code);
  const { decoded } = result;
  const at = `item ${i + 1}, packet ${decoded.id.toHex()}`;
  const sender = hotspotId(decoded.publicKey);
  const key = keys.get(sender) ?? admit(decoded.publicKey);
  if (key === undefined) return yield* differ(FILE, at, "an admissible key", sender);
  keys.set(sender, key);
  if (!isSignedFor(decoded, network, key)) {
    return yield* differ(FILE, at, `a signature of ${sender} for "${network}"`, "one that does not hold");
  }
  return received(decoded, sender, receivedAtMs);
}

const admit = (publicKey: Uint8Array): VerifyingKey | undefined =>
  isAdmissibleKey(publicKey) ? importKey(publicKey) : undefined;

function* checkPlace(
  packet: ReceivedPacket,
  before: ReceivedPacket | undefined,
  i: number,
  epoch: number,
  parameters: NetworkParameters,
): Check<void> {
  const at = `item ${i + 1}, packet ${packet.id}`;
  if (before !== undefined && packet.id <= before.id) {
    yield* differ(FILE, at, "packets in order of id, each once", `packet ${before.id} before it`);
  }
  if (!isReport(packet)) return;
  const index = reportedIndex(packet);
  const own = epochOf(index, parameters);
  // A timely report filed under a later epoch would be kept from the beacon it is about.
  const isLate = own < epoch && packet.receivedAtMs > reportDeadlineMs(index, parameters);
  if (own !== epoch && !isLate) {
    yield* differ(FILE, at, `a report filed under its own epoch, ${own}`, `filed under ${epoch}`);
  }
}
