import type { ByteLink } from "@earshot/drivers";
import { MemoryLink } from "@earshot/drivers/testing";
import type { Clock } from "@earshot/protocol";
import { writeNmea } from "./nmea-writer.ts";
import type { Sky } from "./sky.ts";

const SECOND_MS = 1000;

/** A receiver on a serial line without the line: sends its NMEA once a second until the link or `signal` ends. */
export function openVirtualNmea(clock: Clock, sky: Sky, signal: AbortSignal): ByteLink {
  const closed = new AbortController();
  const ended = AbortSignal.any([signal, closed.signal]);
  const link = new MemoryLink();
  void sendEachSecond(link, clock, sky, ended);
  return {
    write: (bytes) => link.write(bytes),
    async close() {
      closed.abort();
      await link.close();
    },
    [Symbol.asyncIterator]: () => link[Symbol.asyncIterator](),
  };
}

async function sendEachSecond(link: MemoryLink, clock: Clock, sky: Sky, ended: AbortSignal): Promise<void> {
  try {
    while (!ended.aborted) {
      await clock.sleep(SECOND_MS - (clock.now() % SECOND_MS), ended);
      link.push(writeNmea(sky.at(clock.now())));
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}
