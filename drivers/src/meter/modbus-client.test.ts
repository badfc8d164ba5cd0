import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { withCrc16 } from "./crc16.ts";
import { ModbusClient } from "./modbus-client.ts";
import { RTU } from "./modbus-framing.ts";
import { decodeAnswerPdu } from "./modbus-pdu.ts";

const REQUEST = { function: 3, address: 0, count: 1 } as const;
const never = new AbortController().signal;

function setUp({ retries = 0 } = {}) {
  const clock = new ManualClock();
  const client = new ModbusClient({ clock, framing: RTU, unit: 1, timeoutMs: 100, retries, silenceMs: 4 });
  const askedMs: number[] = [];
  const write = async () => void askedMs.push(clock.elapsedMs());
  return { clock, client, askedMs, ask: () => client.read(REQUEST, write, never) };
}

test("before each request the line is silent for as long as it must be, and no longer", async () => {
  const { clock, client, askedMs, ask } = setUp();
  await clock.advance(1000);
  client.receive(Uint8Array.of(9));
  await clock.advance(1);
  const asked = ask();
  await clock.advance(2);
  expect(askedMs).toEqual([]);
  await clock.advance(1);
  expect(askedMs).toEqual([1004]);
  client.receive(withCrc16([1, 3, 2, 0, 7]));
  expect(await asked).toMatchObject({ ok: true });
  await clock.advance(50);
  const again = ask();
  await clock.advance(0);
  expect(askedMs).toEqual([1004, 1054]);
  await clock.resolve(again);
});

test("a request without an answer is repeated as often as told, and each costs its time", async () => {
  const { clock, client, askedMs, ask } = setUp({ retries: 2 });
  expect(await clock.resolve(ask())).toEqual({ ok: false, code: "no-answer" });
  expect(askedMs).toEqual([0, 100, 200]);
  expect(client.counts()).toMatchObject({ requests: 3, timeouts: 3, answers: 0 });
});

// Modbus Application Protocol V1.1b3, 7.
test.each([
  [1, "illegal-function"],
  [2, "illegal-address"],
  [3, "illegal-value"],
  [4, "device-failure"],
  [5, "acknowledge"],
  [6, "busy"],
  [7, "unknown-exception"],
  [8, "memory-parity"],
  [10, "gateway-path"],
  [11, "gateway-target"],
  [200, "unknown-exception"],
] as const)("exception %d is %s", (exception, code) => {
  expect(decodeAnswerPdu(Uint8Array.of(0x83, exception), REQUEST)).toEqual({ ok: false, code, exception });
});
