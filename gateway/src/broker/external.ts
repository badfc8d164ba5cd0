import { allUpFilter, type Log } from "@earshot/protocol";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { Uplink } from "../contract.ts";
import type { Downlink } from "../downlink.ts";

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
      client = await connect(options, (opening) => follow(opening, options, uplink));
      await uplink.announce();
    },
    async publish(topic, bytes, { retain = false } = {}) {
      // mqtt.js would keep it in memory until the broker is back, however long that takes.
      if (client?.connected !== true) throw new Error(`Broker ${options.url} is not connected`);
      await client.publishAsync(topic, Buffer.from(bytes), { qos: 1, retain });
    },
    async close() {
      await client?.endAsync(true);
    },
  };
}

/** MQTT 5 first; brokers that know only 3.1.1 answer "unacceptable protocol version". */
async function connect(
  options: ExternalBrokerOptions,
  prepare: (client: MqttClient) => void,
): Promise<MqttClient> {
  const version5: IClientOptions = {
    protocolVersion: 5,
    properties: { sessionExpiryInterval: SESSION_EXPIRY_S },
  };
  try {
    return await connectAs(options, prepare, version5);
  } catch (error) {
    if (!REFUSED_VERSION.has((error as { code?: number }).code ?? 0)) throw error;
    return connectAs(options, prepare, { protocolVersion: 4 });
  }
}

async function connectAs(
  { url, clientId, network: _network, log: _log, ...credentials }: ExternalBrokerOptions,
  prepare: (client: MqttClient) => void,
  version: IClientOptions,
): Promise<MqttClient> {
  const client = mqtt.connect(url, {
    ...credentials,
    ...version,
    clientId,
    clean: false,
    reconnectPeriod: RECONNECT_MS,
    // Subscribed anew on each connection: a broker that lost its session lost the subscription too.
    resubscribe: false,
  });
  prepare(client);
  return opened(client, url);
}

function follow(client: MqttClient, { url, network, log }: ExternalBrokerOptions, uplink: Uplink): void {
  // mqtt.js sends the PUBACK when this calls back without an error.
  client.handleMessage = (packet, done) => {
    const bytes = new Uint8Array(Buffer.from(packet.payload));
    uplink.ingest(packet.topic, bytes).then(
      () => done(),
      (error: Error) => {
        log("error", "Cannot store a packet; reconnecting, so that the broker sends it again", {
          error: error.message,
        });
        done(error);
        client.stream.destroy();
      },
    );
  };
  let isFirst = true;
  client.on("error", (error) => log("warn", "Broker connection failed", { url, error: error.message }));
  client.on("connect", () => {
    const filter = allUpFilter(network);
    client.subscribeAsync(filter, { qos: 1 }).catch((error: Error) => {
      log("error", "Broker refused the subscription", { filter, error: error.message });
    });
    if (isFirst) isFirst = false;
    else announceAgain(uplink, log);
  });
}

/** A broker that was restarted may have lost what it retained. */
function announceAgain(uplink: Uplink, log: Log): void {
  uplink.announce().catch((error: Error) => {
    log("warn", "Cannot publish the entropy again", { error: error.message });
  });
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
