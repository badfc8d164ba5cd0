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
