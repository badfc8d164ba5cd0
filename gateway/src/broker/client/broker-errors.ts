import type { NonMqttReply } from "@earshot/protocol";
import type { IConnackPacket } from "mqtt-packet";

/**
 * - `version_refused`: the broker does not speak this version of MQTT
 * - `silent`: it said nothing before the connection ended
 * - `refused`: it does not let the gateway in, or cannot do what the gateway needs
 * - `not_stored`: the gateway could not store a packet
 * - `closed`: all else
 */
type BrokerErrorCode = "version_refused" | "silent" | "refused" | "not_stored" | "closed";

/** Why a connection to the broker ended, or did not come about. */
export class BrokerError extends Error {
  readonly code: BrokerErrorCode;

  constructor(code: BrokerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** CONNACK: return codes of 3.1.1 (§3.2.2.3), then reason codes of 5.0 (§3.2.2.2). */
const VERSION_REFUSED: ReadonlySet<number> = new Set([0x01, 0x84]);
const REFUSALS: Readonly<Record<number, string>> = {
  2: "the client id",
  3: "everybody: it is not available",
  4: "user name or password",
  5: "the login",
  133: "the client id",
  134: "user name or password",
  135: "the login",
  136: "everybody: it is not available",
  137: "everybody: it is busy",
};

const hex = (code: number): string => `0x${code.toString(16).padStart(2, "0")}`;

/** Why the broker's answer is unusable; undefined if it is not. */
export function connackProblem({
  reasonCode,
  returnCode,
  properties,
}: IConnackPacket): BrokerError | undefined {
  const code = reasonCode ?? returnCode ?? 0;
  if (VERSION_REFUSED.has(code))
    return new BrokerError("version_refused", `the broker refuses this version: ${hex(code)}`);
  if (code !== 0) {
    return new BrokerError(
      "refused",
      `the broker refuses ${REFUSALS[code] ?? "the connection"}: ${hex(code)}`,
    );
  }
  if (properties?.maximumQoS === 0)
    return new BrokerError("refused", "the broker takes no QoS 1, which is needed");
  if (properties?.retainAvailable === false) {
    return new BrokerError("refused", "the broker retains no messages, which is needed for the entropy");
  }
  return undefined;
}

const SESSION_TAKEN_OVER = 0x8e;

export const disconnectProblem = (code: number): BrokerError =>
  new BrokerError(
    "closed",
    code === SESSION_TAKEN_OVER
      ? "another client took this session over: is a second gateway running with this network's key?"
      : `the broker said goodbye: reason ${hex(code)}`,
  );

const NON_MQTT_ADVICE: Readonly<Record<NonMqttReply["kind"], string>> = {
  http: "a web server answers there: check the port in broker.url",
  tls: "the port speaks TLS: write mqtts:// in broker.url",
  other: "what answers there is not MQTT: check the port in broker.url",
};

export const nonMqttProblem = ({ kind, excerpt }: NonMqttReply): BrokerError =>
  new BrokerError("refused", `${NON_MQTT_ADVICE[kind]} (it said ${excerpt})`);
