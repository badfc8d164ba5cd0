import type { ByteLink, Driver, DriverCounts, OpenByteLink } from "../driver.ts";
import { taskDriver } from "./task-driver.ts";

/** Bytes in, readings out; keeps a bounded buffer and never throws. */
export interface StreamDecoder<R> {
  /** Frames understood and refused, and bytes skipped, so far. */
  readonly counts: Readonly<Omit<DriverCounts, "droppedReadings">>;
  push(bytes: Uint8Array): R[];
  /** What is complete enough to report when no more bytes will come. */
  flush(): R[];
}

export interface StreamDriverOptions<R> {
  name: string;
  /** An open link, or how to open one; failing to open it is thrown by the iteration. */
  link: ByteLink | OpenByteLink;
  decoder: StreamDecoder<R>;
  /** Readings queued for a slow consumer. */
  capacity: number;
  /** Written once the link is open. */
  greeting?: Uint8Array;
}

/** A driver that decodes a byte link. It reads from the moment it is made, whether or not anybody iterates. */
export function streamDriver<R>(options: StreamDriverOptions<R>): Driver<R> {
  const { name, capacity, decoder } = options;
  return taskDriver({
    name,
    capacity,
    counts: () => decoder.counts,
    run: (emit, signal) => decodeLink(options, emit, signal),
  });
}

async function decodeLink<R>(
  { link, decoder, greeting }: StreamDriverOptions<R>,
  emit: (reading: R) => void,
  signal: AbortSignal,
): Promise<void> {
  const open = typeof link === "function" ? await link(signal) : link;
  const close = onceClosed(open);
  signal.addEventListener("abort", close);
  try {
    if (greeting !== undefined && !signal.aborted) await open.write(greeting);
    if (!signal.aborted) await decodeUntilEnd(open, decoder, emit, signal);
  } finally {
    for (const reading of decoder.flush()) emit(reading);
    signal.removeEventListener("abort", close);
    await close();
  }
}

async function decodeUntilEnd<R>(
  link: ByteLink,
  decoder: StreamDecoder<R>,
  emit: (reading: R) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const bytes of link) {
    if (signal.aborted) return;
    for (const reading of decoder.push(bytes)) emit(reading);
  }
}

/** A link that fails to close is gone all the same. */
function onceClosed(link: ByteLink): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= link.close().catch(() => {});
    return closing;
  };
}
