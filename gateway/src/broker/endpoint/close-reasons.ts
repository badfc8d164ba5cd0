/**
 * Why the broker ends a connection: the name stands in metrics and log, the number in the DISCONNECT of an MQTT 5 client
 * (MQTT 5.0 §3.14.2.1). MQTT 3.1.1 has no DISCONNECT from the server; there the connection is just closed.
 */
export const DISCONNECT_CODES = {
  malformed: 0x81,
  protocol_error: 0x82,
  internal_error: 0x83,
  store_failed: 0x83,
  not_authorized: 0x87,
  server_busy: 0x89,
  shutting_down: 0x8b,
  keep_alive_timeout: 0x8d,
  taken_over: 0x8e,
  topic_alias: 0x94,
  packet_too_large: 0x95,
  rate_too_high: 0x96,
  slow_reader: 0x97,
  qos_not_supported: 0x9b,
  subscription_identifier: 0xa1,
} as const;

export type DisconnectReason = keyof typeof DISCONNECT_CODES;

/** Before a login no DISCONNECT is sent. `left`: the client closed the connection. */
export type CloseReason = DisconnectReason | "left" | "login_refused" | "login_timeout" | "no_room";

/** Why a CONNECT is refused: the 3.1.1 return code (§3.2.2.3) and the 5.0 reason code (§3.2.2.2). */
export const CONNACK_CODES = {
  protocol_version: [0x01, 0x84],
  client_id: [0x02, 0x85],
  /** Not the id of the hotspot that logs in. */
  other_client_id: [0x04, 0x85],
  bad_login: [0x04, 0x86],
  authentication_method: [0x05, 0x8c],
  will_qos: [0x05, 0x9b],
  too_often: [0x03, 0x9f],
} as const;

export type ConnectRefusal = keyof typeof CONNACK_CODES;

/** In a SUBACK (MQTT 5.0 §3.9.3); 3.1.1 knows only "failure". */
export const SUBACK_CODES = { notAuthorized: 0x87, quotaExceeded: 0x97, failure311: 0x80 } as const;

/** What a client sent ends its connection. */
export class MqttError extends Error {
  readonly reason: DisconnectReason;

  constructor(reason: DisconnectReason) {
    super(`MQTT connection ends: ${reason}`);
    this.reason = reason;
  }
}
