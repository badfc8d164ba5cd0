import type { Clock } from "@earshot/protocol/hotspot";
import { type ByteLink, type DriverCounts, LinkLostError, type OpenByteLink } from "../../driver.ts";
import { ReadingQueue } from "../../link/reading-queue.ts";
import { toLinkLostError } from "../../link/task-driver.ts";
import type { LoraRadio, LoraReading, LoraTransmission, TransmitResult } from "../lora-reading.ts";
import { checkChannel, type ModemDialect, type ModemLimits, type ModemTuning } from "./dialect.ts";
import { ModemCommands } from "./modem-commands.ts";
import type { ModemFacts } from "./modem-facts.ts";
import { ModemFaultError } from "./modem-faults.ts";
import { ModemPort } from "./modem-port.ts";
import { ModemSession } from "./modem-session.ts";
import { checkTransmission } from "./modem-transmit.ts";

export interface OpenModemOptions {
  clock: Clock;
  /** The one channel it listens on, Hz. */
  freqHz: number;
  spreadingFactor: number;
  /** 125000 unless given. */
  bandwidthHz?: number;
  /** Never sends with more, dBm; the module's greatest unless given. */
  maxPowerDbm?: number;
  /** How long the module may take to answer; 1000 ms unless given. */
  answerTimeoutMs?: number;
  /** Readings queued for a slow consumer; 256 unless given. */
  capacity?: number;
}

/** A serial LoRa modem as a radio that hears one channel and one spreading factor. */
export interface ModemRadio extends LoraRadio {
  /** What it is doing, and what it was through. */
  modem(): ModemFacts;
  /** Resolves when it listens for the first time, or never will. */
  readonly ready: Promise<void>;
}

/**
 * A serial modem as a radio: identified, set to point-to-point mode, kept receiving on one channel.
 *
 * - Frames bear the channel it is set to and the host's time; a modem has no counter and no GPS time. A `RadioStatus`
 *   comes one second after it first listens and every 30 s; errors on air count as `rxBad`.
 * - Each minute it is asked whether it is still as it was set. After a reset it is set again. One that does not
 *   answer three times, answers nonsense or refuses a setting ends the iteration with a `LinkLostError` that says so;
 *   `modem().state` keeps the kind.
 * - `transmit()` changes channel and power for the one frame and comes back; while it sends, it hears nothing. Power
 *   goes down to what the module or `maxPowerDbm` allows, never up. Errors: `NOT_READY` while it is being set,
 *   `TX_POWER` (less was asked than the module can do, or what it has no setting for), `NO_ACK` (handed over, and not
 *   confirmed: may be on air), `MODEM_RESET`, `QUEUE_FULL`, `CLOSED`, else the module's own words.
 *
 * @throws {RangeError} for a channel that the module does not have
 */
export function openModem(
  dialect: ModemDialect,
  link: ByteLink | OpenByteLink,
  options: OpenModemOptions,
): ModemRadio {
  return new ModemDriver(dialect, link, options);
}

const mostPowerDbm = (
  { powerDbm: [, most] }: ModemLimits,
  { maxPowerDbm = most }: OpenModemOptions,
): number => Math.min(most, Math.floor(maxPowerDbm));

function homeTuning({ name, limits }: ModemDialect, options: OpenModemOptions): ModemTuning {
  const { freqHz, spreadingFactor, bandwidthHz = 125_000 } = options;
  checkChannel(name, limits, { freqHz, spreadingFactor, bandwidthHz });
  // It listens with any; what it sends with mostly costs no setting.
  const powerDbm = Math.max(limits.powerDbm[0], mostPowerDbm(limits, options));
  return { freqHz, spreadingFactor, bandwidthHz, powerDbm };
}

class ModemDriver implements ModemRadio {
  readonly name: string;
  readonly ready: Promise<void>;
  readonly #dialect: ModemDialect;
  readonly #clock: Clock;
  readonly #facts: ModemFacts;
  readonly #readings: ReadingQueue<LoraReading>;
  readonly #ending = new AbortController();
  readonly #becameReady = Promise.withResolvers<void>();
  readonly #session: ModemSession;
  readonly #port: ModemPort;
  readonly #commands: ModemCommands;
  readonly #running: Promise<void>;
  #transmitted = 0;
  #rxOk = 0;
  #link: ByteLink | undefined;
  #closingLink: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(dialect: ModemDialect, link: ByteLink | OpenByteLink, options: OpenModemOptions) {
    const { clock, answerTimeoutMs = 1000, capacity = 256 } = options;
    const home = homeTuning(dialect, options);
    const { signal } = this.#ending;
    this.#dialect = dialect;
    this.#clock = clock;
    this.name = `${dialect.name} modem`;
    this.ready = this.#becameReady.promise;
    this.#facts = newFacts(dialect.ownAirFormat);
    this.#readings = new ReadingQueue({ capacity, onLeave: () => this.close() });
    const port = new ModemPort({
      dialect,
      clock,
      signal,
      answerTimeoutMs,
      facts: this.#facts,
      write: async (bytes) => this.#link?.write(bytes),
      listener: () => this.#session,
    });
    const commands = new ModemCommands({
      exchange: port.exchange,
      dialect,
      clock,
      signal,
      onSilence: () => port.abandonPartialFrame(),
      silence: () => port.silence(),
    });
    this.#port = port;
    this.#commands = commands;
    this.#session = new ModemSession({
      dialect,
      home,
      maxPowerDbm: mostPowerDbm(dialect.limits, options),
      clock,
      signal,
      port,
      commands,
      facts: this.#facts,
      onFrame: (frame) => {
        this.#rxOk += 1;
        this.#readings.push(frame);
      },
      onReady: () => this.#becameReady.resolve(),
      onStatus: () => this.#emitStatus(),
    });
    this.#running = this.#run(link);
  }

  counts(): Readonly<DriverCounts> {
    const { frames, badFrames, garbageBytes, tally } = this.#port;
    const { dropped: droppedReadings } = this.#readings;
    return { frames, badFrames, garbageBytes, droppedReadings, refusals: tally.refusals };
  }

  modem(): ModemFacts {
    const { busyRetries, silences } = this.#commands;
    const { strayAnswers } = this.#port.exchange;
    return { ...this.#facts, cautions: [...this.#facts.cautions], busyRetries, silences, strayAnswers };
  }

  async transmit(transmission: LoraTransmission): Promise<TransmitResult> {
    checkTransmission(this.#dialect, transmission);
    if (this.#readings.ended) return { sent: false, error: "CLOSED" };
    const result = await this.#session.transmit(transmission);
    if (result.sent) this.#transmitted += 1;
    return result;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncIterator](): AsyncIterator<LoraReading, undefined> {
    return this.#readings[Symbol.asyncIterator]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(link: ByteLink | OpenByteLink): Promise<void> {
    try {
      this.#link = typeof link === "function" ? await link(this.#ending.signal) : link;
      if (!this.#readings.ended) await Promise.race([this.#read(this.#link), this.#session.run()]);
      throw new LinkLostError(`Lost ${this.name}: the link ended`);
    } catch (error) {
      await this.#end(error);
    }
  }

  async #read(link: ByteLink): Promise<void> {
    for await (const bytes of link) {
      if (this.#readings.ended) return;
      this.#port.push(bytes);
    }
  }

  async #end(error: unknown): Promise<void> {
    if (!this.#readings.ended) this.#facts.state = error instanceof ModemFaultError ? error.fault : "lost";
    this.#session.end();
    this.#ending.abort();
    await this.#closeLink();
    this.#readings.fail(toLinkLostError(this.name, error));
    this.#becameReady.resolve();
  }

  #emitStatus(): void {
    const { rfErrors, ownAirFormat } = this.#facts;
    this.#readings.push({
      kind: "radio",
      atMs: this.#clock.now(),
      rxOk: this.#rxOk,
      rxBad: rfErrors,
      rxNoCrc: 0,
      transmitted: this.#transmitted,
      channels: 1,
      spreadingFactors: 1,
      ...(ownAirFormat && { ownAirFormat }),
    });
  }

  async #close(): Promise<void> {
    this.#facts.state = "closed";
    this.#readings.end();
    this.#ending.abort();
    await this.#closeLink();
    await this.#running;
  }

  /** A link that fails to close is gone all the same. */
  #closeLink(): Promise<void> {
    if (this.#link === undefined) return Promise.resolve();
    this.#closingLink ??= this.#link.close().catch(() => {});
    return this.#closingLink;
  }
}

function newFacts(ownAirFormat: boolean): ModemFacts {
  return {
    state: "opening",
    ownAirFormat,
    cautions: [],
    rearms: 0,
    lapses: 0,
    resets: 0,
    busyRetries: 0,
    silences: 0,
    strayAnswers: 0,
    rfErrors: 0,
    framesElsewhere: 0,
  };
}
