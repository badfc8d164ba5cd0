import type { Socket } from "node:net";
import { ReadingQueue } from "@earshot/drivers";
import { errorCode, errorText } from "@earshot/protocol/runtime";
import {
  ErrorWithSubackPacket,
  type IClientOptions,
  type IConnackPacket,
  type IDisconnectPacket,
  MqttClient,
} from "mqtt";
import { InboundGuard } from "./inbound-guard.ts";
import { BrokerError, mqttAdvice, notMqtt } from "./mqtt-advice.ts";
import type { IncomingMessage, Publisher } from "./publisher.ts";

/** Messages buffered for a slow reader; beyond it the oldest is dropped. The client waits for the reader, so few wait. */
const CAPACITY = 64;
/** Where the broker names no Receive Maximum (MQTT 5.0 §3.2.2.3.3). */
const NO_LIMIT = 65_535;
/** Reason codes from here on refuse. */
const REFUSED = 0x80;

/** One connection of an MQTT client. When it ends, messages being published and the iteration fail, once. */
export class MqttSession implements Publisher {
  readonly #client: MqttClient;
  readonly #url: string;
  readonly #incoming: ReadingQueue<IncomingMessage>;
  readonly #publishing = new Set<(error: Error) => void>();
  readonly #closed = Promise.withResolvers<void>();
  readonly #opening = Promise.withResolvers<IConnackPacket>();
  #hasAnswered = false;
  #receiveMaximum = NO_LIMIT;
  #lastError: unknown;
  #closing: Promise<void> | undefined;

  /** @param socket connected; nothing has been sent */
  constructor(socket: Socket, url: string, options: IClientOptions) {
    this.#url = url;
    this.#incoming = new ReadingQueue({ capacity: CAPACITY, onLeave: () => this.close() });
    const guard = new InboundGuard();
    const client = new MqttClient(() => {
      // Before the client sees it, which may misread what is not MQTT.
      socket.on("data", (chunk: Uint8Array) => this.#check(chunk, guard));
      return socket;
    }, options);
    this.#client = client;
    client.on("message", (topic, payload) => this.#incoming.push({ topic, bytes: Uint8Array.from(payload) }));
    // The next message is not parsed before this one was handled, however many came in one chunk.
    client.handleMessage = (_packet, done) => queueMicrotask(done);
    // Stays for good: an error without a listener would end the process.
    client.on("error", (error) => {
      this.#lastError ??= error;
      this.#opening.reject(this.#whyNotOpen(error));
    });
    client.on("disconnect", ({ reasonCode }: IDisconnectPacket) => {
      this.#lastError ??= Object.assign(new Error(`the broker ended the session with code ${reasonCode}`), {
        code: reasonCode,
      });
    });
    client.once("connect", this.#opening.resolve);
    client.on("close", () => this.#fail());
    client.once("close", this.#closed.resolve);
    this.#opening.promise.catch(() => {});
  }

  /** Whether something came that begins like a CONNACK. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  get receiveMaximum(): number {
    return this.#receiveMaximum;
  }

  /** Resolves when the broker has let us in and granted the subscriptions. Rejects with what ended it before. */
  async begin(subscriptions: readonly string[]): Promise<void> {
    const { properties } = await this.#opening.promise;
    if (properties?.maximumQoS === 0) throw new BrokerError("EARSHOT_NO_QOS_1", "maximum QoS 0");
    this.#receiveMaximum = properties?.receiveMaximum ?? NO_LIMIT;
    if (subscriptions.length === 0) return;
    const granted = this.#client.subscribeAsync([...subscriptions], { qos: 1 }).catch((error: unknown) => {
      if (!(error instanceof ErrorWithSubackPacket)) throw error;
      throw new BrokerError("EARSHOT_SUBSCRIBE", `${subscriptions.join(", ")}: ${error.message}`);
    });
    const lost = this.#closed.promise.then(() => {
      throw this.#lastError ?? new Error("the connection was closed");
    });
    await Promise.race([granted, lost]);
  }

  publish(topic: string, bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#incoming.ended) return Promise.reject(this.#lost());
    this.#publishing.add(reject);
    this.#client.publish(topic, Buffer.from(bytes), { qos: 1 }, (error) => {
      this.#publishing.delete(reject);
      if (!error) return resolve();
      const isRefused = Number(errorCode(error)) >= REFUSED;
      const cause = isRefused ? new BrokerError("EARSHOT_PUBLISH", `${topic}: ${error.message}`) : error;
      reject(new Error(mqttAdvice(cause, this.#url), { cause }));
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
    this.#opening.reject(error);
    this.#client.end(true);
  }

  #check(chunk: Uint8Array, guard: InboundGuard): void {
    const foreign = this.#hasAnswered ? undefined : notMqtt(chunk);
    this.#hasAnswered = true;
    const refusal = foreign ?? guard.check(chunk);
    if (refusal !== undefined) this.#abandon(typeof refusal === "string" ? new Error(refusal) : refusal);
  }

  /** Before the first CONNACK. Codes of system, TLS or CONNACK are more precise; a reset is only another way to close. */
  #whyNotOpen(error: unknown): unknown {
    const code = errorCode(error);
    if (code !== "" && code !== "ECONNRESET" && code !== "EPIPE") return error;
    if (this.#hasAnswered) return new BrokerError("EARSHOT_ODD_CONNACK", errorText(error), { cause: error });
    return new BrokerError("EARSHOT_CLOSED", "it closed without a CONNACK", { cause: error });
  }

  #fail(): void {
    this.#opening.reject(this.#whyNotOpen(this.#lastError));
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
