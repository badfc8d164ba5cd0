import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { systemClock } from "@earshot/protocol/runtime";
import { LinkLostError } from "../src/driver.ts";
import { openSerial } from "../src/link/serial-link.ts";
import { openTcp } from "../src/link/tcp-link.ts";
import { type MeterDriver, openModbusRtu, openModbusTcp } from "../src/meter/meter.ts";
import { fillSdm120, type MeterFault, TestMeter } from "../src/meter/test-meter.ts";
import { makePtyPair } from "./pty-pair.ts";

/** Asked again at once; a slow machine's late answer must not make a time-out, of which only one test has any. */
const OPTIONS = { clock: systemClock, unit: 1, map: "sdm120", periodMs: 1, timeoutMs: 10_000 } as const;
const FAULTS: MeterFault[] = ["noise", "echo", "other-unit", { exception: 6 }];

/** Meters on a real line and a real socket, run under Bun by `meter-real.test.ts` and under Deno by `meter-checks-main.ts`. */
export const meterChecks: Record<string, () => Promise<void>> = {
  "RTU on a serial port: read through noise, echo, answers of others; lost when unplugged; read again":
    async () => {
      for (let round = 0; round < 2; round += 1) await readOverPty(FAULTS);
    },

  "RTU: an answer that breaks off is asked for again": () =>
    readOverPty(["truncated"], { timeoutMs: 300, baudRate: 115_200 }),

  "TCP: read, lost when the meter hangs up": async () => {
    const meter = filled("tcp");
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const accepted = once(server, "connection");
    const { port } = server.address() as AddressInfo;
    const driver = openModbusTcp(
      (signal) => openTcp({ host: "127.0.0.1", port, ...(signal && { signal }) }),
      OPTIONS,
    );
    const [socket] = (await accepted) as [Socket];
    socket.on("data", (bytes: Uint8Array) => socket.write(meter.answer(bytes)));
    meter.faults.push("other-transaction", { exception: 4 });
    await readThenLose(driver, async () => void socket.destroy());
    server.close();
  },

  "a port that nobody serves is a LinkLostError": async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const driver = openModbusTcp(() => openTcp({ host: "127.0.0.1", port }), OPTIONS);
    await assert.rejects(driver[Symbol.asyncIterator]().next(), LinkLostError);
  },
};

function filled(framing: "rtu" | "tcp"): TestMeter {
  const meter = new TestMeter({ framing });
  fillSdm120(meter);
  return meter;
}

async function readOverPty(
  faults: readonly MeterFault[],
  options: { timeoutMs?: number; baudRate?: number } = {},
): Promise<void> {
  const { baudRate = 2400 } = options;
  await using pair = await makePtyPair();
  const line = await openSerial({ path: pair.paths[1], baudRate });
  const meter = filled("rtu");
  meter.faults.push(...faults);
  const serving = (async () => {
    for await (const bytes of line) {
      const answer = meter.answer(bytes);
      if (answer.length > 0) await line.write(answer);
    }
  })().catch(() => {});
  const port = () => openSerial({ path: pair.paths[0], baudRate });
  const driver = openModbusRtu(port, { ...OPTIONS, ...options, baudRate });
  await readThenLose(driver, () => pair.unplug());
  await line.close();
  await serving;
}

/** Takes readings until three were whole, then loses the meter. */
async function readThenLose(driver: MeterDriver, lose: () => Promise<void>): Promise<void> {
  let whole = 0;
  const reading = (async () => {
    for await (const { quantities } of driver) {
      if (quantities.voltage_v !== undefined) assert.equal(quantities.voltage_v, 230);
      if (quantities.energy_wh !== undefined) assert.equal(quantities.energy_wh, 12_500);
      whole += Object.keys(quantities).length === 9 ? 1 : 0;
      if (whole === 3) await lose();
    }
  })();
  await assert.rejects(reading, LinkLostError);
  assert.ok(whole >= 3);
  assert.ok(driver.state().answers >= 6);
}
