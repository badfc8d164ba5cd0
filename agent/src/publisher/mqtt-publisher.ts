import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { MAX_INBOUND_PACKET_BYTES } from "./inbound-guard.ts";
import { codeOf, mqttAdvice } from "./mqtt-advice.ts";
import { MqttSession } from "./mqtt-session.ts";
import type { OpenPublisher, SessionOptions } from "./publisher.ts";

export interface MqttPublisherOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: string;
  /** PEM texts: who vouches for the broker (else the system's list), and our client certificate if it wants one. */
  ca?: string;
  cert?: string;
  key?: string;
}

type ProtocolVersion = 4 | 5;

const CONNECT_TIMEOUT_MS = 20_000;
const KEEPALIVE_S = 60;
/** How long the broker keeps what it could not deliver. MQTT 3.1.1 has no such limit. */
const SESSION_EXPIRY_S = 7 * 86_400;
const UNACCEPTABLE_VERSION = new Set(["1", "132"]);

/**
 * Sessions over MQTT 5, or 3.1.1 where the broker refuses 5 (MQTT 5.0 §3.2.2.2, 3.1.1 §3.2.2.3). Which one a broker
 * speaks is remembered for the next session. Reconnecting is the caller's: each session needs a fresh token.
 */
export function mqttPublisher(options: MqttPublisherOptions): OpenPublisher {
  let known: ProtocolVersion | undefined;
  return async (session, signal) => {
    const attempt = async (version: ProtocolVersion) => {
      const opened = await connect(options, session, version, signal);
      known = version;
      return opened;
    };
    try {
      return await attempt(known ?? 5);
    } catch (error) {
      if (!isVersionRefusal(error)) throw asAdvice(error, options.url);
    }
    try {
      return await attempt(known === 4 ? 5 : 4);
    } catch (error) {
      throw asAdvice(error, options.url);
    }
  };
}

const isVersionRefusal = (error: unknown): boolean => UNACCEPTABLE_VERSION.has(codeOf(error));

const asAdvice = (error: unknown, url: string): Error => new Error(mqttAdvice(error, url), { cause: error });

async function connect(
  options: MqttPublisherOptions,
  session: SessionOptions,
  version: ProtocolVersion,
  signal: AbortSignal,
): Promise<MqttSession> {
  signal.throwIfAborted();
  const client = mqtt.connect({ ...addressOf(options.url), ...clientOptions(options, session, version) });
  const opened = new MqttSession(client, options.url);
  const giveUp = () => void opened.close();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const ended = untilEnded(client);
    const connected = new Promise((resolve) => client.once("connect", resolve));
    await Promise.race([connected, ended]);
    await Promise.race([subscribe(client, session.subscriptions), ended]);
    signal.throwIfAborted();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Taken apart here: the library would use a parser that warns of itself on standard error. */
function addressOf(text: string): Pick<IClientOptions, "protocol" | "host" | "port"> {
  const url = new URL(text);
  const isTls = url.protocol === "mqtts:";
  // An IPv6 address stands in brackets in a URL only.
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { protocol: isTls ? "mqtts" : "mqtt", host, port: Number(url.port || (isTls ? 8883 : 1883)) };
}

const clientOptions = (
  { ca, cert, key }: MqttPublisherOptions,
  { username, password, will }: SessionOptions,
  protocolVersion: ProtocolVersion,
): IClientOptions => ({
  protocolVersion,
  clientId: username,
  username,
  password,
  clean: false,
  ...(protocolVersion === 5
    ? {
        properties: {
          sessionExpiryInterval: SESSION_EXPIRY_S,
          maximumPacketSize: MAX_INBOUND_PACKET_BYTES,
        },
      }
    : {}),
  will: { topic: will.topic, payload: Buffer.from(will.bytes), qos: 1, retain: false },
  keepalive: KEEPALIVE_S,
  connectTimeout: CONNECT_TIMEOUT_MS,
  reconnectPeriod: 0,
  // All 65,536 packet ids as bytes made beforehand: 10 MB, for a hotspot that publishes a few a minute.
  writeCache: false,
  resubscribe: false,
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
});

/** Rejects when the connection fails, is refused or closed. */
function untilEnded(client: MqttClient): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  client.once("error", reject);
  client.once("close", () => reject(new Error("the connection was closed")));
  promise.catch(() => {});
  return promise;
}

async function subscribe(client: MqttClient, topics: readonly string[]): Promise<void> {
  if (topics.length === 0) return;
  const granted = await client.subscribeAsync([...topics], { qos: 1 });
  const refused = granted.find(({ qos }) => qos >= 128);
  if (refused !== undefined) throw new Error(`the broker refused the subscription to ${refused.topic}`);
}
