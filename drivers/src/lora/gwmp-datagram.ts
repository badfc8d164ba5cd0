/**
 * Datagrams of the Semtech UDP protocol ("GWMP"), versions 1 and 2, both directions: the server and a virtual
 * forwarder share this codec. Source: Semtech packet_forwarder, PROTOCOL.TXT 1.4 and PROTOCOL.md 1.6.
 *
 *     byte   0        1..2    3     4..11        12..
 *          version    token   id    gateway EUI  JSON     PUSH_DATA 0, TX_ACK 5 (JSON may be empty)
 *          version    token   id    gateway EUI           PULL_DATA 2
 *          version    token   id    JSON                  PULL_RESP 3
 *          version    token   id                          PUSH_ACK 1, PULL_ACK 4
 */

/** Version 1 forwarders never answer a PULL_RESP. */
export type GwmpVersion = 1 | 2;

interface GwmpHeader {
  version: GwmpVersion;
  /** 0 to 65535. Repeats after each restart of a forwarder and across a fleet: it identifies nothing for long. */
  token: number;
}

interface FromForwarder extends GwmpHeader {
  /** 16 lower-case hex digits. */
  gatewayEui: string;
}

export type GwmpDatagram =
  | (FromForwarder & { type: "PUSH_DATA"; json: Uint8Array })
  | (FromForwarder & { type: "PULL_DATA" })
  | (FromForwarder & { type: "TX_ACK"; json: Uint8Array })
  | (GwmpHeader & { type: "PUSH_ACK" })
  | (GwmpHeader & { type: "PULL_ACK" })
  | (GwmpHeader & { type: "PULL_RESP"; json: Uint8Array });

export type GwmpDecodeError = "too-short" | "unknown-version" | "unknown-type";

export type GwmpDecodeResult = { ok: true; datagram: GwmpDatagram } | { ok: false; code: GwmpDecodeError };

/** The largest UDP payload over IPv4. */
export const MAX_GWMP_BYTES = 65_507;

const IDS = { PUSH_DATA: 0, PUSH_ACK: 1, PULL_DATA: 2, PULL_RESP: 3, PULL_ACK: 4, TX_ACK: 5 } as const;
const HEADER_BYTES = 4;
const EUI_END = 12;
const EMPTY = new Uint8Array(0);

/** Reads one datagram. Bytes after a complete PULL_DATA, PUSH_ACK or PULL_ACK are ignored, as forwarders do. */
export function decodeGwmp(bytes: Uint8Array): GwmpDecodeResult {
  if (bytes.length < HEADER_BYTES) return { ok: false, code: "too-short" };
  const version = bytes[0];
  if (version !== 1 && version !== 2) return { ok: false, code: "unknown-version" };
  const header = { version, token: ((bytes[1] as number) << 8) | (bytes[2] as number) } as const;
  switch (bytes[3]) {
    case IDS.PUSH_ACK:
      return { ok: true, datagram: { type: "PUSH_ACK", ...header } };
    case IDS.PULL_ACK:
      return { ok: true, datagram: { type: "PULL_ACK", ...header } };
    case IDS.PULL_RESP:
      return { ok: true, datagram: { type: "PULL_RESP", ...header, json: bytes.slice(HEADER_BYTES) } };
    case IDS.PUSH_DATA:
      return decodeFromForwarder("PUSH_DATA", header, bytes);
    case IDS.PULL_DATA:
      return decodeFromForwarder("PULL_DATA", header, bytes);
    case IDS.TX_ACK:
      return decodeFromForwarder("TX_ACK", header, bytes);
    default:
      return { ok: false, code: "unknown-type" };
  }
}

function decodeFromForwarder(
  type: "PUSH_DATA" | "PULL_DATA" | "TX_ACK",
  header: GwmpHeader,
  bytes: Uint8Array,
): GwmpDecodeResult {
  if (bytes.length < EUI_END) return { ok: false, code: "too-short" };
  const from = { ...header, gatewayEui: bytes.subarray(HEADER_BYTES, EUI_END).toHex() };
  if (type === "PULL_DATA") return { ok: true, datagram: { type, ...from } };
  return { ok: true, datagram: { type, ...from, json: bytes.slice(EUI_END) } };
}

/**
 * Writes one datagram.
 *
 * @throws {RangeError} for a token, EUI or size outside the protocol.
 */
export function encodeGwmp(datagram: GwmpDatagram): Uint8Array {
  const eui = "gatewayEui" in datagram ? euiBytes(datagram.gatewayEui) : EMPTY;
  const json = "json" in datagram ? datagram.json : EMPTY;
  const size = HEADER_BYTES + eui.length + json.length;
  if (size > MAX_GWMP_BYTES) {
    throw new RangeError(`${datagram.type} has ${size} bytes; allowed are up to ${MAX_GWMP_BYTES}`);
  }
  const { token } = datagram;
  if (!Number.isInteger(token) || token < 0 || token > 0xffff) {
    throw new RangeError(`Token is ${token}; allowed are whole numbers from 0 to 65535`);
  }
  const bytes = new Uint8Array(size);
  bytes.set([datagram.version, token >> 8, token & 0xff, IDS[datagram.type]]);
  bytes.set(eui, HEADER_BYTES);
  bytes.set(json, HEADER_BYTES + eui.length);
  return bytes;
}

function euiBytes(eui: string): Uint8Array {
  if (!/^[0-9a-fA-F]{16}$/.test(eui)) {
    throw new RangeError(`Gateway EUI is "${eui}"; allowed are 16 hex digits`);
  }
  return Uint8Array.fromHex(eui);
}
