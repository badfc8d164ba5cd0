import type { ClientAccess } from "../access/access.ts";
import type { IngestOutcome } from "../ingest/ingest.ts";

/** What a broker asks of the gateway. */
export interface Uplink extends ClientAccess {
  /** `sender`: the hotspot that logged in, when the broker knows it. Resolves once the packet is durable; rejects if the store fails. */
  ingest(topic: string, bytes: Uint8Array, sender?: string): Promise<IngestOutcome>;
  /** A session opened or ended, however it ended. */
  presence(hotspotId: string, online: boolean): void;
  /** Publishes the newest key document and entropy again: for a broker that has just been reached and may not hold it. */
  announce(): Promise<void>;
}
