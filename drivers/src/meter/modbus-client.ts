import type { Clock } from "@earshot/protocol/hotspot";
import { FrameScanner } from "../link/frame-scanner.ts";
import type { ModbusFraming, SentRequest } from "./modbus-framing.ts";
import { decodeAnswerPdu, type ReadRequest, type ReadResult } from "./modbus-pdu.ts";

export interface ModbusClientOptions {
  clock: Clock;
  framing: ModbusFraming;
  unit: number;
  /** How long an answer may take. */
  timeoutMs: number;
  /** How often a request without an answer is repeated. */
  retries: number;
  /** Silence on the line before each request: at least 3.5 characters. */
  silenceMs: number;
}

/** What happened so far. */
export interface ModbusCounts {
  requests: number;
  /** Answers accepted, exceptions among them. */
  answers: number;
  exceptions: number;
  timeouts: number;
  /** Answers with a wrong checksum. */
  badFrames: number;
  /** Noise, echoes of our own requests, answers of other units and to other requests. */
  garbageBytes: number;
}

/** Asks one unit, one request at a time. The owner of the link calls `receive` with what arrives. */
export class ModbusClient {
  readonly #options: ModbusClientOptions;
  readonly #counts = { requests: 0, answers: 0, exceptions: 0, timeouts: 0, badFrames: 0, garbageBytes: 0 };
  #transaction = 0;
  #quietFromElapsedMs = Number.NEGATIVE_INFINITY;
  #mayBeLate = false;
  #waiting: Waiting | undefined;

  constructor(options: ModbusClientOptions) {
    this.#options = options;
  }

  /** Fewer by what the scanner at work has skipped, until its request ends. */
  counts(): Readonly<ModbusCounts> {
    const { badFrames = 0, garbageBytes = 0 } = this.#waiting?.scanner ?? {};
    return {
      ...this.#counts,
      badFrames: this.#counts.badFrames + badFrames,
      garbageBytes: this.#counts.garbageBytes + garbageBytes,
    };
  }

  receive(bytes: Uint8Array): void {
    const { clock, framing, silenceMs } = this.#options;
    this.#quietFromElapsedMs = clock.elapsedMs() + silenceMs;
    if (this.#waiting === undefined) {
      this.#counts.garbageBytes += bytes.length;
      return;
    }
    const { scanner, sent, resolve } = this.#waiting;
    for (const frame of scanner.push(bytes)) {
      const pdu = framing.answer(frame, sent);
      if (pdu === undefined) this.#counts.garbageBytes += frame.length;
      else resolve(decodeAnswerPdu(pdu, sent.request));
    }
  }

  /** Asks, and asks again; rejects when the link is lost or `signal` is aborted. */
  async read(
    request: ReadRequest,
    write: (bytes: Uint8Array) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ReadResult> {
    const wasLate = this.#mayBeLate && !this.#options.framing.hasTransactions;
    // A late answer looks like the one to the next request.
    if (wasLate) await this.#options.clock.sleep(this.#options.timeoutMs, signal);
    this.#mayBeLate = false;
    for (let attempt = 0; attempt <= this.#options.retries; attempt += 1) {
      const result = await this.#ask(request, write, signal);
      if (result !== undefined) return result;
      this.#counts.timeouts += 1;
      this.#mayBeLate = true;
    }
    return { ok: false, code: "no-answer" };
  }

  async #ask(
    request: ReadRequest,
    write: (bytes: Uint8Array) => Promise<void>,
    signal: AbortSignal,
  ): Promise<ReadResult | undefined> {
    const { clock, timeoutMs } = this.#options;
    await this.#silence(signal);
    const waiting = this.#startWaiting(request);
    const done = new AbortController();
    try {
      await write(waiting.sent.bytes);
      const timeout = clock.sleep(timeoutMs, AbortSignal.any([signal, done.signal]));
      const result = await Promise.race([waiting.result, timeout]);
      if (result === undefined) return undefined;
      this.#counts.answers += 1;
      if (!result.ok) this.#counts.exceptions += 1;
      return result;
    } finally {
      done.abort();
      this.#stopWaiting(waiting);
    }
  }

  async #silence(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const missingMs = this.#quietFromElapsedMs - clock.elapsedMs();
    if (missingMs > 0) await clock.sleep(missingMs, signal);
  }

  #startWaiting(request: ReadRequest): Waiting {
    const { framing, unit } = this.#options;
    this.#transaction = (this.#transaction + 1) & 0xffff;
    this.#counts.requests += 1;
    const transaction = this.#transaction;
    const sent = { unit, request, transaction, bytes: framing.encode(unit, request, transaction) };
    const { promise, resolve } = Promise.withResolvers<ReadResult>();
    this.#waiting = { sent, scanner: new FrameScanner(framing.format(sent)), result: promise, resolve };
    return this.#waiting;
  }

  #stopWaiting({ scanner }: Waiting): void {
    this.#counts.badFrames += scanner.badFrames;
    this.#counts.garbageBytes += scanner.garbageBytes + scanner.heldBytes;
    this.#waiting = undefined;
  }
}

interface Waiting {
  sent: SentRequest;
  scanner: FrameScanner;
  result: Promise<ReadResult>;
  resolve: (result: ReadResult) => void;
}
