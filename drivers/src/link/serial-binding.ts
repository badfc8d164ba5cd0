import { close as closeFd, constants, open as openFd, readSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { errorCode } from "@earshot/protocol/runtime";
import type {
  BindingInterface,
  BindingPortInterface,
  BindingsErrorInterface,
  OpenOptions,
  PortInfo,
  UpdateOptions,
} from "./bindings-interface.ts";
import { type PacedPort, type PendingRead, ReadPacer } from "./read-pacer.ts";
import { listSerialPorts } from "./serial-ports.ts";
import { stty, sttySettings } from "./stty.ts";

const { O_RDONLY, O_RDWR, O_NOCTTY, O_NONBLOCK } = constants;
const open = promisify(openFd);
const close = promisify(closeFd);

/** Shared by all ports, as the thread pool behind it is. */
const pacer = new ReadPacer();

/**
 * Serial ports for `@serialport/stream` without a native addon, so that Bun and Deno can both use them: `stty` sets
 * the port up, plain file reads and writes do the rest. Linux only. Control lines cannot be set or read.
 */
export const serialBinding: BindingInterface<SerialPort, OpenOptions, PortInfo> = {
  list: () => listSerialPorts(),
  open: openPort,
};

async function openPort(options: OpenOptions): Promise<SerialPort> {
  // Without O_NONBLOCK the first open would wait for a carrier that most devices never raise.
  const nonBlockingFd = await open(options.path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  try {
    await stty(options.path, sttySettings(options));
    const blockingFd = await open(options.path, O_RDONLY | O_NOCTTY);
    return new SerialPort(withDefaults(options), { blockingFd, nonBlockingFd });
  } catch (error) {
    await close(nonBlockingFd);
    throw error;
  }
}

/** One open port, as `@serialport/stream` drives it. */
export class SerialPort implements BindingPortInterface {
  readonly openOptions: Required<OpenOptions>;
  isOpen = true;
  readonly #port: PacedPort;
  #reading: PendingRead | undefined;
  readonly #closed = new AbortController();

  constructor(openOptions: Required<OpenOptions>, port: PacedPort) {
    this.openOptions = openOptions;
    this.#port = port;
  }

  /** At least one byte, or an error: `canceled` after `close()`, else the device is gone. */
  async read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    if (!this.isOpen) throw canceled();
    this.#reading = pacer.read(this.#port, buffer.subarray(offset, offset + length));
    const bytesRead = await this.#reading.bytesRead;
    return { buffer, bytesRead };
  }

  /** Writes without blocking, because Deno writes files on its main thread; waits while the output buffer is full. */
  async write(buffer: Buffer): Promise<void> {
    let written = 0;
    while (written < buffer.length) {
      if (!this.isOpen) throw canceled();
      written += writeSome(this.#port.nonBlockingFd, buffer.subarray(written));
      if (written === buffer.length) return;
      // A device that echoes accepts no more before its answer is read.
      pacer.poll();
      await this.drain();
    }
  }

  /** Waits for a read under way, at most VTIME, because its file descriptor must not be given to another file. */
  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#closed.abort();
    await this.#reading?.cancel(canceled());
    await Promise.all([close(this.#port.blockingFd), close(this.#port.nonBlockingFd)]);
  }

  async update(options: UpdateOptions): Promise<void> {
    this.openOptions.baudRate = options.baudRate;
    await stty(this.openOptions.path, sttySettings(this.openOptions));
  }

  async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: Number(await stty(this.openOptions.path, ["speed"])) };
  }

  /** Forgets what was received and not read. */
  async flush(): Promise<void> {
    const scrap = new Uint8Array(4096);
    try {
      while (readSync(this.#port.nonBlockingFd, scrap) > 0);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error;
    }
  }

  /** stty applies settings only after all output was sent. */
  async drain(): Promise<void> {
    const { path } = this.openOptions;
    try {
      await stty(path, sttySettings(this.openOptions), this.#closed.signal);
    } catch (error) {
      throw this.isOpen ? error : canceled();
    }
  }

  async set(): Promise<void> {
    throw new TypeError("This binding cannot set control lines (DTR, RTS, break)");
  }

  async get(): Promise<never> {
    throw new TypeError("This binding cannot read control lines (CTS, DSR, DCD)");
  }
}

/**
 * Bytes accepted by the output buffer, 0 when it is full. One at a time: when a longer write fits in part, Deno goes on
 * to the EAGAIN after it and does not report how much was written.
 */
function writeSome(fd: number, bytes: Uint8Array): number {
  let taken = 0;
  try {
    while (taken < bytes.length) taken += writeSync(fd, bytes, taken, 1);
  } catch (error) {
    if (errorCode(error) !== "EAGAIN") throw error;
  }
  return taken;
}

function canceled(): BindingsErrorInterface {
  return Object.assign(new Error("The serial port was closed"), { canceled: true });
}

function withDefaults(options: OpenOptions): Required<OpenOptions> {
  const defaults = { dataBits: 8, stopBits: 1, parity: "none", lock: false, hupcl: true } as const;
  return { ...defaults, rtscts: false, xon: false, xoff: false, xany: false, ...options };
}
