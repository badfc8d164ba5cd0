/** How the gateway sends: an embedded broker, a client of another broker, or a simulation. */
export interface Downlink {
  /** QoS 1. Resolves when the broker has taken the message. */
  publish(topic: string, bytes: Uint8Array, options?: { retain?: boolean }): Promise<void>;
  /** Why nothing can be sent now, in words for `/healthz`; undefined while all is well. */
  problem?(): string | undefined;
}
