import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { errorText } from "../time/error-text.ts";
import { BrokerError, codeOf } from "./mqtt-advice.ts";

export interface SocketOptions {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: string;
  /** PEM texts: who vouches for the broker (else the system's list), and our own certificate if it wants one. */
  ca?: string;
  cert?: string;
  key?: string;
}

const PORT = 1883;
const TLS_PORT = 8883;

/** Resolves with a socket that is connected, and encrypted where the URL says so. */
export async function connectSocket(
  { url, ...pems }: SocketOptions,
  signal: AbortSignal,
): Promise<Socket | TLSSocket> {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === "mqtts:";
  // An IPv6 address stands in brackets in a URL only.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const address = { host, port: Number(port || (isTls ? TLS_PORT : PORT)) };
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
    // Somebody is there, who says nothing to the first message of TLS.
    const isNoTls = isReached && ["ECONNRESET", "EPIPE", "ETIMEDOUT"].includes(codeOf(why));
    throw isNoTls ? new BrokerError("EARSHOT_NO_TLS", errorText(why), { cause: why }) : why;
  }
  socket.setNoDelay(true);
  return socket;
}
