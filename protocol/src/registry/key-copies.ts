import type { KeyCopySigns } from "../network/receipt.ts";
import type { Packet } from "../packet/packet.ts";

/** A packet of one hotspot, and when the network received it. */
export interface NumberedPacket {
  /** SHA-256 of it, hex. */
  id: string;
  receivedAtMs: number;
  packet: Packet;
}

/** Starts nearer to each other than this may be one: clocks are set, and drift. */
export const SAME_START_MS = 60_000;
/** So many turns or numbers are no accident: a clock that is set there and back makes one turn, restored state some numbers. */
const ENOUGH = 3;

/**
 * Whether more than one agent seems to sign with a hotspot's key.
 * @param packets of one hotspot, in any order
 */
export function keyCopySigns(packets: readonly NumberedPacket[]): KeyCopySigns {
  const isSameStart = (a: number, b: number) => Math.abs(a - b) <= SAME_START_MS;
  const radios = radiosOf(inOrder(packets, ({ packet }) => packet.atMs));
  // Sent late, packets of before a restart come among those of after it; a clock that was ahead dates some too late. One
  // agent's are in order either by the network's clock or by its own.
  const agentTurns = [
    inOrder(packets, ({ receivedAtMs }) => receivedAtMs),
    inOrder(packets, ({ packet }) => packet.atMs),
  ].map((ordered) => turns(startsOf(ordered), isSameStart));
  return {
    reusedNumbers: reusedNumbers(packets),
    agentTurns: Math.min(...agentTurns),
    radioTurns: turns(radios, (a, b) => a === b),
    concentrators: new Set(radios).size,
  };
}

const inOrder = (packets: readonly NumberedPacket[], timeOf: (packet: NumberedPacket) => number) =>
  packets.toSorted((a, b) => timeOf(a) - timeOf(b) || (a.id < b.id ? -1 : 1));

/** When the agents were started that sent these. */
const startsOf = (packets: readonly NumberedPacket[]): number[] =>
  packets.flatMap(({ packet }) =>
    packet.type === "status" && packet.sequence > 0 ? [packet.atMs - packet.uptimeS * 1000] : [],
  );

const radiosOf = (packets: readonly NumberedPacket[]): string[] =>
  packets.flatMap(({ packet }) => (packet.type === "witness" ? (packet.concentrator?.toHex() ?? []) : []));

/** Whether the signs are those of a key that two agents use at once. */
export const isKeyCopied = ({ reusedNumbers, agentTurns }: KeyCopySigns): boolean =>
  reusedNumbers >= ENOUGH || agentTurns >= ENOUGH;

function reusedNumbers(packets: readonly NumberedPacket[]): number {
  const ids = new Map<number, Set<string>>();
  for (const { id, packet } of packets) {
    const own = ids.get(packet.sequence) ?? new Set();
    ids.set(packet.sequence, own.add(id));
  }
  // Number 0 is that of every last will.
  return [...ids].filter(([sequence, own]) => sequence > 0 && own.size > 1).length;
}

/** How often a value follows another one and had been there before that. */
function turns<T>(values: readonly T[], isSame: (a: T, b: T) => boolean): number {
  const seen: T[] = [];
  let count = 0;
  let last: T | undefined;
  for (const value of values) {
    if (last !== undefined && isSame(last, value)) continue;
    if (seen.some((one) => isSame(one, value))) count++;
    else seen.push(value);
    last = value;
  }
  return count;
}
