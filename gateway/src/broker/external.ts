import { allUpFilter, type Log } from "@earshot/protocol";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Downlink } from "../downlink.ts";
import type { Uplink } from "../gateway.ts";

export interface ExternalBrokerOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: string;
  username?: string;
  password?: string;
  /** PEM. */
  ca?: string;
  cert?: string;
  key?: string;
  /** Also the client id: the broker keeps this session's messages while the gateway is away. */
  clientId: string;
  network: string;
  log: Log;
}

export interface ExternalBroker extends Downlink {
  /** Starts taking packets. Rejects when the broker refuses the first connection. */
  serve(uplink: Uplink): Promise<void>;
  close(): Promise<void>;
}

const RECONNECT_MS = 1000;
/** A week: longer than any outage that a hotspot's outbox outlives. */
const SESSION_EXPIRY_S = 604_800;
const REFUSED_VERSION = new Set([1, 0x84]);

/**
 * Any other MQTT broker. The gateway is one of its clients, with a persistent session; its own PUBACK goes out
 * only after the packet is stored, so that a broker that keeps its sessions loses none.
 */
export function openExternalBroker(options: ExternalBrokerOptions): ExternalBroker {
  let client: MqttClient | undefined;
  return {
    async serve(uplink) {
      client = await connect(options, uplink);
    },
    async publish(topic, bytes, { retain = false } = {}) {
      if (client === undefined) throw new Error("Cannot publish before the broker is connected");
      await client.publishAsync(topic, Buffer.from(bytes), { qos: 1, retain });
    },
    async close() {
      await client?.endAsync(true);
    },
  };
}

/** MQTT 5 first; brokers that know only 3.1.1 answer "unacceptable protocol version". */
async function connect(options: ExternalBrokerOptions, uplink: Uplink): Promise<MqttClient> {
  const version5: IClientOptions = {
    protocolVersion: 5,
    properties: { sessionExpiryInterval: SESSION_EXPIRY_S },
  };
  try {
    return await connectAs(options, uplink, version5);
  } catch (error) {
    if (!REFUSED_VERSION.has((error as { code?: number }).code ?? 0)) throw error;
    return connectAs(options, uplink, { protocolVersion: 4 });
  }
}

async function connectAs(
  { url, clientId, network, log, ...credentials }: ExternalBrokerOptions,
  uplink: Uplink,
  version: IClientOptions,
): Promise<MqttClient> {
  const client = mqtt.connect(url, {
    ...credentials,
    ...version,
    clientId,
    clean: false,
    reconnectPeriod: RECONNECT_MS,
    // Subscribed anew on each connection below: a broker that lost its session lost the subscription too.
    resubscribe: false,
  });
  // mqtt.js sends the PUBACK when this calls back without an error.
  client.handleMessage = (packet, done) => {
    const bytes = new Uint8Array(Buffer.from(packet.payload));
    uplink.ingest(packet.topic, bytes).then(() => done(), done);
  };
  client.on("error", (error) => log("warn", "Broker connection failed", { url, error: error.message }));
  client.on("connect", () => {
    client.subscribeAsync(allUpFilter(network), { qos: 1 }).catch((error: Error) => {
      log("error", "Broker refused the subscription", { filter: allUpFilter(network), error: error.message });
    });
  });
  return opened(client, url);
}

async function opened(client: MqttClient, url: string): Promise<MqttClient> {
  const { promise, resolve, reject } = Promise.withResolvers<MqttClient>();
  client.once("connect", () => resolve(client));
  client.once("error", reject);
  try {
    return await promise;
  } catch (cause) {
    await client.endAsync(true);
    const { message, code } = cause as { message: string; code?: number };
    throw Object.assign(new Error(`Cannot connect to the broker ${url}: ${message}`, { cause }), { code });
  }
}
