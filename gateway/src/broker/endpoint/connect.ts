import { MAX_PACKET_BYTES } from "@earshot/protocol";
import type { IConnectPacket } from "mqtt-packet";
import { type Credentials, entryRefusal, type LoginOutcome } from "../../access/access.ts";
import { encode, type ProtocolVersion } from "../mqtt/codec.ts";
import type { Uplink } from "../uplink.ts";
import { CONNACK_CODES, type ConnectRefusal, MqttError } from "./close-reasons.ts";
import { decodeConnect, protocolLevelOf } from "./decode.ts";
import {
  MAX_FRAME_BYTES,
  MAX_SESSION_EXPIRY_S,
  MAX_UNACKNOWLEDGED,
  RECEIVE_MAXIMUM,
} from "./endpoint-limits.ts";

interface Will {
  topic: string;
  bytes: Uint8Array;
}

/** What a CONNECT says, once it is accepted. */
export interface Login {
  version: ProtocolVersion;
  hotspotId: string;
  will: Will | undefined;
  isClean: boolean;
  /** As asked for. */
  sessionExpiryS: number;
  /** 0: none. */
  keepAliveS: number;
  /** QoS 1 messages to it at once, and the bytes of a packet that it takes. */
  receiveMaximum: number;
  maximumPacketSize: number;
}

export type ConnectOutcome =
  | { ok: true; login: Login }
  | {
      ok: false;
      refusal: ConnectRefusal;
      /** Why the token was refused. */
      code?: Extract<LoginOutcome, { ok: false }>["code"];
      version: ProtocolVersion;
      username: string;
    };

/** Where a connection comes from: the socket's address, and whom that counts for (`addressGroup`). */
export interface Sender {
  address: string;
  group: string;
}

export interface ConnectDeps {
  uplink: Uplink;
  mayLogIn(hotspotId: string, sender: Sender): boolean;
}

/** MQTT 3.1.1 knows no session expiry: a session that is not clean is for good. */
const FOR_GOOD_S = 0xffff_ffff;

/**
 * Looks at the first packet of a connection.
 * @throws {MqttError} when there is nothing to answer
 */
export function readConnect(
  frame: Buffer,
  sender: Sender,
  { uplink, mayLogIn }: ConnectDeps,
): ConnectOutcome {
  if ((frame[0] ?? 0) >> 4 !== 1) throw new MqttError("protocol_error");
  const level = protocolLevelOf(frame);
  if (level === undefined) throw new MqttError("malformed");
  if (level !== 4 && level !== 5) {
    return { ok: false, refusal: "protocol_version", version: level < 5 ? 4 : 5, username: "" };
  }
  const packet = decodeConnect(frame, level);
  const username = packet.username ?? "";
  const refusal =
    refusalOf(packet, level) ?? entryRefusal(credentialsOf(packet), uplink, (id) => mayLogIn(id, sender));
  if (refusal === undefined) return { ok: true, login: loginOf(packet, level, username, uplink) };
  return { ok: false, version: level, username, ...refusal };
}

const credentialsOf = ({ clientId, username = "", password }: IConnectPacket): Credentials => ({
  clientId,
  username,
  password: password?.toString() ?? "",
});

type Refusal = Pick<Extract<ConnectOutcome, { ok: false }>, "refusal" | "code">;

function refusalOf({ properties, will }: IConnectPacket, version: ProtocolVersion): Refusal | undefined {
  // Each would say that nothing may be sent (MQTT 5.0 §3.1.2.11.3, 4).
  if (properties?.receiveMaximum === 0 || properties?.maximumPacketSize === 0) {
    throw new MqttError("protocol_error");
  }
  if (properties?.authenticationMethod !== undefined) return { refusal: "authentication_method" };
  if (will?.qos === 2 && version === 5) return { refusal: "will_qos" };
  return undefined;
}

function loginOf(packet: IConnectPacket, version: ProtocolVersion, hotspotId: string, uplink: Uplink): Login {
  const { properties, clean: isClean = true } = packet;
  return {
    version,
    hotspotId,
    will: willOf(packet, hotspotId, uplink),
    isClean,
    sessionExpiryS: version === 5 ? (properties?.sessionExpiryInterval ?? 0) : isClean ? 0 : FOR_GOOD_S,
    keepAliveS: packet.keepalive ?? 0,
    receiveMaximum: Math.min(properties?.receiveMaximum ?? MAX_UNACKNOWLEDGED, MAX_UNACKNOWLEDGED),
    maximumPacketSize: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
  };
}

/** A will is kept only if it could be taken in as a packet of this hotspot; its delay counts as 0. */
function willOf({ will }: IConnectPacket, hotspotId: string, uplink: Uplink): Will | undefined {
  if (will === undefined || will.payload.length > MAX_PACKET_BYTES) return undefined;
  if (!uplink.mayPublish(hotspotId, will.topic)) return undefined;
  return { topic: will.topic, bytes: new Uint8Array(Buffer.from(will.payload)) };
}

export function connackOf({ version, sessionExpiryS }: Login, sessionPresent: boolean): Buffer {
  return encode(
    {
      cmd: "connack",
      sessionPresent,
      returnCode: 0,
      reasonCode: 0,
      properties: {
        receiveMaximum: RECEIVE_MAXIMUM,
        maximumPacketSize: MAX_FRAME_BYTES,
        maximumQoS: 1,
        topicAliasMaximum: 0,
        subscriptionIdentifiersAvailable: false,
        sharedSubscriptionAvailable: false,
        ...(sessionExpiryS > MAX_SESSION_EXPIRY_S && { sessionExpiryInterval: MAX_SESSION_EXPIRY_S }),
      },
    },
    version,
  );
}

export function refusedConnack(refusal: ConnectRefusal, version: ProtocolVersion): Buffer {
  const [returnCode, reasonCode] = CONNACK_CODES[refusal];
  return encode({ cmd: "connack", sessionPresent: false, returnCode, reasonCode }, version);
}
