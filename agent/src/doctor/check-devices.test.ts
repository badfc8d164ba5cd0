import { expect, test } from "bun:test";
import { bindUdp } from "@earshot/drivers";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import type { Config } from "../config/config.ts";
import type { Terminal } from "../terminal.ts";
import { configWith } from "../testing/config-with.ts";
import { checkGps, checkRadio } from "./check-devices.ts";

const RADIO = `
[lora]
type = "semtech-udp"
listen = "127.0.0.1:0"
`;

const configOf = (more = ""): Config => configWith(RADIO + more);

/** Its `told` resolves with the first line on standard error. */
function terminal() {
  const told = Promise.withResolvers<string>();
  const clock = new ManualClock();
  const all: Terminal = {
    clock,
    random: seededRandom(1),
    environment: {},
    isInteractive: true,
    version: "test",
    logReader: "program",
    out: () => {},
    error: (line) => told.resolve(line),
    signal: new AbortController().signal,
  };
  return { clock, all, told: told.promise };
}

test("no packet forwarder: says how to set one up", async () => {
  const { clock, all, told } = terminal();
  const checking = checkRadio(configOf(), all);
  expect(await told).toMatch(/^Waiting for a packet forwarder at semtech-udp 127\.0\.0\.1:\d+\n/);
  const part = await clock.resolve(checking);
  expect(part).toMatchObject({ health: "broken", text: "no packet forwarder spoke to 127.0.0.1:0 in 12 s" });
  expect(part.advice).toContain('"server_address"');
  expect(clock.pending).toBe(0);
});

test("no Basics Station: says what its own files must hold", async () => {
  const { clock, all, told } = terminal();
  const listen = { host: "127.0.0.1", port: 0 };
  const lora = { type: "basics-station", listen, region: "EU868", powerDbm: 13 } as const;
  const checking = checkRadio({ ...configOf(), lora }, all);
  expect(await told).toStartWith("Waiting for a Basics Station at ");
  const part = await clock.resolve(checking);
  expect(part).toMatchObject({ health: "broken", text: "no Basics Station spoke to 127.0.0.1:0 in 12 s" });
  expect(part.advice).toContain("tc.uri");
  expect(part.advice).not.toContain("serv_port");
  expect(clock.pending).toBe(0);
});

test("a port in use: says that it must be free", async () => {
  const taken = await bindUdp({ host: "127.0.0.1", port: 0 });
  const config = configOf();
  const listen = { ...config.lora, listen: taken.local };
  const part = await checkRadio({ ...config, lora: listen }, terminal().all);
  await taken.close();
  expect(part.health).toBe("broken");
  expect(part.advice).toContain(`Port ${taken.local.port} must be free`);
});

test("no GPS configured is fine; one that is not there is not", async () => {
  expect(await checkGps(configOf(), terminal().all)).toMatchObject({
    health: "ok",
    text: "none is configured",
  });
  const gone = configOf('[gps]\ntype = "nmea"\ndevice = "/dev/earshot-no-such-port"\n');
  const part = await checkGps(gone, terminal().all);
  expect(part.health).toBe("broken");
  expect(part.text).toContain("/dev/earshot-no-such-port");
});
