import { once } from "node:events";
import { connect, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import type { TlsPems } from "@earshot/protocol/tls-files";

export interface SocketOptions extends Omit<TlsPems, "doubts"> {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: string;
}

const PORT = 1883;
const TLS_PORT = 8883;

/** Resolves with a socket that is connected, and encrypted where that is asked for. */
export async function connectSocket(
  { url, ca, cert, key }: SocketOptions,
  signal: AbortSignal,
): Promise<Duplex> {
  const { protocol, hostname, port } = new URL(url);
  const pem = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const isTls = protocol === "mqtts:";
  // An IPv6 address stands in brackets in a URL only.
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const address = { host, port: Number(port || (isTls ? TLS_PORT : PORT)) };
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = isTls ? connectTls({ ...address, ...servername, ...pem }) : connect(address);
  // One that comes after this has resolved must find a listener as well.
  socket.on("error", () => undefined);
  try {
    await once(socket, isTls ? "secureConnect" : "connect", { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setNoDelay(true);
  return socket;
}
