import type { Assertion, RegionId } from "@earshot/protocol/hotspot";

/** The part of the configuration that `runAgent` needs. How to reach broker and devices is in the functions that open them. */
export interface AgentConfig {
  network: {
    name: string;
    /** Ed25519 key, 32 bytes: entropy, verdicts and receipts count only when signed by it. */
    publicKey: Uint8Array;
  };
  /** The hotspot's position and antenna according to its owner; sent with every status packet. */
  hotspot: Assertion & { region: RegionId };
  /** Upper limit of the conducted power, beside the region's own. */
  maxPowerDbm: number;
  statusPeriodMs: number;
  readingPeriodMs: number;
  /**
   * How many times faster than the calendar the network's schedule runs; 1 (default) on every real hotspot. Shortens
   * the silence that duty cycles ask for in the same measure. Only a simulation sets it: no configuration file can.
   */
  timeCompression?: number;
}
