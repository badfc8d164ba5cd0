import type { Socket } from "node:net";
import { type Clock, type Log, type MqttVersion, MqttVersions, silentLog } from "@earshot/protocol/hotspot";
import {
  abortAfter,
  connectSocket,
  errorText,
  readTlsFiles,
  type TlsPaths,
  type TlsPems,
} from "@earshot/protocol/runtime";
import type { IClientOptions } from "mqtt";
import { MAX_INBOUND_PACKET_BYTES } from "./inbound-guard.ts";
import { BrokerError, brokerFailure, isOldBroker, refuseOtherHotspot } from "./mqtt-advice.ts";
import { MqttSession } from "./mqtt-session.ts";
import type { OpenPublisher, SessionOptions } from "./publisher.ts";

export interface MqttPublisherOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: string;
  /** The only version that is spoken; else 5, and 3.1.1 where the broker does not know that. */
  version?: MqttVersion;
  /** Who vouches for the broker (else the system's list), and our client certificate if it wants one. */
  files?: TlsPaths;
}

interface MqttPublisherDeps {
  clock: Clock;
  log?: Log;
}

const FILE_NAMES = { ca: "[broker] ca_file", cert: "[broker] cert_file", key: "[broker] key_file" };
/** For TCP and TLS together. */
const CONNECT_LIMIT_MS = 20_000;
/** Until CONNACK and SUBACK are there. */
const ANSWER_LIMIT_MS = 20_000;
/** The same where another version is tried afterwards. */
const FIRST_ANSWER_LIMIT_MS = 10_000;
const KEEPALIVE_S = 60;
/** How long the broker keeps what it could not deliver. MQTT 3.1.1 has no such limit. */
const SESSION_EXPIRY_S = 7 * 86_400;

/**
 * Sessions over MQTT 5, or 3.1.1 where the broker does not know that. Certificates and keys are read for each, so
 * that renewed ones count. Reconnecting is the caller's: each session needs a fresh token.
 */
export function mqttPublisher(options: MqttPublisherOptions, deps: MqttPublisherDeps): OpenPublisher {
  const { url, files = {}, version } = options;
  const { clock, log = silentLog } = deps;
  const versions = new MqttVersions(version, clock);
  return async (session, signal) => {
    const pems = await readTlsFiles(files, FILE_NAMES, clock.now());
    refuseOtherHotspot(pems, session.username, FILE_NAMES.cert);
    try {
      return await openSession({ url, pems, clock, session, versions, log }, signal);
    } catch (error) {
      throw brokerFailure(error, url, pems.doubts);
    }
  };
}

interface Opening {
  url: string;
  pems: TlsPems;
  clock: Clock;
  session: SessionOptions;
  versions: MqttVersions;
  log: Log;
}

async function openSession(opening: Opening, signal: AbortSignal): Promise<MqttSession> {
  const { versions, log } = opening;
  const [first, other] = versions.next();
  let why: unknown;
  if (other !== undefined) {
    try {
      const opened = await connect(opening, first, FIRST_ANSWER_LIMIT_MS, signal);
      versions.worked(first);
      return opened;
    } catch (error) {
      if (!isOldBroker(error)) throw error;
      why = error;
    }
  }
  const last = other ?? first;
  const opened = await connect(opening, last, ANSWER_LIMIT_MS, signal);
  if (versions.worked(last)) {
    const orSet = '[broker] mqtt_version = "3.1.1"';
    log.warn("The broker speaks no MQTT 5; going on with 3.1.1", { why: errorText(why), orSet });
  }
  return opened;
}

async function connect(
  { url, pems: { ca, cert, key }, clock, session }: Opening,
  version: MqttVersion,
  answerLimitMs: number,
  signal: AbortSignal,
): Promise<MqttSession> {
  const trust = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const unconnected = Object.assign(new Error(`no connection within ${CONNECT_LIMIT_MS / 1000} s`), {
    code: "ETIMEDOUT",
  });
  const socket = await abortAfter(clock, CONNECT_LIMIT_MS, unconnected, signal, (limited) =>
    connectSocket({ url, ...trust }, limited),
  );
  const silent = new BrokerError("EARSHOT_SILENT", `no CONNACK within ${answerLimitMs / 1000} s`);
  return abortAfter(clock, answerLimitMs, silent, signal, (limited) =>
    logIn(socket, { url, session, version }, limited),
  );
}

interface LogIn {
  url: string;
  session: SessionOptions;
  version: MqttVersion;
}

async function logIn(
  socket: Socket,
  { url, session, version }: LogIn,
  signal: AbortSignal,
): Promise<MqttSession> {
  const opened = new MqttSession(socket, url, clientOptions(session, version));
  const giveUp = () => void opened.close();
  signal.addEventListener("abort", giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await opened.begin(session.subscriptions);
    signal.throwIfAborted();
    return opened;
  } catch (error) {
    await opened.close();
    // By then it was asked to close, for the reason that counts.
    throw signal.aborted
      ? opened.hasAnswered
        ? new Error("the broker does not go on")
        : signal.reason
      : error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

const clientOptions = (
  { username, password, will }: SessionOptions,
  protocolVersion: MqttVersion,
): IClientOptions => ({
  protocolVersion,
  clientId: username,
  username,
  password,
  clean: false,
  ...(protocolVersion === 5
    ? {
        properties: {
          sessionExpiryInterval: SESSION_EXPIRY_S,
          maximumPacketSize: MAX_INBOUND_PACKET_BYTES,
        },
      }
    : {}),
  will: { topic: will.topic, payload: Buffer.from(will.bytes), qos: 1, retain: false },
  keepalive: KEEPALIVE_S,
  // Its own limit for CONNACK, by a timer of its own: ours comes first.
  connectTimeout: 3 * ANSWER_LIMIT_MS,
  reconnectPeriod: 0,
  // All 65,536 packet ids as bytes made beforehand: 10 MB, for a hotspot that publishes a few a minute.
  writeCache: false,
});
