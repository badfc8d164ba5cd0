import { afterAll } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { type DatagramSocket, LinkLostError } from "../driver.ts";
import { bindUdp } from "../link/udp-socket.ts";
import { driverContract } from "../testing/driver-contract.ts";
import { MemoryNetwork } from "../testing/memory-network.ts";
import type { LoraReading } from "./lora-reading.ts";
import { openSemtechUdp } from "./semtech-udp.ts";
import { pushText, rxpkText, TestForwarder } from "./test-forwarder.ts";

const CAPACITY = 8;
const ANY = { host: "127.0.0.1", port: 0 };

/** A socket that can be lost, which a real one on loopback cannot, and that counts how often it was closed. */
class LosableSocket implements DatagramSocket {
  readonly local;
  closes = 0;
  readonly #inner: DatagramSocket;
  readonly #lost = Promise.withResolvers<never>();
  readonly #closed = Promise.withResolvers<void>();

  constructor(inner: DatagramSocket) {
    this.#inner = inner;
    this.local = inner.local;
    this.#lost.promise.catch(() => {});
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  lose(): void {
    this.#lost.reject(new LinkLostError("Lost the socket"));
  }

  send(bytes: Uint8Array, to: { host: string; port: number }): Promise<void> {
    return this.#inner.send(bytes, to);
  }

  close(): Promise<void> {
    this.closes += 1;
    this.#closed.resolve();
    return this.#inner.close();
  }

  [Symbol.asyncIterator]() {
    const inner = this.#inner[Symbol.asyncIterator]();
    return {
      next: () => Promise.race([inner.next(), this.#lost.promise]),
      return: async () => (await inner.return?.()) ?? { done: true as const, value: undefined },
    };
  }
}

const opened: TestForwarder[] = [];
afterAll(() => Promise.all(opened.map((forwarder) => forwarder.close())));

async function openOn(bind: () => Promise<DatagramSocket>) {
  const socket = new LosableSocket(await bind());
  const driver = openSemtechUdp({ socket, clock: new ManualClock(), capacity: CAPACITY });
  const forwarder = new TestForwarder({ up: await bind(), down: await bind(), server: socket.local });
  opened.push(forwarder);
  let tmst = 0;
  // The PULL_ACK of a last PULL_DATA means that the server has dealt with all that came before; a consumer that has
  // enough may close it first.
  const settled = () => Promise.race([forwarder.pull(), socket.closed]);
  return {
    driver,
    async feedGood(count: number) {
      for (let index = 0; index < count; index++) {
        tmst += 100_000;
        await forwarder.push(pushText(rxpkText({ tmst })));
      }
      await settled();
    },
    async feedGarbage() {
      await forwarder.sendRaw(new Uint8Array([9, 9, 9]));
      await settled();
    },
    lose: () => socket.lose(),
    linkCloses: () => socket.closes,
  };
}

const network = new MemoryNetwork();
driverContract<LoraReading>("Semtech UDP in memory", {
  capacity: CAPACITY,
  open: () => openOn(async () => network.bind(ANY)),
});
driverContract<LoraReading>("Semtech UDP on a real socket", {
  capacity: CAPACITY,
  open: () => openOn(() => bindUdp(ANY)),
});
