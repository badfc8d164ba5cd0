import { logTo } from "@earshot/protocol/hotspot";
import { ManualClock } from "@earshot/protocol/testing";
import type { LoraTransmission } from "../lora-reading.ts";
import { TestRadio } from "../test-radio.ts";
import { type BasicsStationOptions, type BasicsStationRadio, openBasicsStation } from "./basics-station.ts";
import { type MemoryConnection, MemoryListener } from "./test-listener.ts";
import { TestStation } from "./test-station.ts";

export const BEACON: LoraTransmission = {
  bytes: new Uint8Array([0xe0, 1, 2]),
  freqHz: 868_100_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  powerDbm: 14,
};

/** A server in memory and in virtual time, and stations to try it with. */
export class TestStationServer extends TestRadio {
  readonly clock = new ManualClock(Date.UTC(2026, 10, 21, 9, 36, 24));
  readonly listener = new MemoryListener();
  readonly messages: string[] = [];
  readonly driver: BasicsStationRadio;
  /** The connection dialled last. */
  last: MemoryConnection | undefined;

  constructor(options: Partial<BasicsStationOptions> = {}) {
    super();
    const log = logTo((_level, message) => this.messages.push(message));
    const { clock, listener } = this;
    this.driver = openBasicsStation({ listener, clock, log, region: "EU868", powerDbm: 14, ...options });
  }

  async dial(path: string, authorization?: string): Promise<MemoryConnection> {
    const request = { path, host: "10.0.0.1:3001" };
    this.last = await this.listener.connect(
      authorization === undefined ? request : { ...request, authorization },
    );
    return this.last;
  }

  station(router?: string, version?: string): Promise<TestStation> {
    return TestStation.connect((path) => this.dial(path), router, version);
  }
}
