import { type PacketType, sha256 } from "@earshot/protocol/hotspot";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { OutboxEntry } from "../outbox/outbox.ts";

const KEPT = 512;

export interface RecentPacket {
  sequence: number;
  type: PacketType;
}

/** The latest packets published, by id: a verdict names only the id, and the page shows which packet it is about. */
export class RecentPackets {
  readonly #byId = new BoundedMap<string, RecentPacket>(KEPT);

  /** Returns its id, hex. */
  add({ sequence, type, bytes }: OutboxEntry): string {
    const id = sha256(bytes).toHex();
    this.#byId.set(id, { sequence, type });
    return id;
  }

  find(packetId: string): RecentPacket | undefined {
    return this.#byId.get(packetId);
  }
}
