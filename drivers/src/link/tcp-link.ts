import { once } from "node:events";
import { createConnection } from "node:net";
import { errorCode, errorText } from "@earshot/protocol/runtime";
import { type ByteLink, LinkLostError, type SocketAddress } from "../driver.ts";
import { DuplexLink } from "./duplex-link.ts";

export interface OpenTcpOptions extends SocketAddress {
  /** Gives up connecting. */
  signal?: AbortSignal;
}

/** By the system's code, what a person can do something about. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ETIMEDOUT: "no answer from that address",
  EHOSTUNREACH: "that address cannot be reached from here",
  ENETUNREACH: "that network cannot be reached from here",
  ENOTFOUND: "there is no such host name",
  EAI_AGAIN: "the host name cannot be looked up now",
};

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
    const why = REASONS[errorCode(error)] ?? errorText(error);
    throw new LinkLostError(`Cannot connect to ${where}: ${why}`, { cause: error });
  }
  return new DuplexLink({ stream: socket, where, release: async () => void socket.destroy() });
}
