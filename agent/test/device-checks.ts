import assert from "node:assert/strict";
import type { SensorConfig } from "../src/config/config.ts";
import { AttachedHotspot } from "./attached-hotspot.ts";
import { nmeaSecond, pmsFrame, windSentence } from "./device-frames.ts";
import { otherProgramOn, PtyDevice } from "./pty-device.ts";

/** What devices on real ports do to an agent, run under Bun by `devices.test.ts`, under Deno by `device-checks-main.ts`. */
export const deviceChecks: Record<string, () => Promise<void>> = {
  "a sensor that is unplugged is told as lost, the others go on, and it is read again once it is back": () =>
    withDevices(async ({ air, wind, hotspot }) => {
      await sayUntilRead(hotspot, "air", air, pmsFrame(3, 5, 7));
      await air.unplug();
      await hotspot.next("No sensor air");
      const part = hotspot.part("Sensor air");
      assert.equal(part.health, "broken");
      assert.match(part.text, /it was unplugged; lost 0 s ago/);
      assert.match(part.advice ?? "", /cable and power, and the table "air" of \[\[sensors\]\]/);
      await sayUntilRead(hotspot, "wind", wind, windSentence(270, 4.5));
      assert.equal(hotspot.part("Sensor wind").text, "wind direction 270°, wind speed 4.5 m/s; 0 s ago");

      await air.plug();
      await opened(hotspot, "air");
      await sayUntilRead(hotspot, "air", air, pmsFrame(4, 6, 8));
      assert.equal(hotspot.part("Sensor air").health, "ok");
      assert.deepEqual(hotspot.sensor("air").quantities.pm2_5_ug_per_m3?.value, 6);
      assert.equal(hotspot.sensor("air").lost, 1);
      assert.equal(hotspot.count("Opened sensor wind"), 1);
    }),

  "what a wrong baud rate makes of a sensor is told as that, and the right one is understood without a restart":
    () =>
      withDevices(async ({ air, wind, hotspot }) => {
        const garbage = Uint8Array.from({ length: 640 }, (_, i) => (i * 197) & 0xfe);
        air.say(garbage);
        // Whoever hears the wind after it knows that the garbage is through: both ports are read in turn.
        while ((hotspot.sensor("air").garbageBytes ?? 0) === 0) {
          await sayUntilRead(hotspot, "wind", wind, windSentence(10, 1));
        }
        assert.match(
          hotspot.part("Sensor air").text,
          /^It speaks, but not what was expected: 0 damaged frames, \d+ stray bytes$/,
        );
        const lost = hotspot.next("No sensor air");
        await hotspot.clock.advance(30_000);
        await lost;
        const part = hotspot.part("Sensor air");
        assert.match(
          part.text,
          /^It sends, but nothing that could be read for 30 s: 0 good frames, 0 damaged, \d+ stray/,
        );
        assert.match(part.advice ?? "", /^Check type and baud in the table "air"/);

        await opened(hotspot, "air");
        // Open again, and still told as broken: nothing is mended before it speaks.
        assert.equal(hotspot.part("Sensor air").health, "broken");
        await sayUntilRead(hotspot, "air", air, pmsFrame(1, 2, 3));
        assert.equal(hotspot.part("Sensor air").health, "ok");
      }),

  "one that stops in the middle of a frame is opened anew, and understood from its next frame on": () =>
    withDevices(async ({ air, wind, hotspot }) => {
      await sayUntilRead(hotspot, "air", air, pmsFrame(1, 1, 1));
      air.say(pmsFrame(2, 2, 2).subarray(0, 15));
      await sayUntilRead(hotspot, "wind", wind, windSentence(20, 2));
      const lost = hotspot.next("No sensor air");
      await hotspot.clock.advance(30_000);
      await lost;
      assert.match(hotspot.part("Sensor air").text, /^It said nothing for 30 s; lost 0 s ago$/);
      assert.match(hotspot.part("Sensor air").advice ?? "", /^Check the device's power and cable/);
      await opened(hotspot, "air");
      await sayUntilRead(hotspot, "air", air, pmsFrame(3, 3, 3));
      assert.equal(hotspot.part("Sensor air").health, "ok");
    }),

  "one that floods is told as that, what is kept of it is bounded, and the others are heard": () =>
    withDevices(async ({ air, wind, hotspot }) => {
      const many = Buffer.concat(Array.from({ length: 64 }, () => pmsFrame(9, 9, 9)));
      for (let i = 0; i < 30; i++) air.say(many);
      await sayUntilRead(hotspot, "wind", wind, windSentence(30, 3));
      await hotspot.until(() => {
        const { readings, droppedReadings = 0 } = hotspot.sensor("air");
        return readings + droppedReadings === 1920;
      });
      const part = hotspot.part("Sensor air");
      assert.equal(part.health, "attention");
      assert.match(part.text, /^It floods: 192 readings a second/);
      assert.match(part.advice ?? "", /^Set the device, or the program behind it, to speak less often/);
      await sayUntilRead(hotspot, "wind", wind, windSentence(40, 4));
      // Calm again: it is no fault for ever, whatever had to be given up.
      await hotspot.clock.advance(20_000);
      await sayUntilRead(hotspot, "air", air, pmsFrame(9, 9, 9));
      assert.equal(hotspot.part("Sensor air").health, "ok");
    }),

  "a second program on a port is named, before and after it is open, and the agent goes on once it is gone":
    async () => {
      await using air = await PtyDevice.plugged();
      using first = await otherProgramOn(air.path);
      await using hotspot = new AttachedHotspot([{ ...pms("air", air.path), silenceLimitMs: 3_600_000 }]);
      await hotspot.next("No sensor air");
      const inUse = hotspot.part("Sensor air");
      assert.match(inUse.text, new RegExp(`is in use: cat \\(process ${first.pid}\\) has it open`));
      assert.match(inUse.advice ?? "", /^Stop the other program/);
      first.end();
      await opened(hotspot, "air");
      await sayUntilRead(hotspot, "air", air, pmsFrame(1, 2, 3));

      using second = await otherProgramOn(air.path);
      const noticed = hotspot.next("Another program reads the port of sensor air");
      let isTold = false;
      void noticed.then(() => {
        isTold = true;
      });
      // A look that is under way does not see it yet: the next one begins a minute after its end.
      while (!isTold) {
        const looked = nextLook(hotspot);
        await hotspot.clock.advance(60_000);
        await looked;
        await new Promise((resolve) => setImmediate(resolve));
      }
      await hotspot.until(() => hotspot.sensor("air").sharedWith !== undefined);
      assert.deepEqual(hotspot.sensor("air").sharedWith, [`cat (process ${second.pid})`]);
      assert.match(hotspot.part("Sensor air").text, /^Another program reads its port too: cat/);
    },

  "a GPS that is unplugged comes back, while a sensor goes on": async () => {
    await using receiver = await PtyDevice.plugged();
    await using wind = await PtyDevice.plugged();
    const gps = { type: "nmea", device: receiver.path, baud: 9600 } as const;
    await using hotspot = new AttachedHotspot([weather("wind", wind.path)], gps);
    await hotspot.until(() => hotspot.count("Opened gps") + hotspot.count("Opened sensor wind") === 2);
    await fixOf(hotspot, receiver);
    assert.match(hotspot.part("GPS").text, /^3D fix: 9 satellites used/);
    await receiver.unplug();
    await hotspot.next("No gps");
    assert.match(hotspot.part("GPS").text, /it was unplugged/);
    await sayUntilRead(hotspot, "wind", wind, windSentence(5, 1));
    await receiver.plug();
    await opened(hotspot, "gps");
    await fixOf(hotspot, receiver);
    assert.equal(hotspot.part("GPS").health, "ok");
  },
};

interface Devices {
  air: PtyDevice;
  wind: PtyDevice;
  hotspot: AttachedHotspot;
}

/** A hotspot with two sensors, both open. */
async function withDevices(check: (devices: Devices) => Promise<void>): Promise<void> {
  await using air = await PtyDevice.plugged();
  await using wind = await PtyDevice.plugged();
  await using hotspot = new AttachedHotspot([pms("air", air.path), weather("wind", wind.path)]);
  await hotspot.until(() => hotspot.count("Opened sensor air") + hotspot.count("Opened sensor wind") === 2);
  await check({ air, wind, hotspot });
}

const pms = (name: string, device: string): SensorConfig => ({
  ...{ name, type: "pms5003", silenceLimitMs: 30_000 },
  link: { device, baud: 9600 },
});

const weather = (name: string, device: string): SensorConfig => ({
  ...{ name, type: "nmea-weather", silenceLimitMs: 3_600_000 },
  link: { device, baud: 4800 },
});

/** Until it was looked, however long the real look takes, who else has the ports open. */
function nextLook({ board: { devices } }: AttachedHotspot): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const set = devices.setSharedWith.bind(devices);
  devices.setSharedWith = (device, programs) => {
    set(device, programs);
    devices.setSharedWith = set;
    resolve();
  };
  return promise;
}

/** The device says it once, and the agent has it. */
async function sayUntilRead(
  hotspot: AttachedHotspot,
  source: string,
  device: PtyDevice,
  bytes: Uint8Array | string,
): Promise<void> {
  const before = hotspot.sensor(source).readings;
  device.say(bytes);
  await hotspot.until(() => hotspot.sensor(source).readings > before);
}

async function fixOf(hotspot: AttachedHotspot, receiver: PtyDevice): Promise<void> {
  const readings = () => hotspot.board.snapshot(hotspot.clock).gps?.readings ?? 0;
  const before = readings();
  receiver.say(nmeaSecond(1) + nmeaSecond(2) + nmeaSecond(3));
  await hotspot.until(() => readings() > before);
}

/** Lets the agent's waits pass until it has opened the device again. */
async function opened(hotspot: AttachedHotspot, device: string): Promise<void> {
  const line = device === "gps" ? "Opened gps" : `Opened sensor ${device}`;
  const before = hotspot.count(line);
  const lost = device === "gps" ? "gps" : `sensor ${device}`;
  while (hotspot.count(line) === before) {
    const attempts = hotspot.board.timesLost(lost);
    await hotspot.clock.advance(30_000);
    await hotspot.until(() => hotspot.count(line) > before || hotspot.board.timesLost(lost) > attempts);
  }
}
