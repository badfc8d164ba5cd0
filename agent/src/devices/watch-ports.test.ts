import { expect, test } from "bun:test";
import { testContext } from "../testing/core-context.ts";
import { watchPorts } from "./watch-ports.ts";

const probe = (port?: string) => ({
  name: "device",
  counts: () => ({ frames: 0, badFrames: 0, garbageBytes: 0, droppedReadings: 0 }),
  ...(port === undefined ? {} : { port }),
});

test("each minute it looks who else has a port open, and logs when that begins", async () => {
  const { context, clock, logged } = testContext();
  const { devices } = context.board;
  const users = new Map<string, string[]>();
  const asked: string[][] = [];
  const stop = new AbortController();
  const watching = watchPorts(context, stop.signal, async (paths) => {
    asked.push([...paths]);
    return users;
  });
  devices.opened("gps", probe("/dev/ttyACM0"));
  devices.opened("radio", probe("/dev/ttyUSB0"));
  devices.opened("meter", probe());
  await clock.advance(59_999);
  expect(asked).toEqual([]);
  await clock.advance(1);
  expect(asked).toEqual([["/dev/ttyACM0", "/dev/ttyUSB0"]]);
  expect(logged).toEqual([]);
  users.set("/dev/ttyACM0", ["gpsd (process 7)"]);
  await clock.advance(180_000);
  expect(asked).toHaveLength(4);
  expect(logged).toEqual(["warn Another program reads the port of gps"]);
  expect(["gps", "radio"].map((name) => devices.sharedWith(name))).toEqual([["gpsd (process 7)"], []]);
  users.clear();
  await clock.advance(60_000);
  expect(devices.sharedWith("gps")).toEqual([]);
  users.set("/dev/ttyACM0", ["cat (process 8)"]);
  await clock.advance(60_000);
  expect(logged).toHaveLength(2);
  stop.abort();
  await watching;
  expect(clock.pending).toBe(0);
});
