import { ReadingQueue } from "@earshot/drivers";
import type { IDisconnectPacket, MqttClient } from "mqtt";
import { InboundGuard } from "./inbound-guard.ts";
import { mqttAdvice } from "./mqtt-advice.ts";
import type { IncomingMessage, Publisher } from "./publisher.ts";

/** Messages held for a slow reader; beyond it the oldest is dropped. The client waits for the reader, so few are. */
const CAPACITY = 64;

/** One connection of an MQTT client. Whatever ends it fails what is being published and the iteration, once. */
export class MqttSession implements Publisher {
  readonly #client: MqttClient;
  readonly #url: string;
  readonly #incoming: ReadingQueue<IncomingMessage>;
  readonly #publishing = new Set<(error: Error) => void>();
  readonly #closed = Promise.withResolvers<void>();
  #lastError: unknown;
  #closing: Promise<void> | undefined;

  constructor(client: MqttClient, url: string) {
    this.#client = client;
    this.#url = url;
    this.#incoming = new ReadingQueue({ capacity: CAPACITY, onLeave: () => this.close() });
    client.on("message", (topic, payload) => this.#incoming.push({ topic, bytes: Uint8Array.from(payload) }));
    // The next one is not looked at before this one was taken, however many came in one piece.
    client.handleMessage = (_packet, done) => queueMicrotask(done);
    const guard = new InboundGuard();
    client.stream.on("data", (chunk: Uint8Array) => {
      const refusal = guard.check(chunk);
      if (refusal !== undefined) this.#abandon(new Error(refusal));
    });
    // Stays for good: an error without a listener would end the process.
    client.on("error", (error) => {
      this.#lastError ??= error;
    });
    client.on("disconnect", ({ reasonCode }: IDisconnectPacket) => {
      this.#lastError ??= Object.assign(new Error(`the broker ended the session with code ${reasonCode}`), {
        code: reasonCode,
      });
    });
    client.on("close", () => this.#fail());
    client.once("close", this.#closed.resolve);
  }

  publish(topic: string, bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#incoming.ended) return Promise.reject(this.#lost());
    this.#publishing.add(reject);
    this.#client.publish(topic, Buffer.from(bytes), { qos: 1 }, (error) => {
      this.#publishing.delete(reject);
      if (error) reject(new Error(mqttAdvice(error, this.#url), { cause: error }));
      else resolve();
    });
    return promise;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncIterator](): AsyncIterator<IncomingMessage> {
    return this.#incoming[Symbol.asyncIterator]();
  }

  /** Without DISCONNECT, so that the broker publishes the will: the hotspot is offline now. */
  async #close(): Promise<void> {
    this.#incoming.end();
    this.#rejectAll();
    this.#client.end(true);
    await this.#closed.promise;
  }

  #abandon(error: Error): void {
    this.#lastError ??= error;
    this.#client.end(true);
  }

  #fail(): void {
    this.#incoming.fail(this.#lost());
    this.#rejectAll();
  }

  #rejectAll(): void {
    for (const reject of this.#publishing) reject(this.#lost());
    this.#publishing.clear();
  }

  #lost(): Error {
    const cause = this.#lastError ?? new Error("the connection was lost");
    return new Error(mqttAdvice(cause, this.#url), { cause });
  }
}
