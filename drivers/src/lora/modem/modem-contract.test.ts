import { ManualClock } from "@earshot/protocol/testing";
import { driverContract } from "../../testing/driver-contract.ts";
import { MemoryLink } from "../../testing/memory-link.ts";
import type { LoraReading } from "../lora-reading.ts";
import { MODEMS, NOW_MS, SETTINGS, textBytes } from "./test-bench.ts";

const CAPACITY = 16;

for (const [name, kind] of Object.entries(MODEMS)) {
  driverContract<LoraReading>(`${name} modem`, {
    capacity: CAPACITY,
    maxFrameBytes: kind.maxFrameBytes,
    async open() {
      const modem = kind.make();
      const link = new MemoryLink({
        onWrite: (bytes, self) => self.push(textBytes(modem.answer(bytes))),
      });
      const clock = new ManualClock(NOW_MS);
      const driver = kind.open(link, { clock, capacity: CAPACITY, ...SETTINGS });
      await clock.resolve(driver.ready);
      let next = 0;
      const frames = (count: number) => Array.from({ length: count }, () => kind.frame(next++)).join("");
      const feed = async (text: string, pieceBytes = text.length) => {
        link.pushSplit(textBytes(text), pieceBytes);
        await link.drained();
        // What it asks of each frame, and is answered.
        await clock.advance(0);
      };
      return {
        driver,
        feedGood: (count) => feed(frames(count)),
        feedGarbage: () => feed(kind.garbage),
        feedSplit: (count, pieceBytes) => feed(frames(count), pieceBytes),
        feedFlood: (bytes) => feed(`${"+RCV=9,240,".repeat(bytes / 11 + 1).slice(0, bytes - 2)}\r\n`, 4096),
        lose: () => link.lose(),
        linkCloses: () => link.closeCalls,
      };
    },
  });
}
