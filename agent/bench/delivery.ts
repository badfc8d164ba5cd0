import type { AgentStatus } from "../src/board/agent-status.ts";
import { startMosquitto } from "../src/testing/mqtt-brokers.ts";
import { AgentProcess, type Runtime, writeConfig } from "../test/agent-process.ts";
import { loraFrameOf } from "../test/beacon-frames.ts";
import { FakeForwarder } from "../test/fake-forwarder.ts";
import { FakeNetwork } from "../test/fake-network.ts";
import { processUse } from "./process-use.ts";

/** A frame a second is heard, each of another hotspot's beacon: every one becomes a packet. */
const FRAME_PERIOD_MS = 1000;
const MOST_LATENCY_MS = 20;
const MOST_KIB_A_WRITE = 8;
const SETTLE_FRAMES = 5;

export interface Delivery {
  /** From the forwarder's datagram to the packet at the broker's other side; median and 95th percentile. */
  p50Ms: number;
  p95Ms: number;
  kibAWrite: number;
  mbADay: number;
  rssMiB: number;
}

/** Hotspot with a packet forwarder and nothing else, broker and network side over real sockets, disk and processes. */
export async function measureDelivery(runtime: Runtime, seconds: number): Promise<Delivery> {
  const broker = await startMosquitto(() => ["allow_anonymous true"]);
  const network = await FakeNetwork.connect(broker.port);
  network.confirm();
  const agent = new AgentProcess(runtime, writeConfig({ broker: broker.port, gpsd: 1 }));
  const forwarder = new FakeForwarder(await agent.radioPort());
  try {
    await forwarder.pull();
    await network.until(() => network.of("status").length > 0);
    let number = 0;
    const hear = async () => {
      const count = network.of("witness").length;
      const startMs = performance.now();
      forwarder.push([loraFrameOf(++number, Date.now())]);
      await network.until(() => network.of("witness").length > count);
      const passedMs = performance.now() - startMs;
      await Bun.sleep(FRAME_PERIOD_MS - passedMs);
      return passedMs;
    };
    for (let i = 0; i < SETTLE_FRAMES; i++) await hear();
    const page = await agent.pageAddress();
    const writes = async () =>
      ((await (await fetch(`${page}status.json`)).json()) as AgentStatus).outbox.writes;
    const before = { ...processUse(agent.pid), writes: await writes(), atMs: performance.now() };
    const latenciesMs: number[] = [];
    while (latenciesMs.length < seconds) latenciesMs.push(await hear());
    const after = { ...processUse(agent.pid), writes: await writes(), atMs: performance.now() };
    latenciesMs.sort((one, other) => one - other);
    const writtenKiB = after.writtenKiB - before.writtenKiB;
    return {
      p50Ms: latenciesMs[Math.floor(latenciesMs.length / 2)] ?? Number.NaN,
      p95Ms: latenciesMs[Math.floor(latenciesMs.length * 0.95)] ?? Number.NaN,
      kibAWrite: writtenKiB / (after.writes - before.writes),
      mbADay: (writtenKiB * 1024 * 86_400_000) / (after.atMs - before.atMs) / 1e6,
      rssMiB: after.rssMiB,
    };
  } finally {
    forwarder.close();
    await agent.end("SIGTERM");
    await network.close();
    await broker.stop();
  }
}

export const isTooSlow = ({ p50Ms, kibAWrite }: Delivery): boolean =>
  p50Ms > MOST_LATENCY_MS || kibAWrite > MOST_KIB_A_WRITE;

export function deliveryText({ p50Ms, p95Ms, kibAWrite, mbADay, rssMiB }: Delivery): string {
  return [
    "With a packet forwarder alone and a beacon heard each second:\n",
    `  at the broker after ${p50Ms.toFixed(1)} ms (95 %: ${p95Ms.toFixed(1)} ms; the median should be ${MOST_LATENCY_MS} ms at most)`,
    `  ${kibAWrite.toFixed(1)} KiB a write (at most ${MOST_KIB_A_WRITE}), ${mbADay.toFixed(0)} MB a day; ${rssMiB.toFixed(0)} MiB of memory`,
  ].join("\n");
}
