import { type PacketType, sha256 } from "@earshot/protocol";
import type { OutboxEntry } from "../outbox/outbox.ts";

const KEPT = 512;

export interface RecentPacket {
  sequence: number;
  type: PacketType;
  madeAtMs: number;
}

/** The latest packets published, by their id, so that a verdict, which names only the id, can be told as a story. */
export class RecentPackets {
  readonly #byId = new Map<string, RecentPacket>();

  add({ sequence, type, madeAtMs, bytes }: OutboxEntry): void {
    this.#byId.set(sha256(bytes).toHex(), { sequence, type, madeAtMs });
    if (this.#byId.size <= KEPT) return;
    const [oldest] = this.#byId.keys();
    if (oldest !== undefined) this.#byId.delete(oldest);
  }

  find(packetId: string): RecentPacket | undefined {
    return this.#byId.get(packetId);
  }
}
