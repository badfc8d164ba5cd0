import { expect, test } from "bun:test";
import { logTo, silentLog } from "@earshot/protocol/hotspot";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { PageKeeper } from "./page-keeper.ts";
import type { PageOptions } from "./serve.ts";

const at = (host: string): PageOptions => ({ listen: { host, port: 4480 }, names: [] });

/** A machine whose addresses come and go. */
function setUp() {
  const clock = new ManualClock();
  const refused = new Map<string, string>();
  const open: string[] = [];
  const logged: string[] = [];
  const log = logTo((level, message, { why = "" }) => logged.push(`${level} ${message} ${why}`));
  const keeper = new PageKeeper(
    async ({ listen: { host } }) => {
      const code = refused.get(host);
      if (code !== undefined) throw Object.assign(new Error(`listen ${code}`), { code });
      open.push(host);
      const stop = async () => void open.splice(open.indexOf(host), 1);
      return { url: `http://${host}:4480/`, stop };
    },
    { clock, random: seededRandom(1), log },
  );
  const stop = new AbortController();
  const running = keeper.run(stop.signal);
  const end = async () => {
    stop.abort();
    await running;
    expect(open).toEqual([]);
    expect(clock.pending).toBe(0);
  };
  return { clock, keeper, refused, open, logged, end };
}

for (const [code, why] of [
  ["EADDRNOTAVAIL", "this machine does not have the address yet"],
  ["EADDRINUSE", "another program, or another agent, listens there"],
] as const) {
  test(`an address that cannot be had (${code}) is tried again, and logged once`, async () => {
    const { clock, keeper, refused, open, logged, end } = setUp();
    refused.set("10.0.0.9", code);
    await keeper.serveAt(at("10.0.0.9"));
    await clock.advance(3_600_000);
    expect(open).toEqual([]);
    expect(logged).toEqual([`error No status page yet; trying again ([page] listen) ${why}`]);
    refused.clear();
    await clock.advance(30_000);
    expect(open).toEqual(["10.0.0.9"]);
    expect(logged).toHaveLength(2);
    await end();
  });
}

test("it moves to where it is wanted, also from an address that could not be had, or to none", async () => {
  const { keeper, refused, open, end } = setUp();
  refused.set("10.0.0.9", "EADDRNOTAVAIL");
  await keeper.serveAt(at("10.0.0.9"));
  await keeper.serveAt(at("127.0.0.1"));
  await keeper.serveAt(at("127.0.0.1"));
  expect(open).toEqual(["127.0.0.1"]);
  await keeper.serveAt(at("0.0.0.0"));
  expect(open).toEqual(["0.0.0.0"]);
  await keeper.serveAt(undefined);
  expect(open).toEqual([]);
  await keeper.serveAt(at("127.0.0.1"));
  expect(open).toEqual(["127.0.0.1"]);
  await end();
});

test("stopping while an address cannot be had leaves nothing waiting", async () => {
  const { keeper, refused, end } = setUp();
  refused.set("::1", "EADDRINUSE");
  await keeper.serveAt(at("::1"));
  await end();
});

test("while an address cannot be had it is tried again, in the end every 15 to 30 s", async () => {
  const clock = new ManualClock();
  const triedMs: number[] = [];
  const keeper = new PageKeeper(
    async () => {
      triedMs.push(clock.elapsedMs());
      throw new Error("listen EADDRINUSE");
    },
    { clock, random: seededRandom(1), log: silentLog },
  );
  const stop = new AbortController();
  const running = keeper.run(stop.signal);
  await keeper.serveAt(at("10.0.0.9"));
  await clock.advance(3_600_000);
  const waitsMs = triedMs.slice(1).map((ms, i) => ms - (triedMs[i] as number));
  expect(waitsMs[0]).toBeWithin(500, 1001);
  const late = waitsMs.slice(8);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(15_000);
  expect(Math.max(...late)).toBeLessThanOrEqual(30_000);
  stop.abort();
  await running;
});

test("the same address wanted again is not opened again, and no page at all needs nobody to run", async () => {
  const clock = new ManualClock();
  let opens = 0;
  const open = async () => {
    opens += 1;
    return { url: "http://127.0.0.1:4480/", stop: async () => {} };
  };
  const keeper = new PageKeeper(open, { clock, random: seededRandom(1), log: silentLog });
  await keeper.serveAt(undefined);
  const stop = new AbortController();
  const running = keeper.run(stop.signal);
  for (let i = 0; i < 3; i++) await keeper.serveAt(at("127.0.0.1"));
  await clock.advance(60_000);
  expect(opens).toBe(1);
  stop.abort();
  await running;
});
