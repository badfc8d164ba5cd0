import type { Clock } from "@earshot/protocol";
import { pause } from "@earshot/protocol/runtime";
import { type EventFeed, sseChunk } from "./event-feed.ts";

/** A follower that is this many messages behind is cut off; it reconnects and reads the present state. */
export const MAX_QUEUED_CHUNKS = 64;
/** Short enough for proxies, which commonly close what is silent for a minute. */
export const HEARTBEAT_MS = 15_000;
const RECONNECT_MS = 3000;

interface StreamDeps {
  clock: Clock;
  signal: AbortSignal;
  /** Called once. */
  onEnd?: () => void;
}

/**
 * The body of one follower's response. Ends when the follower goes, falls behind, or `signal` aborts; nothing is
 * left behind then.
 */
export function eventStream(
  feed: EventFeed,
  { clock, signal, onEnd }: StreamDeps,
): ReadableStream<Uint8Array> {
  const ended = new AbortController();
  const encoder = new TextEncoder();
  let end = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (chunk: string) => {
          if (ended.signal.aborted) return;
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(chunk));
          else end();
        };
        const stop = feed.follow(send);
        end = () => ended.abort();
        signal.addEventListener("abort", end);
        ended.signal.addEventListener("abort", () => {
          stop();
          onEnd?.();
          signal.removeEventListener("abort", end);
          closeQuietly(controller);
        });
        send(`retry: ${RECONNECT_MS}\n\n${sseChunk("hello", { nowMs: clock.now() })}`);
        if (signal.aborted) end();
        void beat(send, clock, ended.signal);
      },
      cancel() {
        end();
      },
    },
    new CountQueuingStrategy({ highWaterMark: MAX_QUEUED_CHUNKS }),
  );
}

/** Lets a page distinguish a quiet network from a lost connection. */
async function beat(send: (chunk: string) => void, clock: Clock, signal: AbortSignal): Promise<void> {
  while (await pause(clock, HEARTBEAT_MS, signal)) send(sseChunk("heartbeat", { nowMs: clock.now() }));
}

/** A stream that its reader has cancelled is closed already and says so with a TypeError. */
function closeQuietly(controller: ReadableStreamDefaultController<Uint8Array>): void {
  try {
    controller.close();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}
