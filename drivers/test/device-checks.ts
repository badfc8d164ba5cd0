import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { ManualClock } from "@earshot/protocol/testing";
import { type ByteLink, type Driver, LinkLostError } from "../src/driver.ts";
import { openGpsd } from "../src/gps/gpsd.ts";
import { openRtcm3 } from "../src/gps/rtcm3/rtcm3.ts";
import { stationEpoch } from "../src/gps/rtcm3/test-writer.ts";
import { concat, epochBytes, NOON_MS, TestReceiver } from "../src/gps/ubx/test-receiver.ts";
import { openUbx } from "../src/gps/ubx/ubx.ts";
import { openSerial } from "../src/link/serial-link.ts";
import { openTcp } from "../src/link/tcp-link.ts";
import { bindUdp } from "../src/link/udp-socket.ts";
import { openLinuxHealth } from "../src/linux/linux-health.ts";
import { openSemtechUdp } from "../src/lora/semtech-udp.ts";
import { pushText, rxpkText, TestForwarder } from "../src/lora/test-forwarder.ts";
import { TEST_SENSORS, type TestSensor } from "../src/sensor/test-sensors.ts";
import { modemChecks } from "./modem-checks.ts";
import { makePtyPair } from "./pty-pair.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };
const SUNDAY_MS = Date.UTC(2026, 10, 22);
const newClock = () => new ManualClock(NOON_MS);

const sensorChecks = Object.fromEntries(
  Object.entries(TEST_SENSORS).map(([name, sensor]) => [
    `${name}: read on a serial port through garbage and a broken frame, lost when unplugged, read again`,
    () => readSensor(sensor),
  ]),
);

/**
 * One driver of each family over a real serial port or socket, run under Bun by `device-checks.test.ts` and under Deno
 * by `device-checks-main.ts`. Meters, stations and NMEA receivers have checks of their own.
 */
export const deviceChecks: Record<string, () => Promise<void>> = {
  ...sensorChecks,
  ...modemChecks,

  "openUbx: a receiver on a serial port is configured, read, lost when unplugged, and all of it again":
    async () => {
      for (let round = 0; round < 2; round += 1) await readUbx();
    },

  "openRtcm3: a station on a serial port is read through garbage, lost when unplugged, read again": () =>
    readTwice(
      (open) => openRtcm3(open, { clock: new ManualClock(SUNDAY_MS) }),
      (i) => concat([stationEpoch(18_000 + i * 1000).subarray(0, 40), stationEpoch(19_000 + i * 1000)]),
      ({ satellites }) => assert.ok(satellites.length > 0),
    ),

  "openRtcm3 and openGpsd: read over TCP, lost when the other end hangs up": async () => {
    const station = concat([stationEpoch(18_000), stationEpoch(19_000)]);
    const reference = await overTcp(station, (open) =>
      openRtcm3(open, { clock: new ManualClock(SUNDAY_MS) }),
    );
    assert.equal(reference.length, 2);
    const tpv = { class: "TPV", device: "/dev/ttyACM0", mode: 3, lat: 47.5, lon: 8.5 };
    const reports = `{"class":"VERSION"}\r\n${JSON.stringify(tpv)}\r\nnonsense\r\n{"class":"TPV",\r\n`;
    const fixes = await overTcp(new TextEncoder().encode(reports), (open) =>
      openGpsd(open, { clock: newClock() }),
    );
    assert.deepEqual(
      fixes.map(({ mode, latDeg, lonDeg }) => [mode, latDeg, lonDeg]),
      [[3, 47.5, 8.5]],
    );
  },

  "openSemtechUdp: a forwarder on a real socket is heard between datagrams that are none": async () => {
    const socket = await bindUdp(LOCAL);
    await using driver = openSemtechUdp({ socket, clock: newClock() });
    const [up, down] = await Promise.all([bindUdp(LOCAL), bindUdp(LOCAL)]);
    const forwarder = new TestForwarder({ up, down, server: socket.local });
    for (const junk of [[], [2], [2, 1, 2, 0], [9, 9, 9, 9, 9]]) {
      await forwarder.sendRaw(Uint8Array.from(junk));
    }
    await forwarder.push(pushText('{"tmst":1,"da', rxpkText()));
    const { value } = await driver[Symbol.asyncIterator]().next();
    assert.ok(value?.kind === "frame");
    assert.equal(value.bytes.toHex(), "400102");
    await forwarder.close();
  },

  "openLinuxHealth: this machine is read": async () => {
    await using driver = openLinuxHealth({ clock: newClock() });
    const { value } = await driver[Symbol.asyncIterator]().next();
    assert.ok(value?.kind === "linux");
    assert.ok((value.memoryTotalBytes ?? 0) > 1e6);
    assert.ok((value.uptimeS ?? 0) > 0);
  },
};

type OpenOn<R> = (open: () => Promise<ByteLink>) => Driver<R>;

function readSensor(sensor: TestSensor): Promise<void> {
  const frame = (i: number) =>
    concat([sensor.garbage, sensor.frame(i).subarray(0, -1), newline, sensor.frame(i)]);
  return readTwice(
    (open) => sensor.open(open, { clock: newClock() }),
    frame,
    ({ quantities }, i) => {
      const [name, value] = sensor.expected(i);
      assert.ok(Math.abs((quantities[name] ?? Number.NaN) - value) < 1e-3, `${name} is ${quantities[name]}`);
    },
  );
}

/** Text that breaks off is ended by the next line end; binary frames take it for garbage. */
const newline = Uint8Array.of(0x0a);

/** Plugs the device in, reads it, pulls it out, and all of that once more. */
async function readTwice<R>(
  openOn: OpenOn<R>,
  bytesOf: (i: number) => Uint8Array,
  check: (reading: R, i: number) => void,
): Promise<void> {
  for (const i of [4, 9]) {
    await using pair = await makePtyPair();
    const device = await openSerial({ path: pair.paths[1], baudRate: 9600 });
    const driver = openOn(() => openSerial({ path: pair.paths[0], baudRate: 9600 }));
    const readings = driver[Symbol.asyncIterator]();
    const first = readings.next();
    let isRead = false;
    void first.finally(() => {
      isRead = true;
    });
    // What comes before the port is set up is forgotten.
    while (!isRead) await device.write(bytesOf(i));
    const { done, value } = await first;
    assert.ok(!done);
    check(value, i);
    assert.ok(driver.counts().badFrames + driver.counts().garbageBytes > 0);
    await pair.unplug();
    await assert.rejects(async () => {
      while (!(await readings.next()).done);
    }, LinkLostError);
    await device.close();
  }
}

async function readUbx(): Promise<void> {
  await using pair = await makePtyPair();
  const device = await openSerial({ path: pair.paths[1], baudRate: 38_400 });
  const receiver = new TestReceiver({ generation: 9 });
  const serving = (async () => {
    for await (const bytes of device) {
      const answer = receiver.answer(bytes);
      if (answer.length > 0) await device.write(answer);
    }
  })().catch(() => {});
  const port = () => openSerial({ path: pair.paths[0], baudRate: 38_400 });
  const driver = openUbx(port, { clock: newClock(), configure: {} });
  assert.equal((await driver.configuration).state, "configured");
  const readings = driver[Symbol.asyncIterator]();
  await device.write(concat([epochBytes(1).subarray(0, 50), epochBytes(2), epochBytes(3)]));
  assert.equal((await readings.next()).value?.timeMs, NOON_MS + 2000);
  await pair.unplug();
  await assert.rejects(async () => {
    while (!(await readings.next()).done);
  }, LinkLostError);
  await device.close();
  await serving;
}

/** All readings of what a server sends before it hangs up. */
async function overTcp<R>(sent: Uint8Array, openOn: OpenOn<R>): Promise<R[]> {
  const server = createServer((socket) => socket.end(sent));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const driver = openOn(() => openTcp({ host: "127.0.0.1", port }));
  const readings: R[] = [];
  await assert.rejects(async () => {
    for await (const reading of driver) readings.push(reading);
  }, LinkLostError);
  server.close();
  return readings;
}
