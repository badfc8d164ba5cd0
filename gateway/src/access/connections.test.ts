import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import fc from "fast-check";
import { parseConfig, wantedConnections } from "../config/config.ts";
import { Connections, descriptorLimit, RESERVED_DESCRIPTORS, sharedConnections } from "./connections.ts";

class Fake {
  isOpen = true;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  destroy(): void {
    this.isOpen = false;
  }
}

const made = (max: number, maxPerAddress: number) => {
  const connections = new Connections<Fake>({ max, maxPerAddress });
  const add = (group: string | undefined, name = "") => {
    const fake = new Fake(name);
    connections.add(fake, group);
    return fake;
  };
  return { connections, add };
};

test("of an address with too many, the one that has waited longest goes; others are not touched", () => {
  const { connections, add } = made(100, 2);
  const other = add("b");
  const [first, second, third] = [add("a"), add("a"), add("a")];
  expect([first, second, third, other].map(({ isOpen }) => isOpen)).toEqual([false, true, true, true]);
  expect([connections.size, connections.dropped]).toEqual([3, 1]);
});

test("of all that wait there may be fewer than of all", () => {
  const connections = new Connections<Fake>({ max: 100, maxPerAddress: 100, maxWaiting: 2 });
  const [busy, first, second, third] = ["a", "b", "c", "d"].map((name) => new Fake(name)) as [
    Fake,
    Fake,
    Fake,
    Fake,
  ];
  connections.add(busy, "a");
  connections.began(busy);
  for (const one of [first, second, third]) connections.add(one, one.name);
  expect([busy, first, second, third].map(({ isOpen }) => isOpen)).toEqual([true, false, true, true]);
});

test("an answer on its way is not cut off: the new one is turned away", () => {
  const { connections, add } = made(100, 2);
  const busy = [add("a"), add("a")];
  for (const each of busy) connections.began(each);
  expect(add("a").isOpen).toBe(false);
  connections.ended(busy[0] as Fake);
  expect(add("a").isOpen).toBe(true);
  expect(busy.map(({ isOpen }) => isOpen)).toEqual([false, true]);
});

test("who has just been answered has waited least; requests one behind the other count", () => {
  const { connections, add } = made(100, 2);
  const [first, second] = [add("a"), add("a")];
  connections.began(first);
  connections.began(first);
  connections.ended(first);
  connections.ended(first);
  add("a");
  expect([first.isOpen, second.isOpen]).toEqual([true, false]);
});

test("in all, the oldest of any address makes room; a proxy's connections count only there", () => {
  const { connections, add } = made(3, 2);
  const proxied = [add(undefined), add(undefined), add(undefined)];
  expect(proxied.every(({ isOpen }) => isOpen)).toBe(true);
  add("a");
  expect(proxied.map(({ isOpen }) => isOpen)).toEqual([false, true, true]);
  expect(connections.size).toBe(3);
});

test("whatever comes and goes, limits hold, and what is gone is not counted", () => {
  const step = fc.record({
    kind: fc.constantFrom("add", "began", "ended", "remove"),
    group: fc.constantFrom("a", "b", "c", undefined),
    at: fc.nat(30),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { connections, add } = made(6, 3);
      const all: { fake: Fake; group: string | undefined; busy: number }[] = [];
      for (const { kind, group, at } of steps) {
        const one = all[at % Math.max(1, all.length)];
        if (kind === "add") all.push({ fake: add(group), group, busy: 0 });
        else if (one?.fake.isOpen !== true) continue;
        else if (kind === "remove") {
          connections.remove(one.fake);
          one.fake.isOpen = false;
        } else if (kind === "began") {
          connections.began(one.fake);
          one.busy++;
        } else if (one.busy > 0) {
          connections.ended(one.fake);
          one.busy--;
        }
        const open = all.filter(({ fake }) => fake.isOpen);
        expect(connections.size).toBe(open.length);
        expect(open.length).toBeLessThanOrEqual(6);
        for (const each of ["a", "b", "c"]) {
          expect(open.filter((other) => other.group === each).length).toBeLessThanOrEqual(3);
        }
      }
    }),
  );
});

const wanted = (http: number, broker: number) =>
  wantedConnections(
    parseConfig(
      `[http]
max_connections = ${http}
[broker]
max_connections = ${broker}
`,
      {},
    ),
  );

test("where there are enough descriptors, both have what is configured", () => {
  expect(sharedConnections(20_000, wanted(1000, 10_000))).toEqual({ http: 1000, broker: 10_000 });
  expect(sharedConnections(undefined, wanted(1000, 10_000))).toEqual({ http: 1000, broker: 10_000 });
});

test("where there are not, hotspots have the most of them, and the log says so", () => {
  const { problem, ...shares } = sharedConnections(1024, wanted(1000, 10_000));
  expect(shares).toEqual({ http: 224, broker: 672 });
  for (const word of ["1024", "http.max_connections = 1000", "10000", "224", "672", "ulimit -n"]) {
    expect(problem).toContain(word);
  }
  const elsewhere = '[registration]\npolicy = "listed"\n';
  const external = parseConfig(
    `[broker]\nurl = "mqtt://b"\n[http]\nmax_connections = 2000\n${elsewhere}`,
    {},
  );
  expect(sharedConnections(1024, wantedConnections(external))).toMatchObject({ http: 896, broker: 0 });
});

test("whatever is configured, the two together never take the last descriptor", () => {
  const many = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(fc.integer({ min: 256, max: 200_000 }), many, many, (descriptors, http, broker) => {
      const shares = sharedConnections(descriptors, wanted(http, broker));
      expect(shares.http + shares.broker).toBeLessThanOrEqual(descriptors - RESERVED_DESCRIPTORS);
      expect(shares.http).toBeWithin(1, http + 1);
      expect(shares.broker).toBeWithin(1, broker + 1);
    }),
  );
});

test("the limit is that of this process", async () => {
  const limit = await descriptorLimit();
  if (process.platform !== "linux") return expect(limit).toBeUndefined();
  expect(limit).toBeGreaterThan((await readdir("/proc/self/fd")).length);
});
