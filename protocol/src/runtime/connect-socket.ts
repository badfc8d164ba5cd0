import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { MQTT_PORT, MQTT_TLS_PORT } from "../mqtt/broker.ts";
import { errorCode, errorText } from "./error-text.ts";
import type { TlsPems } from "./tls-files.ts";

export interface BrokerSocketOptions extends Omit<TlsPems, "doubts"> {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: string;
}

/** Whoever was reached answered the first message of TLS with nothing that is TLS. */
class NoTlsError extends Error {
  readonly code = "EARSHOT_NO_TLS";
}

/**
 * Resolves with a socket to a broker that is connected, and encrypted where the URL says so.
 *
 * @throws an error with the code `EARSHOT_NO_TLS`, or what the system or the TLS library says, or the signal's reason
 */
export async function connectSocket(
  { url, ...pems }: BrokerSocketOptions,
  signal: AbortSignal,
): Promise<Socket | TLSSocket> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === "mqtts:";
  // An IPv6 address stands in brackets in a URL only.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const address = { host, port: Number(port || (isTls ? MQTT_TLS_PORT : MQTT_PORT)) };
  // An address has no name to ask for (RFC 6066 §3).
  const servername = isIP(host) === 0 ? { servername: host } : {};
  signal.throwIfAborted();
  const socket = isTls ? connectTls({ ...address, ...servername, ...pems }) : connect(address);
  // One that comes after this has resolved must find a listener as well.
  socket.on("error", () => {});
  let isReached = false;
  socket.once("connect", () => {
    isReached = true;
  });
  try {
    await once(socket, isTls ? "secureConnect" : "connect", { signal });
  } catch (error) {
    socket.destroy();
    const why = signal.aborted ? signal.reason : error;
    const isNoTls = isReached && ["ECONNRESET", "EPIPE", "ETIMEDOUT"].includes(errorCode(why));
    throw isNoTls ? new NoTlsError(errorText(why), { cause: why }) : why;
  }
  socket.setNoDelay(true);
  return socket;
}
