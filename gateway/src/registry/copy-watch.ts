import {
  type Clock,
  decodePacket,
  isKeyCopied,
  type KeyCopySigns,
  keyCopySigns,
  type NumberedPacket,
  SAME_START_MS,
  type StatusPacket,
} from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { StoredPacket } from "../store/records.ts";
import type { Store } from "../store/store.ts";

/** Of each hotspot so many of the newest numbers are looked at: about two hours of statuses. */
const NEWEST_NUMBERS = 120;

type CopyStore = Pick<Store, "newestRanges" | "packetsBySequence">;

/**
 * Signs that two agents use a hotspot's key, in its newest stored packets.
 * @param isShown left out are reports that may not be published yet
 */
export async function copySignsOf(
  hotspotId: string,
  store: CopyStore,
  isShown: (packet: StoredPacket) => boolean = () => true,
): Promise<KeyCopySigns> {
  const ranges = await store.newestRanges(hotspotId, NEWEST_NUMBERS);
  const numbers = ranges.flatMap(({ first, last }) =>
    Array.from({ length: Math.min(last - first + 1, NEWEST_NUMBERS) }, (_, i) => last - i),
  );
  const stored = await store.packetsBySequence(hotspotId, numbers.slice(-NEWEST_NUMBERS));
  return keyCopySigns(stored.filter(isShown).flatMap(numbered));
}

function numbered({ id, bytes, receivedAtMs }: StoredPacket): NumberedPacket[] {
  const read = decodePacket(bytes);
  return read.ok ? [{ id, receivedAtMs, packet: read.decoded.packet }] : [];
}

/** Hotspots whose newest status is remembered, and of which something is odd. */
const MAX_KNOWN = 65_536;
const MAX_ODD = 1024;
/** How long signs are kept, and how long a hotspot is looked at after the last odd status. */
const KEEP_MS = 60_000;
const WATCH_MS = 3_600_000;

interface Odd {
  elapsedMs: number;
  found?: { signs: KeyCopySigns; elapsedMs: number };
}

/**
 * Which hotspots' keys seem to be used by two agents. Their stored packets say so; what is remembered here only decides
 * whose packets are looked at, so that the others cost nothing.
 */
export class CopyWatch {
  readonly #deps: { store: CopyStore; clock: Pick<Clock, "elapsedMs"> };
  readonly #newest = new BoundedMap<string, { startedAtMs: number; sequence: number }>(MAX_KNOWN);
  readonly #odd = new BoundedMap<string, Odd>(MAX_ODD);

  constructor(deps: { store: CopyStore; clock: Pick<Clock, "elapsedMs"> }) {
    this.#deps = deps;
  }

  /** A status that is new: odd when its agent was started before the one that spoke last, or its number is not higher. */
  note(hotspotId: string, { atMs, uptimeS, sequence }: StatusPacket): void {
    const startedAtMs = atMs - uptimeS * 1000;
    const known = this.#newest.get(hotspotId);
    this.#newest.set(hotspotId, {
      startedAtMs: Math.max(startedAtMs, known?.startedAtMs ?? startedAtMs),
      sequence: Math.max(sequence, known?.sequence ?? sequence),
    });
    if (known === undefined) return;
    const isOdd = startedAtMs < known.startedAtMs - SAME_START_MS || sequence <= known.sequence;
    if (isOdd)
      this.#odd.set(hotspotId, { ...this.#odd.get(hotspotId), elapsedMs: this.#deps.clock.elapsedMs() });
  }

  /** The signs, where they are those of a key that two agents use. */
  async copied(hotspotId: string): Promise<KeyCopySigns | undefined> {
    const odd = this.#odd.get(hotspotId);
    const elapsedMs = this.#deps.clock.elapsedMs();
    if (odd === undefined || elapsedMs - odd.elapsedMs > WATCH_MS) return undefined;
    if (odd.found === undefined || elapsedMs - odd.found.elapsedMs > KEEP_MS)
      odd.found = { signs: await copySignsOf(hotspotId, this.#deps.store), elapsedMs };
    return isKeyCopied(odd.found.signs) ? odd.found.signs : undefined;
  }
}
