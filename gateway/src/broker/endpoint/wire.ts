import type { Socket } from "node:net";
import type { Clock } from "@earshot/protocol";
import { FrameError, FrameReader } from "../mqtt/frame-reader.ts";
import { type DisconnectReason, MqttError } from "./close-reasons.ts";
import {
  CLOSE_LIMIT_MS,
  MAX_BACKLOG_BYTES,
  MAX_FRAME_BYTES,
  READY_BYTES,
  STALL_LIMIT_MS,
} from "./endpoint-limits.ts";

interface WireEvents {
  /** One whole MQTT packet, good until this returns. May throw `MqttError`. */
  onFrame(frame: Buffer): void;
  /** More can be sent. */
  onReady(): void;
  /** The connection cannot go on; `end` or `destroy` is the receiver's. */
  onFailure(reason: DisconnectReason, error?: unknown): void;
  /** The socket is closed; once. */
  onClosed(): void;
}

/**
 * A socket with bounded buffers. It is read only while reading is wanted and the other side takes the answers; what is
 * sent in one turn of the event loop goes out in one write.
 */
export class Wire {
  readonly #socket: Socket;
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #events: WireEvents;
  readonly #frames = new FrameReader(MAX_FRAME_BYTES, "refuse");
  /** When bytes came last. */
  heardElapsedMs: number;
  #out: Uint8Array[] = [];
  #outBytes = 0;
  #isHeld = true;
  #stalledElapsedMs: number | undefined;
  #endedElapsedMs: number | undefined;

  /** Reads nothing before `release`. */
  constructor(socket: Socket, clock: Pick<Clock, "elapsedMs">, events: WireEvents) {
    this.#socket = socket;
    this.#clock = clock;
    this.#events = events;
    this.heardElapsedMs = clock.elapsedMs();
    socket.pause();
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.once("close", () => events.onClosed());
    // A reset is followed by "close"; without a listener it would end the program.
    socket.on("error", () => {});
  }

  /** Bytes read that wait to be looked at. */
  get heldBytes(): number {
    return this.#frames.heldBytes;
  }

  get isReady(): boolean {
    return this.#stalledElapsedMs === undefined && this.#outBytes < READY_BYTES;
  }

  /** Whether nothing is read at present, so that silence is not the client's. */
  get isPaused(): boolean {
    return this.#isHeld || this.#stalledElapsedMs !== undefined;
  }

  /** Stops reading, until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#read();
  }

  write(bytes: Uint8Array): void {
    if (this.#endedElapsedMs !== undefined) return;
    this.#out.push(bytes);
    this.#outBytes += bytes.length;
    if (this.#out.length === 1) queueMicrotask(() => this.#flush());
  }

  /** Sends what waits and closes this side; nothing more is read or sent. */
  end(): void {
    if (this.#endedElapsedMs !== undefined) return;
    this.#endedElapsedMs = this.#clock.elapsedMs();
    this.#socket.end(this.#takeOut());
    // To see the other side's end.
    this.#socket.resume();
  }

  destroy(): void {
    this.#endedElapsedMs ??= this.#clock.elapsedMs();
    this.#socket.destroy();
  }

  /** Call periodically: closes sockets that accept nothing, or stay open after their end. */
  tick(elapsedMs: number): void {
    if (this.#endedElapsedMs !== undefined) {
      if (elapsedMs - this.#endedElapsedMs >= CLOSE_LIMIT_MS) this.#socket.destroy();
    } else if (this.#stalledElapsedMs !== undefined && elapsedMs - this.#stalledElapsedMs >= STALL_LIMIT_MS) {
      this.#events.onFailure("slow_reader");
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#endedElapsedMs !== undefined) return;
    this.heardElapsedMs = this.#clock.elapsedMs();
    this.#frames.push(chunk);
    this.#read();
  }

  #read(): void {
    try {
      while (!this.isPaused && this.#endedElapsedMs === undefined) {
        const frame = this.#frames.next();
        if (frame === undefined) break;
        this.#events.onFrame(frame.bytes);
      }
    } catch (error) {
      if (error instanceof MqttError) this.#events.onFailure(error.reason);
      else if (error instanceof FrameError) this.#events.onFailure(error.code);
      else this.#events.onFailure("internal_error", error);
    }
    this.#frames.compact();
    if (this.#endedElapsedMs !== undefined) return;
    if (this.isPaused) this.#socket.pause();
    else this.#socket.resume();
  }

  #flush(): void {
    if (this.#out.length === 0 || this.#endedElapsedMs !== undefined) return;
    const isTaken = this.#socket.write(this.#takeOut());
    if (isTaken) this.#events.onReady();
    else if (this.#socket.writableLength > MAX_BACKLOG_BYTES) this.#events.onFailure("slow_reader");
    else {
      this.#stalledElapsedMs ??= this.#clock.elapsedMs();
      this.#socket.pause();
    }
  }

  #onDrain(): void {
    this.#stalledElapsedMs = undefined;
    if (this.#endedElapsedMs !== undefined) return;
    this.#events.onReady();
    this.#read();
  }

  #takeOut(): Uint8Array {
    const [first = new Uint8Array()] = this.#out;
    const bytes = this.#out.length <= 1 ? first : Buffer.concat(this.#out);
    this.#out = [];
    this.#outBytes = 0;
    return bytes;
  }
}
