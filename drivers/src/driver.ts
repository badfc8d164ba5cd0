import type { LossReason } from "@earshot/protocol/hotspot";

/** How much of what a device sent was understood; every driver counts, none logs per frame. */
export interface DriverCounts {
  /** Frames (sentences, datagrams, objects) understood. */
  frames: number;
  /** Frames recognised and refused: checksum, syntax, range. */
  badFrames: number;
  /** Bytes skipped between frames. */
  garbageBytes: number;
  /** Readings dropped, oldest first, because nobody read them in time. */
  droppedReadings: number;
  /** Of a radio. */
  refusals?: FrameRefusals;
}

/** Frames that a radio's driver refused, apart from noise (a bad or missing checksum). */
export interface FrameRefusals {
  /** Since the driver was opened. */
  byReason: ReadonlyMap<LossReason, number>;
  /** Of the last hour's frames, at most 100: how many were refused, and why the last of them was. */
  recent: { frames: number; refused: number; reason?: LossReason };
}

/**
 * One open device. Iterating yields its readings; it is iterated once.
 *
 * - `close()`, `break` and an error each close the link exactly once; after `close()` the iteration ends.
 * - A device that goes away makes the iteration throw `LinkLostError`: open a new driver to go on.
 */
export interface Driver<R> extends AsyncIterable<R>, AsyncDisposable {
  readonly name: string;
  counts(): Readonly<DriverCounts>;
  close(): Promise<void>;
}

/** The device, its socket or its cable went away, or never came. */
export class LinkLostError extends Error {
  readonly code = "link-lost";
  override readonly name = "LinkLostError";
}

/** A two-way stream of bytes: a serial port, a TCP connection, or a fake. Throws `LinkLostError` when lost. */
export interface ByteLink extends AsyncIterable<Uint8Array> {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a link; gives up as soon as `signal` is aborted. */
export type OpenByteLink = (signal?: AbortSignal) => Promise<ByteLink>;

export interface SocketAddress {
  host: string;
  port: number;
}

export interface Datagram {
  bytes: Uint8Array;
  from: SocketAddress;
}

/** A bound UDP socket or a fake. */
export interface DatagramSocket extends AsyncIterable<Datagram> {
  readonly local: SocketAddress;
  send(bytes: Uint8Array, to: SocketAddress): Promise<void>;
  close(): Promise<void>;
}
