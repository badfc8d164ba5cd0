import { logTo } from "@earshot/protocol/hotspot";
import { ManualClock } from "@earshot/protocol/testing";
import { MemoryNetwork } from "../testing/memory-network.ts";
import type { GwmpDatagram, GwmpVersion } from "./gwmp-datagram.ts";
import type { LoraTransmission } from "./lora-reading.ts";
import { openSemtechUdp, type SemtechUdpOptions, type SemtechUdpRadio } from "./semtech-udp.ts";
import { TestForwarder } from "./test-forwarder.ts";
import { TestRadio } from "./test-radio.ts";

export const BEACON: LoraTransmission = {
  bytes: new Uint8Array([0xe0, 1, 2]),
  freqHz: 869_525_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  powerDbm: 14,
};

/** A server on a network in memory and in virtual time, and forwarders to try it with. */
export class TestUdpServer extends TestRadio {
  readonly clock = new ManualClock(Date.UTC(2026, 10, 21, 9, 36, 24));
  readonly network = new MemoryNetwork();
  readonly socket = this.network.bind({ host: "10.0.0.1", port: 1700 });
  readonly messages: string[] = [];
  readonly driver: SemtechUdpRadio;

  constructor(options: Partial<SemtechUdpOptions> = {}) {
    super();
    const log = logTo((_level, message) => this.messages.push(message));
    this.driver = openSemtechUdp({ socket: this.socket, clock: this.clock, log, ...options });
  }

  forwarder(options: { gatewayEui?: string; version?: GwmpVersion } = {}): TestForwarder {
    const bind = () => this.network.bind({ host: "10.0.0.2", port: 0 });
    return new TestForwarder({ up: bind(), down: bind(), server: this.socket.local, ...options });
  }
}

/** The next PULL_RESP on the down socket; fails on anything else. */
export async function nextPullResp(
  forwarder: TestForwarder,
): Promise<Extract<GwmpDatagram, { type: "PULL_RESP" }>> {
  const datagram = await forwarder.nextDown();
  if (datagram.type !== "PULL_RESP") throw new Error(`${datagram.type} instead of a PULL_RESP`);
  return datagram;
}
