import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SerialDevice } from "@earshot/drivers";
import { MemoryLink, testDevices } from "@earshot/drivers/testing";
import { ManualClock } from "@earshot/protocol/testing";
import { findDevices, type Surroundings } from "./find-devices.ts";

const port = (path: string, isConsole = false): SerialDevice => ({ path, stablePath: path, isConsole });

/** Nothing is attached, and nobody answers at this address. */
const NOTHING: Surroundings = {
  ports: async () => [],
  users: async () => new Map(),
  open: () => Promise.reject(new Error("it was opened")),
  gpsd: { host: "127.0.0.1", port: 1 },
  programs: async () => [],
};

async function find(surroundings: Partial<Surroundings>, configured: readonly string[] = []) {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  let isDone = false;
  const finding = findDevices({ ...NOTHING, ...surroundings }, { clock, signal, configured }).finally(() => {
    isDone = true;
  });
  // Time passes only while somebody waits for it, so a connection that is refused is refused first.
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10);
  }
  expect(clock.pending).toBe(0);
  return finding;
}

test("ports that somebody uses are told and never opened", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-ports-"));
  const [configured, alias] = [join(folder, "ttyUSB0"), join(folder, "by-id")];
  writeFileSync(configured, "");
  symlinkSync(configured, alias);
  const { ports } = await find(
    {
      ports: async () => [port(configured), port("/dev/ttyS0", true), port("/dev/ttyUSB1")],
      users: async () => new Map([["/dev/ttyUSB1", ["minicom (process 7)"]]]),
    },
    [alias],
  );
  rmSync(folder, { recursive: true });
  expect(ports.map(({ outcome }) => outcome)).toEqual([
    { state: "skipped", why: "is in the configuration: checked above" },
    { state: "skipped", why: "is the kernel's console" },
    { state: "skipped", why: "in use: minicom (process 7) has it open" },
  ]);
});

test("all ports are probed at the same time: many silent ones take as long as one", async () => {
  const silent = Array.from({ length: 8 }, (_, i) => port(`/dev/ttyUSB${i}`));
  const open = async () => new MemoryLink();
  const alone = await find({ ports: async () => silent.slice(0, 1), open });
  const all = await find({ ports: async () => silent, open });
  expect(all.ports.map(({ outcome: { state } }) => state)).toEqual(new Array(8).fill("silent"));
  expect(all.tookMs).toBeLessThan(alone.tookMs + 1000);
  expect(all.tookMs).toBeLessThan(22_000);
});

test("one that cannot be opened does not keep others from being found", async () => {
  const { PMS5003 } = testDevices();
  const open = async (path: string) => {
    if (path === "/dev/ttyUSB0") throw new Error("permission denied");
    const link = new MemoryLink();
    for (let i = 0; i < 3; i += 1) link.push(PMS5003?.talk?.(i) ?? new Uint8Array());
    return link;
  };
  const found = await find({ ports: async () => [port("/dev/ttyUSB0"), port("/dev/ttyUSB1")], open });
  expect(found.ports).toMatchObject([
    { outcome: { state: "failed", why: "permission denied" } },
    { outcome: { state: "found", device: { type: "pms5003" }, baudRate: 9600 } },
  ]);
  expect(found).not.toHaveProperty("gpsd");
  expect(found).not.toHaveProperty("forwarder");
});
