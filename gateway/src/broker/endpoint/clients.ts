import type { Socket } from "node:net";
import type { Clock } from "@earshot/protocol";
import { addressGroup } from "../../access/client-address.ts";
import { Connections } from "../../access/connections.ts";
import { Client } from "./client.ts";
import type { CloseReason } from "./close-reasons.ts";
import { MAX_HELD_BYTES, MAX_WAITING_CONNECTIONS } from "./endpoint-limits.ts";

interface ClientsOptions {
  clock: Pick<Clock, "elapsedMs">;
  maxConnections: number;
  maxPerAddress: number;
  maxHeldBytes?: number;
  /** A connection is at its end; `hotspotId` if it had logged in. */
  onEnd(reason: CloseReason, hotspotId: string | undefined): void;
}

/** All connections to the endpoint. At the limit those that have not logged in are closed for new ones, oldest first. */
export class Clients {
  readonly #options: ClientsOptions;
  readonly #clients = new Set<Client>();
  readonly #room: Connections<Client>;

  constructor(options: ClientsOptions) {
    const { maxConnections: max, maxPerAddress } = options;
    this.#options = options;
    this.#room = new Connections({ max, maxPerAddress, maxWaiting: MAX_WAITING_CONNECTIONS });
  }

  get size(): number {
    return this.#clients.size;
  }

  [Symbol.iterator](): Iterator<Client> {
    return this.#clients.values();
  }

  /** `undefined` at the limit: the socket is closed. */
  admit(socket: Socket): Client | undefined {
    const { clock, onEnd } = this.#options;
    const address = socket.remoteAddress ?? "";
    const sender = { address, group: addressGroup(address) };
    const client = new Client(socket, sender, clock, {
      onLogin: () => this.#room.began(client),
      onEnd,
      onClosed: () => {
        this.#room.remove(client);
        this.#clients.delete(client);
      },
    });
    if (!this.#room.add(client, sender.group)) return undefined;
    this.#clients.add(client);
    return client;
  }

  /** Call periodically: checks time limits, and the bytes that all of them hold. */
  tick(elapsedMs: number): void {
    let heldBytes = 0;
    for (const client of this.#clients) {
      client.tick(elapsedMs);
      heldBytes += client.heldBytes;
    }
    const { maxHeldBytes = MAX_HELD_BYTES } = this.#options;
    if (heldBytes <= maxHeldBytes) return;
    for (const client of [...this.#clients].sort((a, b) => b.heldBytes - a.heldBytes)) {
      if (heldBytes <= maxHeldBytes) return;
      heldBytes -= client.heldBytes;
      client.end("server_busy");
    }
  }
}
