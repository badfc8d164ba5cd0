/** One session with the broker. When it ends, however it ends, open a new one: tokens are short-lived. */
export interface Publisher extends AsyncIterable<IncomingMessage> {
  /** How many messages may be unacknowledged at once: the broker's Receive Maximum (MQTT 5.0 §3.2.2.3.3). */
  readonly receiveMaximum: number;
  /** QoS 1: resolves on PUBACK, rejects when the session ends before it. */
  publish(topic: string, bytes: Uint8Array): Promise<void>;
  /** Ends the iteration too. */
  close(): Promise<void>;
}

/** Iterating a publisher gives what comes on the subscribed topics; a lost session throws. */
export interface IncomingMessage {
  topic: string;
  bytes: Uint8Array;
}

export interface SessionOptions {
  /** Also the MQTT client id: the hotspot id, so that the broker keeps one persistent session per hotspot. */
  username: string;
  password: string;
  /** Published by the broker when the session breaks. */
  will: { topic: string; bytes: Uint8Array };
  /** QoS 1 subscriptions, made before this resolves. */
  subscriptions: readonly string[];
}

/** Opens a session. Rejects with a message that tells a person what to check. */
export type OpenPublisher = (options: SessionOptions, signal: AbortSignal) => Promise<Publisher>;
