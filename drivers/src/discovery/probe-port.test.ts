import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { bytesOf } from "../../test/nmea-text.ts";
import { MemoryLink } from "../testing/memory-link.ts";
import { PROBE_PLAN } from "./probe-plan.ts";
import { type ProbeOutcome, probePort } from "./probe-port.ts";
import { type TestDevice, testDevices } from "./test-devices.ts";

/** A serial line: at a wrong baud rate both ends hear something else. */
class TestLine {
  readonly links: MemoryLink[] = [];
  readonly bauds: number[] = [];
  readonly #device: TestDevice | undefined;

  constructor(device: TestDevice | undefined) {
    this.#device = device;
  }

  open = async (baudRate: number): Promise<MemoryLink> => {
    const device = this.#device;
    const isRight = device?.baudRate === baudRate;
    const onWrite = (bytes: Uint8Array, self: MemoryLink) => {
      const answer = isRight ? device?.answer?.(bytes) : undefined;
      if (answer !== undefined && answer.length > 0) self.pushSplit(answer, 7);
    };
    const link = new MemoryLink({ onWrite });
    for (let i = 1; i <= 3 && device?.talk !== undefined; i += 1) {
      const said = device.talk(i);
      link.pushSplit(isRight ? said : said.map((byte) => ((byte * 5) ^ 0x99) & 0xfe), 11);
    }
    this.links.push(link);
    this.bauds.push(baudRate);
    return link;
  };

  get written(): Uint8Array[] {
    return this.links.flatMap(({ written }) => written);
  }

  get isLeftOpen(): boolean {
    return this.links.some(({ closeCalls }) => closeCalls !== 1);
  }
}

async function probe(device: TestDevice | undefined) {
  const clock = new ManualClock();
  const line = new TestLine(device);
  const outcome = await clock.resolve(probePort({ open: line.open, clock }));
  expect(clock.pending).toBe(0);
  expect(line.isLeftOpen).toBe(false);
  return { outcome, line };
}

describe("each device is found at its baud rate", () => {
  test.each(Object.entries(testDevices()))("%s", async (_, device) => {
    const { outcome } = await probe(device);
    expect(outcome).toMatchObject({
      state: "found",
      device: { type: device.type },
      baudRate: device.baudRate,
    });
    expect(outcome.tookMs).toBeLessThan(15_000);
  });

  test("with the name that it gives itself", async () => {
    const devices = testDevices();
    const described = async (name: string) => {
      const { outcome } = await probe(devices[name]);
      return outcome.state === "found" ? outcome.device : undefined;
    };
    expect((await described("u-blox receiver with NMEA"))?.description).toBe("u-blox NEO-M9N, EXT CORE");
    expect((await described("SPS30"))?.description).toEndWith("product type 00080000");
    expect(await described("SDM120")).toEqual({
      type: "modbus",
      description: "Eastron SDM120, 230.0 V",
      unit: 1,
      map: "sdm120",
    });
    expect((await described("PZEM-016"))?.map).toBe("pzem-016");
  });
});

const READ_ONLY = PROBE_PLAN.steps.flatMap(({ queries }) => queries.map(({ request }) => request.toHex()));

test("a silent port: asked everything that the plan says, nothing else, in bounded time", async () => {
  const { outcome, line } = await probe(undefined);
  expect(outcome.state).toBe("silent");
  expect(outcome.tookMs).toBeLessThan(12_000);
  expect(line.written.map((bytes) => bytes.toHex())).toEqual(READ_ONLY);
  console.log(`a silent port takes ${outcome.tookMs} ms`);
});

test("nothing that is written can set anything", () => {
  const SETTING = /AT\+\w+=(?!\?)|set|save|radio|mac/i;
  const UBX_POLL = "b5620a0400000e34";
  for (const hex of new Set(READ_ONLY)) {
    const bytes = Uint8Array.fromHex(hex);
    const isModbusRead = bytes.length === 8 && bytes[0] === 1 && (bytes[1] === 3 || bytes[1] === 4);
    const isShdlcInformation = bytes[0] === 0x7e && bytes[2] === 0xd0;
    const text = new TextDecoder("latin1").decode(bytes);
    const isQuestion = /^[ -~]+\r\n$/.test(text) && !SETTING.test(text);
    expect([hex, isModbusRead || isShdlcInformation || hex === UBX_POLL || isQuestion]).toEqual([hex, true]);
  }
});

test("one that talks and is nothing known is listened to at every rate and asked nothing", async () => {
  const talk = () => Uint8Array.from({ length: 40 }, (_, at) => (at * 37) ^ 0xc3);
  const { outcome, line } = await probe({ type: "nmea", baudRate: 1, talk });
  expect(outcome).toMatchObject({ state: "unknown", baudRate: 9600 });
  expect(line.written).toEqual([]);
  expect(outcome.tookMs).toBeLessThan(15_000);
});

test("a modem that says something by itself is asked all the same", async () => {
  const rak = testDevices().RAK3172;
  const talk = () => bytesOf("+EVT:RXP2P RECEIVE ERROR\r\n");
  const { outcome } = await probe({ type: "rak3172", baudRate: 115_200, talk, ...rak });
  expect(outcome).toMatchObject({ state: "found", device: { type: "rak3172" } });
});

describe("a port that", () => {
  const run = async (open: () => Promise<MemoryLink>): Promise<ProbeOutcome> => {
    const clock = new ManualClock();
    const outcome = await clock.resolve(probePort({ open, clock }));
    expect(clock.pending).toBe(0);
    return outcome;
  };

  test("cannot be opened says why", async () => {
    const open = () => Promise.reject(new Error("permission denied"));
    expect(await run(open)).toMatchObject({ state: "failed", why: "permission denied" });
  });

  test("is unplugged meanwhile says so", async () => {
    const open = async () => {
      const link = new MemoryLink();
      link.lose("it was unplugged");
      return link;
    };
    expect(await run(open)).toMatchObject({ state: "failed", why: "it was unplugged" });
  });

  test("takes no bytes holds nobody up", async () => {
    class Stuck extends MemoryLink {
      override write(): Promise<void> {
        return Promise.withResolvers<void>().promise;
      }
    }
    expect(await run(async () => new Stuck())).toMatchObject({ state: "silent" });
  });

  test("floods is given up in the same time", async () => {
    const open = async () => {
      const link = new MemoryLink();
      link.pushSplit(new Uint8Array(1_000_000).fill(0xd3), 4096);
      return link;
    };
    const outcome = await run(open);
    expect(outcome).toMatchObject({ state: "unknown" });
    expect(outcome.tookMs).toBeLessThan(15_000);
  });
});

test("the limit and the caller end it, with everything closed", async () => {
  const clock = new ManualClock();
  const line = new TestLine(undefined);
  const limited = await clock.resolve(probePort({ open: line.open, clock, limitMs: 3000 }));
  expect(limited).toEqual({ state: "silent", tookMs: 3000 });
  const stop = new AbortController();
  const stopped = probePort({ open: line.open, clock, signal: stop.signal });
  await clock.advance(100);
  stop.abort();
  await stopped;
  expect(clock.pending).toBe(0);
  expect(line.isLeftOpen).toBe(false);
});

test("any answers at all: it ends in time and recognises nothing in noise", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), async (answers) => {
      let turn = 0;
      const answer = () => answers[turn++ % Math.max(1, answers.length)] ?? new Uint8Array();
      const clock = new ManualClock();
      const open = async () => new MemoryLink({ onWrite: (_, link) => link.push(answer()) });
      const outcome = await clock.resolve(probePort({ open, clock }));
      expect(outcome.tookMs).toBeLessThan(20_001);
      expect(["silent", "unknown"]).toContain(outcome.state);
    }),
    { numRuns: 30 },
  );
});
