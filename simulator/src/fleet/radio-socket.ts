import { bindUdp, type DatagramSocket, type SocketAddress } from "@earshot/drivers";

/** A UDP address that is taken before the agent runs, so that its forwarder can be told where to send. */
export interface RadioSocket {
  readonly address: SocketAddress;
  /** The bound socket the first time; bound anew when the agent opens its radio again. */
  take(): Promise<DatagramSocket>;
  /** Closes the first socket if nobody took it. */
  close(): Promise<void>;
}

export async function bindRadioSocket(): Promise<RadioSocket> {
  let first: DatagramSocket | undefined = await bindUdp({ host: "127.0.0.1", port: 0 });
  const address = first.local;
  return {
    address,
    async take() {
      const bound = first ?? (await bindUdp(address));
      first = undefined;
      return bound;
    },
    async close() {
      await first?.close();
    },
  };
}
