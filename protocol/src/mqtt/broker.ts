import type { Clock } from "../time/clock.ts";

/** As IANA lists them: mqtt and secure-mqtt. */
export const MQTT_PORT = 1883;
export const MQTT_TLS_PORT = 8883;

/**
 * `mqtt://HOST:PORT` or `mqtts://HOST:PORT`, and nothing more: it is shown in logs and on pages, so no login may stand
 * in it, in whatever form (RFC 3986 §3.2.1), nor anything in place of one.
 */
export function isBrokerUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || !["mqtt:", "mqtts:"].includes(url.protocol)) return false;
  // What is percent-encoded in a host name is no name, but may be a password.
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
  const text = String(value);
  const isSecret = SECRET_KEY.test(key) || LOGIN.test(text) || (URL_KEY.test(key) && !PLAIN_URL.test(text));
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a table";
  if (isSecret) return "not shown, as it may hold a secret";
  return typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
}

/** What answers in place of an MQTT broker. */
export interface NonMqttReply {
  kind: "http" | "tls" | "other";
  /** For people: what it said. */
  said: string;
}

const CONNACK = 0x20;
/** TLS records: an alert, or a handshake (RFC 8446 §5.1). */
const TLS_RECORDS: readonly unknown[] = [0x15, 0x16];
const SHOWN_BYTES = 40;

/**
 * Whether the first bytes after a CONNECT are no CONNACK (MQTT 3.1.1 §3.2.1): to be asked before anything is read into
 * them, for `HTTP/1.1` looks like a PUBACK.
 *
 * @param first at least one byte
 */
export function detectNonMqtt(first: Uint8Array): NonMqttReply | undefined {
  if (first[0] === CONNACK) return undefined;
  if (TLS_RECORDS.includes(first[0]) && (first[1] ?? 3) === 3) return { kind: "tls", said: "a TLS record" };
  const text = new TextDecoder("latin1").decode(first.subarray(0, SHOWN_BYTES));
  const said = JSON.stringify(text.split(/[\r\n]/, 1)[0]);
  return { kind: /^(HTTP\/|<)/i.test(text) ? "http" : "other", said };
}

/** As CONNECT has it: 4 is MQTT 3.1.1, 5 is 5.0. */
export type MqttVersion = 4 | 5;

/** A broker that spoke 3.1.1 only is asked for 5 again in the first session after so long: it may have been renewed. */
const ASK_AGAIN_MS = 6 * 3_600_000;

/**
 * Which version of MQTT to speak next with one broker. One that knows no MQTT 5 says so (MQTT 5.0 §3.2.2.2, 3.1.1
 * §3.2.2.3), closes (RabbitMQ before 3.13) or stays silent (amqtt): what counts as that is the caller's.
 */
export class MqttVersions {
  readonly #fixed: MqttVersion | undefined;
  readonly #clock: Pick<Clock, "elapsedMs">;
  #known: MqttVersion = 5;
  #askedFor5Ms = 0;

  /** @param fixed the only one that may be spoken */
  constructor(fixed: MqttVersion | undefined, clock: Pick<Clock, "elapsedMs">) {
    this.#fixed = fixed;
    this.#clock = clock;
  }

  /** For the next session: the first one, and what is tried at once if the broker turns out not to speak that. */
  next(): [first: MqttVersion, other?: MqttVersion] {
    if (this.#fixed !== undefined) return [this.#fixed];
    const isDue = this.#clock.elapsedMs() - this.#askedFor5Ms >= ASK_AGAIN_MS;
    if (this.#known === 4 && !isDue) return [4, 5];
    this.#askedFor5Ms = this.#clock.elapsedMs();
    return [5, 4];
  }

  /** A session came about. Returns whether it is news that the broker does not speak MQTT 5. */
  worked(version: MqttVersion): boolean {
    const isNews = version === 4 && this.#known === 5 && this.#fixed === undefined;
    this.#known = version;
    return isNews;
  }
}
