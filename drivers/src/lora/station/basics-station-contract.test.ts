import { afterAll } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { driverContract } from "../../testing/driver-contract.ts";
import type { LoraReading } from "../lora-reading.ts";
import { openBasicsStation } from "./basics-station.ts";
import type { ListenerEvents, StationListener } from "./station-connection.ts";
import { MemoryListener } from "./test-listener.ts";
import { type DialStation, dialWebSocket, type StationWire, TestStation } from "./test-station.ts";
import { listenWebSocket } from "./websocket-listener.ts";

const CAPACITY = 8;

/** A real listener that can be lost, which one on loopback cannot, and that counts how often it was closed. */
class LosableListener implements StationListener {
  readonly local;
  readonly isSecure;
  closes = 0;
  readonly #inner: StationListener;
  #events: ListenerEvents | undefined;

  constructor(inner: StationListener) {
    this.#inner = inner;
    this.local = inner.local;
    this.isSecure = inner.isSecure;
  }

  start(events: ListenerEvents): void {
    this.#events = events;
    this.#inner.start(events);
  }

  lose(): void {
    this.#events?.lost(new Error("out of file descriptors"));
  }

  close(): Promise<void> {
    this.closes += 1;
    return this.#inner.close();
  }
}

const wires: StationWire[] = [];
afterAll(() => Promise.all(wires.map((wire) => wire.hangUp())));

async function openOn(listener: StationListener, dial: DialStation) {
  const driver = openBasicsStation({
    listener,
    clock: new ManualClock(),
    region: "EU868",
    capacity: CAPACITY,
  });
  const station = await TestStation.connect(dial);
  wires.push(station.wire);
  return {
    driver,
    async feedGood(count: number) {
      for (let index = 0; index < count; index++) await station.hear();
      await station.wire.settled();
    },
    async feedGarbage() {
      await station.wire.up("not json");
      await station.wire.settled();
    },
  };
}

driverContract<LoraReading>("Basics Station in memory", {
  capacity: CAPACITY,
  async open() {
    const listener = new MemoryListener();
    const fixture = await openOn(listener, (path) => listener.connect({ path, host: "10.0.0.1:3001" }));
    return { ...fixture, lose: () => listener.lose(), linkCloses: () => listener.closeCalls };
  },
});

driverContract<LoraReading>("Basics Station on a real WebSocket", {
  capacity: CAPACITY,
  async open() {
    const listener = new LosableListener(
      await listenWebSocket({ host: "127.0.0.1", port: 0, clock: new ManualClock() }),
    );
    const fixture = await openOn(listener, (path) =>
      dialWebSocket(`ws://127.0.0.1:${listener.local.port}${path}`),
    );
    return { ...fixture, lose: () => listener.lose(), linkCloses: () => listener.closes };
  },
});
