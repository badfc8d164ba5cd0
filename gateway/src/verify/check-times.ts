import {
  type Entropy,
  entropyCounts,
  epochIndexes,
  isReport,
  type Manifest,
  type NetworkParameters,
  type ReceivedPacket,
} from "@earshot/protocol";
import { MANIFEST_FILE } from "../bundle/bundle.ts";
import { type Check, differ } from "./check.ts";

/*
 * Times in a bundle are claims of the network, but they must be consistent: entropy is made within its period, reports
 * come after their entropy, and the epoch closes after everything that it contains.
 */

/** How far a closing time may lie ahead of the auditor's clock, which may be off. */
const AUDITOR_SKEW_MS = 60_000;

interface ClosingContext {
  /** Sorted by index, up to the one that draws the epoch's last witnesses. */
  entropy: readonly Entropy[];
  parameters: NetworkParameters;
  /** Of the bundle before. */
  previousClosedAtMs: number | undefined;
  /** By the auditor's clock; without one nothing is said of the future. */
  nowMs: number | undefined;
}

/** That the epoch was closed after its last draw and the epoch before, and not in the future. */
export function* checkClosing(
  { epoch, closedAtMs }: Manifest,
  { entropy, parameters, previousClosedAtMs, nowMs }: ClosingContext,
): Check<void> {
  const { draw } = epochIndexes(epoch, parameters);
  const drawing = entropy.find((one) => one.index >= draw && entropyCounts(one));
  const expected = (limit: string) => differ(MANIFEST_FILE, "closedAtMs", limit, String(closedAtMs));
  if (drawing !== undefined && closedAtMs < drawing.atMs) {
    yield* expected(`${drawing.atMs} or later, when entropy ${drawing.index} drew the last witnesses`);
  }
  if (previousClosedAtMs !== undefined && closedAtMs < previousClosedAtMs) {
    yield* expected(`${previousClosedAtMs} or later, when the epoch before was closed`);
  }
  if (nowMs !== undefined && closedAtMs > nowMs + AUDITOR_SKEW_MS) {
    yield* expected(`${nowMs + AUDITOR_SKEW_MS} or before: by this machine's clock that lies in the future`);
  }
}

/**
 * That each packet was received before the epoch was closed, and a report not before the entropy of its beacon: nobody
 * can make one without, and a gateway takes none that names an index which is not published yet.
 */
export function* checkReceiveTimes(
  packets: readonly ReceivedPacket[],
  entropy: readonly Entropy[],
  { closedAtMs }: Manifest,
): Check<void> {
  const firsts = new Map<number, Entropy | undefined>();
  const firstFrom = (from: number): Entropy | undefined => {
    if (!firsts.has(from))
      firsts.set(
        from,
        entropy.find(({ index }) => index >= from),
      );
    return firsts.get(from);
  };
  for (const [i, packet] of packets.entries()) {
    const { receivedAtMs, id } = packet;
    const at = `item ${i + 1}, packet ${id}, receivedAtMs`;
    const published = isReport(packet) ? firstFrom(packet.packet.entropyIndex) : undefined;
    if (published !== undefined && receivedAtMs < published.atMs) {
      const wanted = `${published.atMs} or later, when entropy ${published.index} was published`;
      yield* differ("packets.cbor", at, wanted, String(receivedAtMs));
    }
    if (receivedAtMs > closedAtMs) {
      yield* differ("packets.cbor", at, `up to ${closedAtMs}, when the epoch closed`, String(receivedAtMs));
    }
  }
}
