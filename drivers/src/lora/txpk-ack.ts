import { numberField, stringField } from "./json-fields.ts";
import { parseTolerantJson, type TolerantJson, type TolerantObject } from "./tolerant-json.ts";

/**
 * What a TX_ACK says. A `warn` (protocol 1.5) means that the frame goes out, at `powerDbm` if given; an `error`
 * means that it does not, unless it is TX_POWER with the power that was used instead. Errors of Semtech's forwarder: TOO_LATE, TOO_EARLY, COLLISION_PACKET (also for a full
 * queue), COLLISION_BEACON, TX_FREQ, TX_POWER, GPS_UNLOCKED; `UNKNOWN` stands for anything that is no such name.
 */
export type TxpkAck = { sent: true; powerDbm?: number } | { sent: false; error: string };

const ERROR_NAME = /^[A-Z][A-Z0-9_]{0,31}$/;

/** Empty JSON, only blanks, or only the NUL that some gateways append: all mean sent. */
export function decodeTxpkAck(json: Uint8Array): TxpkAck {
  const text = new TextDecoder().decode(json);
  if (/^[\0\s]*$/.test(text)) return { sent: true };
  const root = parseTolerantJson(text);
  if (!root.ok) return { sent: false, error: "UNKNOWN" };
  const ack = root.value instanceof Map ? root.value.get("txpk_ack") : undefined;
  return ack instanceof Map ? readAck(ack) : readBareAck(root.value);
}

function readAck(ack: TolerantObject): TxpkAck {
  const error = ack.get("error");
  const powerDbm = numberField(ack, "value", -20, 40);
  if (error !== undefined && !meansNone(error)) {
    const name = errorName(error);
    return name === "TX_POWER" && powerDbm !== undefined
      ? { sent: true, powerDbm }
      : { sent: false, error: name };
  }
  const isWarned = stringField(ack, "warn")?.toUpperCase() === "TX_POWER";
  return isWarned && powerDbm !== undefined ? { sent: true, powerDbm } : { sent: true };
}

/** `{}` is no objection to the frame; any other JSON is not understood, so nothing is claimed sent. */
function readBareAck(value: TolerantJson): TxpkAck {
  if (value instanceof Map && (value.size === 0 || value.get("txpk_ack") === null)) return { sent: true };
  return { sent: false, error: "UNKNOWN" };
}

function meansNone(error: TolerantJson): boolean {
  return error === null || error === "" || (typeof error === "string" && error.toUpperCase() === "NONE");
}

function errorName(error: TolerantJson): string {
  const name = typeof error === "string" ? error.toUpperCase() : "";
  return ERROR_NAME.test(name) ? name : "UNKNOWN";
}

/** The forwarder's side: the JSON of a TX_ACK as sx1302_hal prints it, empty when sent as asked. */
export function encodeTxpkAck(ack: TxpkAck): Uint8Array {
  const encode = (fields: object) => new TextEncoder().encode(JSON.stringify({ txpk_ack: fields }));
  if (!ack.sent) return encode({ error: ack.error });
  return ack.powerDbm === undefined
    ? new Uint8Array(0)
    : encode({ warn: "TX_POWER", value: Math.trunc(ack.powerDbm) });
}
