/** How the gateway sends: an embedded broker, a client of another broker, or a simulation. */
export interface Downlink {
  /** QoS 1. Resolves when the broker has acknowledged the message. */
  publish(topic: string, bytes: Uint8Array, options?: { retain?: boolean }): Promise<void>;
  /** Why nothing can be sent now, a sentence for `/healthz`; undefined while sending works. */
  problem?(): string | undefined;
}
