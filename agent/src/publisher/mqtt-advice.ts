import { errorText } from "../time/error-text.ts";

const LOGIN_ADVICE =
  "the login was refused: check [network] name, this machine's clock, and that the hotspot is registered";

const CERTIFICATE_ADVICE = "the broker wants a client certificate: set [broker] cert_file and key_file";

/** What a person should check, by the system's, TLS' or the broker's code. */
const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there: check [broker] url and that the broker runs",
  ECONNRESET: "the broker closed the connection: check that the port speaks MQTT, and mqtt:// or mqtts://",
  EHOSTUNREACH: "no route to the host: check the network cable, Wi-Fi or mobile link",
  ENETUNREACH: "no network: check the network cable, Wi-Fi or mobile link",
  ENOTFOUND: "the name is not known: check [broker] url and the name server",
  EAI_AGAIN: "the name server does not answer: check the internet connection",
  ETIMEDOUT: "no answer: check the internet connection and any firewall",
  CERT_HAS_EXPIRED: "the broker's certificate has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "the broker's certificate is not valid yet: check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the broker's certificate is not trusted: set [broker] ca_file",
  SELF_SIGNED_CERT_IN_CHAIN: "the broker's certificate is not trusted: set [broker] ca_file",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the broker's certificate is not trusted: set [broker] ca_file",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the broker's certificate is not trusted: set [broker] ca_file",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another name: check the name in [broker] url",
  ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED: CERTIFICATE_ADVICE,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: CERTIFICATE_ADVICE,
  // CONNACK: 3.1.1 return codes, then 5.0 reason codes.
  "1": "the broker speaks neither MQTT 5 nor 3.1.1",
  "132": "the broker speaks neither MQTT 5 nor 3.1.1",
  "3": "the broker is not available now",
  "136": "the broker is not available now",
  "4": LOGIN_ADVICE,
  "5": LOGIN_ADVICE,
  "134": LOGIN_ADVICE,
  "135": LOGIN_ADVICE,
  // 5.0 DISCONNECT.
  "142": "another client logged in with this hotspot's id: two agents may run with one key",
};

/** The error in words, with what to check where that is known. */
export function mqttAdvice(error: unknown, url: string): string {
  const advice = BY_CODE[codeOf(error)];
  const what = errorText(error);
  return advice === undefined ? `${url}: ${what}` : `${url}: ${advice} (${what})`;
}

export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return String(error.code);
}
