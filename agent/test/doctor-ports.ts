import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type ByteLink, openSerial, type SerialDevice } from "@earshot/drivers";
import type { TestDevice } from "@earshot/drivers/testing";
import type { ManualClock } from "@earshot/protocol/testing";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";

/** What a byte becomes when both ends are set to different baud rates. */
const garbled = (bytes: Uint8Array) => bytes.map((byte) => ((byte * 5) ^ 0x99) & 0xfe);

/**
 * A device at a pseudo-terminal, which passes bytes whatever baud rate is set: the rates are played here. It speaks
 * when the port is opened, and answers at its own rate only.
 */
class PtyPort {
  readonly path: string;
  readonly bauds: number[] = [];
  readonly #device: TestDevice | undefined;
  readonly #socat: ChildProcessWithoutNullStreams;
  readonly #onTraffic: () => void;
  /** On the way to the device, and to the computer. */
  #toDevice = 0;
  #toComputer = 0;

  constructor(path: string, device: TestDevice | undefined, onTraffic: () => void) {
    this.path = path;
    this.#device = device;
    this.#onTraffic = onTraffic;
    this.#socat = spawn("socat", ["-d", "-d", `pty,raw,echo=0,link=${path}`, "STDIO"]);
    this.#socat.stdin.on("error", () => {});
    this.#socat.stdout.on("data", (bytes: Uint8Array) => this.#hear(bytes));
  }

  get isQuiet(): boolean {
    return this.#toDevice === 0 && this.#toComputer === 0;
  }

  /** Once socat has made the terminal. */
  async ready(): Promise<this> {
    let said = "";
    for await (const text of this.#socat.stderr) {
      said += text;
      if (said.includes("starting data transfer loop")) return this;
    }
    throw new Error(`socat made no terminal: ${said}`);
  }

  async open(baudRate: number): Promise<ByteLink> {
    const link = await openSerial({ path: this.path, baudRate });
    this.bauds.push(baudRate);
    for (let i = 1; i <= 3; i += 1) {
      const said = this.#device?.talk?.(i);
      if (said !== undefined) this.#say(this.#isRight ? said : garbled(said));
    }
    return this.#counted(link);
  }

  async end(): Promise<void> {
    const exited = once(this.#socat, "exit");
    this.#socat.kill();
    await exited;
  }

  get #isRight(): boolean {
    return this.bauds.at(-1) === this.#device?.baudRate;
  }

  #say(bytes: Uint8Array): void {
    this.#toComputer += bytes.length;
    this.#socat.stdin.write(bytes);
  }

  #hear(bytes: Uint8Array): void {
    this.#toDevice = Math.max(0, this.#toDevice - bytes.length);
    const answer = this.#isRight ? this.#device?.answer?.(bytes) : undefined;
    if (answer !== undefined && answer.length > 0) this.#say(answer);
    this.#onTraffic();
  }

  #heard(bytes: Uint8Array): Uint8Array {
    this.#toComputer = Math.max(0, this.#toComputer - bytes.length);
    this.#onTraffic();
    return bytes;
  }

  /** What was still on the way is lost, and nobody waits for it. */
  async #close(link: ByteLink): Promise<void> {
    await link.close();
    this.#toDevice = 0;
    this.#toComputer = 0;
    this.#onTraffic();
  }

  /** The link, with every byte counted that passes. */
  #counted(link: ByteLink): ByteLink {
    const heard = (bytes: Uint8Array) => this.#heard(bytes);
    return {
      write: (bytes) => {
        this.#toDevice += bytes.length;
        return link.write(bytes);
      },
      close: () => this.#close(link),
      async *[Symbol.asyncIterator]() {
        for await (const bytes of link) yield heard(bytes);
      },
    };
  }
}

/** Serial ports with devices, and a clock that stands still as long as any byte or any work is under way. */
export class PortBench implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #ports: PtyPort[] = [];
  #work = 0;
  #changed = Promise.withResolvers<void>();

  /** A port with this device, or with none. */
  async plug(name: string, device?: TestDevice): Promise<string> {
    const port = new PtyPort(join(this.#folder, name), device, () => this.#tell());
    this.#ports.push(await port.ready());
    return port.path;
  }

  devices(): SerialDevice[] {
    return this.#ports.map(({ path }) => ({ path, stablePath: path, isConsole: false }));
  }

  /** Baud rates at which a port was opened. */
  bauds(path: string): readonly number[] {
    return this.#at(path).bauds;
  }

  open(path: string, baudRate: number): Promise<ByteLink> {
    return this.during(async () => {
      const link = await this.#at(path).open(baudRate);
      return Object.assign(link, { close: this.#guarded(link.close) });
    });
  }

  /** Does something in which no time passes. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#work += 1;
    try {
      return await work();
    } finally {
      this.#work -= 1;
      this.#tell();
    }
  }

  /** Lets time pass, whenever all is quiet, until it is done. */
  async finish<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
    let isDone = false;
    const end = () => {
      isDone = true;
      this.#tell();
    };
    promise.then(end, end);
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      const changed = this.#changed.promise;
      if (this.#work === 0 && this.#ports.every(({ isQuiet }) => isQuiet)) await clock.advance(50);
      else if (!isDone) await changed;
    }
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ports.map((port) => port.end()));
  }

  #at(path: string): PtyPort {
    const port = this.#ports.find((one) => one.path === path);
    if (port === undefined) throw new Error(`There is no port ${path}`);
    return port;
  }

  #guarded(close: () => Promise<void>): () => Promise<void> {
    return () => this.during(close);
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
