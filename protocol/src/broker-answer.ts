/** What answers in place of an MQTT broker. */
export interface ForeignAnswer {
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
export function foreignAnswer(first: Uint8Array): ForeignAnswer | undefined {
  if (first[0] === CONNACK) return undefined;
  if (TLS_RECORDS.includes(first[0]) && (first[1] ?? 3) === 3) return { kind: "tls", said: "a TLS record" };
  const text = new TextDecoder("latin1").decode(first.subarray(0, SHOWN_BYTES));
  const said = JSON.stringify(text.split(/[\r\n]/, 1)[0]);
  return { kind: /^(HTTP\/|<)/i.test(text) ? "http" : "other", said };
}
