import { bindUdp, decodeGwmp, type SocketAddress } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";
import { firstWithin } from "../time/first-within.ts";

export type ForwarderSearch =
  | {
      state: "found";
      gatewayEui: string /** Address of the machine that it runs on. */;
      from: string;
      port: number;
    }
  | { state: "none"; port: number }
  /** Another program has the port: the agent itself, or another network server. */
  | { state: "taken"; port: number; why: string };

/** Forwarders send PULL_DATA each 5 s, some each 10 s. */
const LIMIT_MS = 11_000;

/** Listens where packet forwarders send, and answers nothing. Never rejects. */
export async function findForwarder(
  address: SocketAddress,
  clock: Clock,
  signal: AbortSignal,
): Promise<ForwarderSearch> {
  try {
    const socket = await bindUdp(address);
    const stop = () => void socket.close();
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    const heard = await firstWithin(socket, ({ bytes }) => euiIn(bytes) !== undefined, clock, LIMIT_MS);
    signal.removeEventListener("abort", stop);
    const { port } = socket.local;
    const gatewayEui = heard && euiIn(heard.bytes);
    return gatewayEui === undefined
      ? { state: "none", port }
      : { state: "found", gatewayEui, from: heard?.from.host ?? "", port };
  } catch (error) {
    return { state: "taken", port: address.port, why: errorText(error) };
  }
}

function euiIn(bytes: Uint8Array): string | undefined {
  const result = decodeGwmp(bytes);
  return result.ok && "gatewayEui" in result.datagram ? result.datagram.gatewayEui : undefined;
}
