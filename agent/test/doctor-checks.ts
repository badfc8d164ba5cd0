import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { bindUdp, encodeGwmp } from "@earshot/drivers";
import { testDevices } from "@earshot/drivers/testing";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { lookForDevices } from "../src/cli/doctor.ts";
import { main } from "../src/cli/main.ts";
import { portUsers } from "../src/devices/port-users.ts";
import type { Surroundings } from "../src/doctor/find-devices.ts";
import { configWith } from "../src/testing/config-with.ts";
import { freePort } from "../src/testing/mqtt-brokers.ts";
import { PortBench } from "./doctor-ports.ts";
import { otherProgramOn } from "./pty-device.ts";

/** Garbage, as a device that nothing here knows says it. */
const GARBAGE = Uint8Array.from({ length: 60 }, (_, i) => ((i * 37) ^ 0xc3) | 0x80);

/** What `doctor` finds on real ports and sockets, run under Bun by `doctor.test.ts`, under Deno by `doctor-checks-main.ts`. */
export const doctorChecks: Record<string, () => Promise<void>> = {
  "every device is found on its port, and the printed lines are a configuration": async () => {
    await using bench = new PortBench();
    const devices = Object.entries(testDevices());
    for (const [name, device] of devices) await bench.plug(name.replaceAll(" ", "-"), device);
    const silent = await bench.plug("silent");
    await bench.plug("garbage", { type: "nmea", baudRate: 1, talk: () => GARBAGE });
    const { text, tookMs } = await look(bench);

    const { gps, lora, sensors } = configWith(configurationIn(text));
    const types = (...wanted: string[]) => devices.filter(([, { type }]) => wanted.includes(type));
    for (const [name, { type, baudRate }] of devices) {
      const path = pathOf(bench, name);
      assert.ok(text.includes(`  ${path}\n`), path);
      // Of several receivers or modems all but the first stand as comments.
      const section = new RegExp(
        `type = "${type}"\n(?:# )?device = ${JSON.stringify(path)}\n(?:# )?baud = ${baudRate}\n`,
      );
      assert.match(text, section);
    }
    assert.equal("device" in gps && gps.device, pathOf(bench, "NMEA receiver"));
    assert.equal("device" in lora && lora.device, pathOf(bench, "RAK3172"));
    const rest = types("rtcm3", "nmea-weather", "pms5003", "sds011", "sps30", "json-lines", "modbus");
    assert.deepEqual(
      sensors.map(({ type, link }) => [type, "device" in link ? link.device : undefined]),
      rest.map(([name, { type }]) => [type, pathOf(bench, name)]),
    );
    assert.match(text, /garbage\n {4}speaks, and is not understood: [0-9a-f]{32} at 9600 baud\n/);
    assert.match(text, /silent\n {4}silent: nothing is there/);
    assert.deepEqual(bench.bauds(silent), [9600, 115_200, 38_400, 57_600, 2400, 19_200]);
    assert.ok(tookMs < 22_000, `it took ${tookMs} ms`);
  },

  "a port that another program has open is told with its name, and not opened": async () => {
    await using bench = new PortBench();
    const { PMS5003, SDS011 } = testDevices();
    const taken = await bench.plug("taken", PMS5003);
    await bench.plug("free", SDS011);
    using other = await otherProgramOn(taken);
    const { text } = await look(bench);
    assert.ok(text.includes(`taken\n    in use: cat (process ${other.pid}) has it open\n`), text);
    assert.deepEqual(bench.bauds(taken), []);
    assert.deepEqual(
      configWith(configurationIn(text)).sensors.map(({ type }) => type),
      ["sds011"],
    );
  },

  "gpsd and a packet forwarder are found on their sockets, and what gpsd reads is left alone": async () => {
    await using bench = new PortBench();
    const receiver = await bench.plug("receiver", testDevices()["NMEA receiver"]);
    const gpsd = createServer((socket) => {
      const devices = [{ class: "DEVICE", path: receiver }];
      socket.write('{"class":"VERSION","release":"3.25"}\r\n');
      socket.on("data", () => socket.write(`${JSON.stringify({ class: "DEVICES", devices })}\r\n`));
      socket.on("error", () => {});
    });
    gpsd.listen(0, "127.0.0.1");
    await once(gpsd, "listening");
    const { port } = gpsd.address() as AddressInfo;
    await using forwarder = await runningForwarder();
    const { text } = await look(bench, {
      gpsd: { host: "127.0.0.1", port },
      forwarders: forwarder.sendsTo,
      programs: async () => {
        await forwarder.pull();
        return ["station"];
      },
    });
    gpsd.close();
    assert.match(text, /receiver\n {4}gpsd reads it\n/);
    assert.deepEqual(bench.bauds(receiver), []);
    assert.ok(text.includes(`gpsd: 3.25, reads ${receiver}\n`));
    assert.match(text, /Packet forwarder: 00800000a0001234 at 127\.0\.0\.1 sends to port \d+\n/);
    const { gps, lora } = configWith(configurationIn(text));
    assert.equal(gps.type, "gpsd");
    assert.equal(lora.type, "semtech-udp");
    assert.deepEqual("listen" in lora && lora.listen, forwarder.sendsTo);
  },

  "the command works without --config, and ends when it is told to": async () => {
    let [out, error] = ["", ""];
    const terminal = {
      ...{
        clock: new ManualClock(),
        random: seededRandom(1),
        environment: {},
        version: "test",
        logReader: "program" as const,
        isInteractive: true,
      },
      out: (said: string) => {
        out += said;
      },
      error: (said: string) => {
        error += said;
      },
      signal: AbortSignal.abort(),
    };
    assert.equal(await main(["doctor"], terminal), 0);
    assert.match(out, /^Serial ports: (none|\d+)\n.*Packet forwarder: .*nothing was set in any device\.\n/s);
    assert.match(error, /^Looking for devices, up to 22 s …\n$/);
    assert.equal(await main(["status"], terminal), 2);
    assert.match(error, /--config FILE is missing/);
    assert.equal(await main(["run", "--config", ""], terminal), 2);
  },
};

const pathOf = (bench: PortBench, name: string): string => {
  const found = bench.devices().find(({ path }) => path.endsWith(`/${name.replaceAll(" ", "-")}`));
  return found?.path ?? `no port for ${name}`;
};

function configurationIn(text: string): string {
  const [, lines] = text.split("For the configuration:\n\n");
  assert.ok(lines, `nothing to paste in:\n${text}`);
  return lines;
}

/** What `doctor` prints without a configuration. */
async function look(
  bench: PortBench,
  more: Partial<Surroundings> = {},
): Promise<{ text: string; tookMs: number }> {
  const clock = new ManualClock();
  const startMs = clock.now();
  let text = "";
  const terminal = {
    ...{
      clock,
      random: seededRandom(1),
      environment: {},
      version: "test",
      logReader: "program" as const,
      isInteractive: true,
      error: () => {},
    },
    out: (said: string) => {
      text += said;
    },
    signal: new AbortController().signal,
  };
  // Until it lists the ports it waits for gpsd, whose answer takes no time of this clock.
  const listed = Promise.withResolvers<void>();
  void bench.during(() => listed.promise);
  const surroundings: Surroundings = {
    ports: async () => {
      listed.resolve();
      return bench.devices();
    },
    users: (paths) => bench.during(() => portUsers(paths)),
    open: (path, baudRate) => bench.open(path, baudRate),
    gpsd: { host: "127.0.0.1", port: await freePort() },
    programs: async () => [],
    ...more,
  };
  const code = await bench.finish(lookForDevices(terminal, [], surroundings), clock);
  assert.equal(code, 0);
  assert.equal(clock.pending, 0);
  return { text, tookMs: clock.now() - startMs };
}

/** A packet forwarder that asks for work when it is told to. */
async function runningForwarder() {
  const free = await bindUdp({ host: "127.0.0.1", port: 0 });
  const sendsTo = free.local;
  await free.close();
  const socket = await bindUdp({ host: "127.0.0.1", port: 0 });
  const pull = encodeGwmp({ version: 2, type: "PULL_DATA", token: 1, gatewayEui: "00800000a0001234" });
  return {
    sendsTo,
    pull: () => socket.send(pull, sendsTo),
    [Symbol.asyncDispose]: () => socket.close(),
  };
}
