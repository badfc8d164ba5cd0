import { ManualClock } from "@earshot/protocol/testing";
import type { ByteLink, OpenByteLink } from "../../driver.ts";
import { MemoryLink } from "../../testing/memory-link.ts";
import type { LoraFrame, LoraReading, RadioStatus } from "../lora-reading.ts";
import type { ModemDialect } from "./dialect.ts";
import { type ModemRadio, type OpenModemOptions, openModem } from "./modem-radio.ts";
import { RAK3172 } from "./rak3172.ts";
import { RN2483 } from "./rn2483.ts";
import { rylrDialect } from "./rylr998.ts";
import type { TestModem, TestModemOptions } from "./test-modem.ts";
import { TestRak3172 } from "./test-rak3172.ts";
import { TestRn2483 } from "./test-rn2483.ts";
import { TestRylr998 } from "./test-rylr998.ts";

export const NOW_MS = Date.UTC(2026, 2, 1, 12);
const TEXT = new TextEncoder();
export const textBytes = (text: string): Uint8Array => TEXT.encode(text);

/** What the tests need to know of one kind of modem. */
export interface ModemKind {
  open: (link: ByteLink | OpenByteLink, options: OpenModemOptions) => ModemRadio;
  make: (options?: TestModemOptions) => TestModem;
  /** A frame as the module reports it, with RSSI -101 and SNR -7 where it reports them itself. */
  frame: (index: number) => string;
  /** A damaged one. */
  garbage: string;
  maxFrameBytes: number;
}

export const beaconBytes = (index: number): Uint8Array =>
  Uint8Array.from({ length: 31 }, (_, at) => [0xe0, 0xea, 1, index & 255, index >> 8][at] ?? at * 7);
const hex = (index: number) => beaconBytes(index).toHex();

const opening =
  (dialect: ModemDialect): ModemKind["open"] =>
  (link, options) =>
    openModem(dialect, link, options);

export const openRak3172 = opening(RAK3172);
export const openRn2483 = opening(RN2483);
export const openRylr998 = opening(rylrDialect({ networkId: 18, address: 0 }));

export const MODEMS: Readonly<Record<"RAK3172" | "RN2483" | "RYLR998", ModemKind>> = {
  RAK3172: {
    open: openRak3172,
    make: (options = {}) => new TestRak3172(options),
    frame: (index) => `+EVT:RXP2P:-101:-7:${hex(index)}\r\n`,
    garbage: "+EVT:RXP2P:-101:-7:ABC\r\n",
    maxFrameBytes: 640,
  },
  RN2483: {
    open: openRn2483,
    make: (options = {}) => new TestRn2483(options),
    frame: (index) => `radio_rx  ${hex(index).toUpperCase()}\r\n`,
    garbage: "radio_rx  4G\r\n",
    maxFrameBytes: 640,
  },
  RYLR998: {
    open: openRylr998,
    make: (options = {}) => new TestRylr998(options),
    frame: (index) => `+RCV=50,64,0x${hex(index)},-101,-7\r\n`,
    garbage: "+RCV=50,5,HELLO,-101,x\r\n",
    maxFrameBytes: 560,
  },
};

export const SETTINGS = { freqHz: 868_300_000, spreadingFactor: 9 };
export const BEACON = {
  bytes: beaconBytes(1),
  freqHz: 868_300_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  powerDbm: 14,
};

/** A driver and a modem made of software, in memory and in virtual time. */
export class ModemBench<M extends TestModem = TestModem> {
  readonly clock = new ManualClock(NOW_MS);
  readonly modem: M;
  readonly link: MemoryLink;
  readonly driver: ModemRadio;
  readonly #readings: AsyncIterator<LoraReading>;

  constructor(open: ModemKind["open"], modem: M, options: Partial<OpenModemOptions> = {}) {
    this.modem = modem;
    this.link = new MemoryLink({
      onWrite: (bytes, link) => {
        const said = modem.answer(bytes);
        if (said !== "") link.push(textBytes(said));
      },
    });
    this.driver = open(this.link, { clock: this.clock, ...SETTINGS, ...options });
    this.#readings = this.driver[Symbol.asyncIterator]();
  }

  /** Until it listens; time passes only as far as that needs. */
  async ready(): Promise<this> {
    await this.clock.resolve(this.driver.ready);
    return this;
  }

  /** The modem says something by itself. */
  say(text: string): void {
    this.link.push(textBytes(text));
  }

  async next(): Promise<LoraReading> {
    const next = await this.clock.resolve(this.#readings.next());
    if (next.done) throw new Error("The readings ended");
    return next.value;
  }

  async nextFrame(): Promise<LoraFrame> {
    for (;;) {
      const reading = await this.next();
      if (reading.kind === "radio") continue;
      if (reading.modulation !== "lora") throw new Error("Not LoRa");
      return reading;
    }
  }

  async nextStatus(): Promise<RadioStatus> {
    for (;;) {
      const reading = await this.next();
      if (reading.kind === "radio") return reading;
    }
  }

  /** The error that ends the readings. */
  async failure(): Promise<Error> {
    for (;;) {
      try {
        await this.next();
      } catch (error) {
        return error as Error;
      }
    }
  }
}
