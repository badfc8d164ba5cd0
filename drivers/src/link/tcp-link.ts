import { once } from "node:events";
import { createConnection } from "node:net";
import { type ByteLink, LinkLostError, type SocketAddress } from "../driver.ts";
import { DuplexLink } from "./duplex-link.ts";
import { errorMessage } from "./error-message.ts";

export interface OpenTcpOptions extends SocketAddress {
  /** Gives up connecting. */
  signal?: AbortSignal;
}

/**
 * Connects over TCP.
 *
 * @throws {LinkLostError} naming host and port, when it cannot connect; later, from the link, when the other end closes.
 */
export async function openTcp(options: OpenTcpOptions): Promise<ByteLink> {
  const { host, port, signal } = options;
  const where = `tcp ${host}:${port}`;
  const socket = createConnection({ host, port, noDelay: true });
  try {
    await once(socket, "connect", { signal });
  } catch (error) {
    socket.destroy();
    throw new LinkLostError(`Cannot connect to ${where}: ${errorMessage(error)}`, { cause: error });
  }
  return new DuplexLink({ stream: socket, where, release: async () => void socket.destroy() });
}
