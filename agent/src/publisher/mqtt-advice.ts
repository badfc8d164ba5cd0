import { X509Certificate } from "node:crypto";
import { detectNonMqtt } from "@earshot/protocol/hotspot";
import { errorCode, errorText, type TlsPems } from "@earshot/protocol/runtime";

/** Codes for faults that have none from the system or the library. */
type BrokerCode =
  | "EARSHOT_CLOSED"
  | "EARSHOT_SILENT"
  | "EARSHOT_ODD_CONNACK"
  | "EARSHOT_HTTP"
  | "EARSHOT_TLS"
  | "EARSHOT_NOT_MQTT"
  | "EARSHOT_NO_QOS_1"
  | "EARSHOT_PUBLISH"
  | "EARSHOT_SUBSCRIBE";

/** A fault of the broker with one of these codes. */
export class BrokerError extends Error {
  readonly code: BrokerCode;

  constructor(code: BrokerCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const LOGIN =
  "the login was refused: check [network] name, this machine's clock, that the hotspot is registered, and that cert_file is its own";
const RULES =
  "its access rules must allow it (README of the gateway), and cert_file must be this hotspot's own";
const WANTS_CERTIFICATE = "the broker wants a client certificate: set [broker] cert_file and key_file";
const REFUSES_CERTIFICATE =
  "the broker does not accept the certificate in [broker] cert_file: it must be valid now, and of an authority that the broker trusts";
const UNTRUSTED =
  "the broker's certificate is not trusted: set [broker] ca_file to its authority's, or log in to the guest network's portal first";
const OTHER_NAME =
  "the certificate is for another name: check the name in [broker] url, or log in to the guest network's portal first";
const NO_TLS =
  "the port does not speak TLS: check it, write mqtt:// if the broker has no TLS, or log in to the guest network's portal first (captive portal)";
const NO_VERSION = "the broker speaks no version of MQTT that the agent may: leave [broker] mqtt_version out";
const BUSY = "the broker takes nobody now: it is busy or being started; nothing to do here";
const QUOTA = "the broker's quota for this hotspot is used up: ask the network's operator";
const BANNED = "the broker has banned this hotspot: ask the network's operator";
const TAKEN_OVER =
  "another box may use this key (a copied memory card, a second agent): one just logged in with this hotspot's id; end it, or make a new key";

/** What a person should check, by the system's, MQTT's or our own code. */
const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there: check [broker] url and that the broker runs",
  ECONNRESET: "the broker closed the connection: check that the port speaks MQTT, and mqtt:// or mqtts://",
  EPIPE: "the broker closed the connection",
  EHOSTUNREACH: "no route to the host: check the network cable, Wi-Fi or mobile link",
  ENETUNREACH: "no network: check the network cable, Wi-Fi or mobile link",
  ENETDOWN: "no network: check the network cable, Wi-Fi or mobile link",
  EADDRNOTAVAIL: "no network: this machine has no address; check the network cable, Wi-Fi or mobile link",
  EACCES: "this machine's firewall does not let the agent out: allow the broker's port",
  EPERM: "this machine's firewall does not let the agent out: allow the broker's port",
  ENOTFOUND: "the name is not known: check [broker] url and the name server",
  EAI_AGAIN: "the name server does not answer: check the internet connection",
  ETIMEDOUT: "no answer: check the internet connection and any firewall",
  EARSHOT_CLOSED:
    "the broker closes before it answers: check the port, mqtt:// or mqtts://, whether it wants a certificate or knows this hotspot, and its log",
  EARSHOT_SILENT:
    "the connection is taken, but nothing answers: check the port, mqtt:// or mqtts://, and whether the broker is overloaded",
  EARSHOT_ODD_CONNACK: "what answers there speaks another MQTT: check the port in [broker] url",
  EARSHOT_HTTP:
    "a web server answers there: log in to the guest network's portal (captive portal), or check the port in [broker] url",
  EARSHOT_NO_TLS: NO_TLS,
  EARSHOT_TLS: "the port speaks TLS: write mqtts:// in [broker] url",
  EARSHOT_NOT_MQTT: "what answers there is not MQTT: check the port in [broker] url",
  EARSHOT_NO_QOS_1: "the broker takes no QoS 1, which is needed: allow it there",
  EARSHOT_PUBLISH: `the broker does not let this hotspot publish: ${RULES}`,
  EARSHOT_SUBSCRIBE: `the broker does not let this hotspot subscribe: ${RULES}`,
  CERT_HAS_EXPIRED: "the broker's certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "the broker's certificate is not valid yet: check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_UNTRUSTED: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  HOSTNAME_MISMATCH: OTHER_NAME,
  // CONNACK: return codes of 3.1.1 (§3.2.2.3), then reason codes of 5.0 (§3.2.2.2), some of them of DISCONNECT too.
  "1": NO_VERSION,
  "132": NO_VERSION,
  "2": "the broker does not take this hotspot's id as client id: its rules must allow it",
  "133": "the broker does not take this hotspot's id as client id: its rules must allow it",
  "3": BUSY,
  "136": BUSY,
  "137": BUSY,
  "139": "the broker is being shut down; nothing to do here",
  "4": LOGIN,
  "5": LOGIN,
  "134": LOGIN,
  "135": LOGIN,
  "140":
    "the broker asks for another way to log in: it must check the hotspots' tokens, or their certificates",
  "138": BANNED,
  "141": "the broker has not heard from this hotspot for too long: check the internet connection",
  "142": TAKEN_OVER,
  "147": "the broker takes fewer packets at once than it said; its log says more",
  "149": "the broker takes no packets as large as this hotspot's: allow 8 KiB there",
  "150": QUOTA,
  "151": QUOTA,
  "159": BUSY,
  "152": "the broker's operator ended the session",
  "155": "the broker takes no QoS 1, which is needed: allow it there",
  "156":
    "the broker wants to be asked at another address: ask the network's operator for the new [broker] url",
  "157": "the broker has moved: ask the network's operator for the new [broker] url",
};

/** TLS libraries name a fault in code or text, each in its own way. Alerts come from the broker (RFC 8446 §6.2). */
const BY_TEXT: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/wrong.version.number|InvalidContentType|packet.length.too.long|HTTP_REQUEST/i, NO_TLS],
  [/certificate.?required/i, WANTS_CERTIFICATE],
  [
    /alert.*(unknown.?ca|bad.?cert|cert\w*.?(expired|unknown|revoked)|unsupported.?cert|decrypt.?error|access.?denied)/i,
    REFUSES_CERTIFICATE,
  ],
  [/alert.*handshake.?failure/i, `broker and agent agree on no encryption, or ${WANTS_CERTIFICATE}`],
  [
    /alert.*protocol.?version|unsupported.?protocol/i,
    "the broker's TLS is too old: it must allow TLS 1.2 or 1.3",
  ],
  [/alert.*unrecognized.?name|NotValidForName/i, OTHER_NAME],
  [/UnknownIssuer|self.?signed|unable to (get|verify)/i, UNTRUSTED],
  [
    /invalid peer certificate: ?Expired/i,
    "the broker's certificate has expired, or this machine's clock is wrong",
  ],
];

/** Codes when nothing was reached: certificates are not to blame. */
const UNREACHED =
  /^(ECONNREFUSED|E(HOST|NET)UNREACH|ENETDOWN|EADDRNOTAVAIL|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EACCES|EPERM)$/;

/** How brokers answer a CONNECT of a version that they do not know. */
const OLD = new Set(["1", "132", "EARSHOT_CLOSED", "EARSHOT_SILENT", "EARSHOT_ODD_CONNACK"]);

/** Whether the broker may not know this version of MQTT. */
export const isOldBroker = (error: unknown): boolean => OLD.has(errorCode(error));

/** @param doubts about certificates, which may be the cause */
export function brokerFailure(error: unknown, url: string, doubts: readonly string[] = []): Error {
  // One at a time: in 1970 all of them have one cause.
  const said = UNREACHED.test(errorCode(error)) ? [] : doubts.slice(0, 1);
  return new Error([...said, mqttAdvice(error, url)].join("; "), { cause: error });
}

/** The error in words, with what to check where that is known. */
export function mqttAdvice(error: unknown, url: string): string {
  const what = errorText(error);
  const code = errorCode(error);
  const advice = BY_CODE[code] ?? BY_TEXT.find(([pattern]) => pattern.test(`${code} ${what}`))?.[1];
  return advice === undefined ? `${url}: ${what}` : `${url}: ${advice} (${what})`;
}

/**
 * Checked here because a broker that reads the hotspot's id from the certificate would only answer "not authorized", or
 * accept it as the other hotspot.
 * @throws {Error} when the certificate names another hotspot
 */
export function refuseOtherHotspot({ cert }: TlsPems, hotspotId: string, name: string): void {
  if (cert === undefined) return;
  const named = /^CN=(z6Mk\w+)$/m.exec(new X509Certificate(cert).subject ?? "")?.[1];
  if (named === undefined || named === hotspotId) return;
  throw new Error(
    `${name} is another hotspot's, ${named}; this one is ${hotspotId}: give it its own certificate and key`,
  );
}

const NON_MQTT_CODES = { http: "EARSHOT_HTTP", tls: "EARSHOT_TLS", other: "EARSHOT_NOT_MQTT" } as const;

/** @param first bytes after a CONNECT; `undefined` where they begin a CONNACK */
export function notMqtt(first: Uint8Array): BrokerError | undefined {
  const reply = detectNonMqtt(first);
  return reply && new BrokerError(NON_MQTT_CODES[reply.kind], `it said ${reply.excerpt}`);
}
