import type { Clock } from "../time/clock.ts";

/** As IANA lists them: mqtt and secure-mqtt. */
export const MQTT_PORT = 1883;
export const MQTT_TLS_PORT = 8883;

/**
 * Whether a broker's URL is `mqtt://HOST:PORT` or `mqtts://HOST:PORT` and nothing more: it is shown in logs and on pages,
 * so it may contain no login in any form (RFC 3986 §3.2.1).
 */
export function isBrokerUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || !["mqtt:", "mqtts:"].includes(url.protocol)) return false;
  // A percent-encoded host is not a host name, but may be a password.
  if (url.hostname === "" || /[%@]/.test(value)) return false;
  return url.username === "" && url.password === "" && /^\/?$/.test(url.pathname + url.search + url.hash);
}

const SECRET_KEY = /(^|[._])(password|token|secret)$/;
const URL_KEY = /(^|[._])url$/;
/** Scheme, host, port and path: no room for a login, however it is mistyped or encoded. */
const PLAIN_URL = /^(\w+:?\/\/)?([\w.-]*|\[[\da-f:.]*\])(:\d{1,5})?(\/[\w./-]*)?$/i;

/** In the value of any other key, as where a text stands in place of a section. */
const LOGIN = /:.*@|:\/\/.*\?/s;

/**
 * A value of a configuration file as a message may show it: not when it may be a secret.
 * Tables and lists are not told: one of their values may be one.
 * @param key its path: `broker.url`
 */
export function shownValue(key: string, value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a table";
  const text = String(value);
  const isSecret = SECRET_KEY.test(key) || LOGIN.test(text) || (URL_KEY.test(key) && !PLAIN_URL.test(text));
  if (isSecret) return "not shown, as it may hold a secret";
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}

/** The answer of a server that is not an MQTT broker. */
export interface NonMqttReply {
  kind: "http" | "tls" | "other";
  /** Its beginning, for people. */
  excerpt: string;
}

const CONNACK = 0x20;
/** TLS records: an alert, or a handshake (RFC 8446 §5.1). */
const TLS_RECORDS: readonly unknown[] = [0x15, 0x16];
const SHOWN_BYTES = 40;

/**
 * Checks whether the first bytes after a CONNECT are a CONNACK (MQTT 3.1.1 §3.2.1); `undefined` when they are. To be
 * called before an MQTT parser reads them: `HTTP/1.1` looks like a PUBACK.
 *
 * @param first at least one byte
 */
export function detectNonMqtt(first: Uint8Array): NonMqttReply | undefined {
  if (first[0] === CONNACK) return undefined;
  if (TLS_RECORDS.includes(first[0]) && (first[1] ?? 3) === 3)
    return { kind: "tls", excerpt: "a TLS record" };
  const text = new TextDecoder("latin1").decode(first.subarray(0, SHOWN_BYTES));
  const excerpt = JSON.stringify(text.split(/[\r\n]/, 1)[0]);
  return { kind: /^(HTTP\/|<)/i.test(text) ? "http" : "other", excerpt };
}

/** Protocol level of a CONNECT: 4 is MQTT 3.1.1, 5 is 5.0. */
export type MqttVersion = 4 | 5;

/** After this long a broker that spoke only 3.1.1 is tried with 5 again: it may have been upgraded. */
const ASK_AGAIN_MS = 6 * 3_600_000;

/**
 * Which version of MQTT to try next with one broker. A broker without MQTT 5 refuses it (MQTT 5.0 §3.2.2.2, 3.1.1
 * §3.2.2.3), closes the connection (RabbitMQ before 3.13) or does not answer (amqtt): the caller decides what counts.
 */
export class MqttVersions {
  readonly #fixed: MqttVersion | undefined;
  readonly #clock: Pick<Clock, "elapsedMs">;
  #known: MqttVersion = 5;
  #askedFor5Ms = 0;

  /** @param fixed the only version that may be used */
  constructor(fixed: MqttVersion | undefined, clock: Pick<Clock, "elapsedMs">) {
    this.#fixed = fixed;
    this.#clock = clock;
  }

  /** For the next session: the version to try first, and the one to try if the broker does not speak it. */
  next(): [first: MqttVersion, other?: MqttVersion] {
    if (this.#fixed !== undefined) return [this.#fixed];
    const isDue = this.#clock.elapsedMs() - this.#askedFor5Ms >= ASK_AGAIN_MS;
    if (this.#known === 4 && !isDue) return [4, 5];
    this.#askedFor5Ms = this.#clock.elapsedMs();
    return [5, 4];
  }

  /** A session was established. Returns whether it was not known before that the broker does not speak MQTT 5. */
  worked(version: MqttVersion): boolean {
    const isNews = version === 4 && this.#known === 5 && this.#fixed === undefined;
    this.#known = version;
    return isNews;
  }
}
