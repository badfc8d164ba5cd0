import { expect, test } from "bun:test";
import type { Hotspot } from "@earshot/protocol";
import { hotspot } from "../store/test-data.ts";
import { HotspotCache } from "./hotspot-cache.ts";

/** A registry with one hotspot, and what was asked of it. */
function registry() {
  const asked: [string[], number | undefined][] = [];
  const registered = new Map<string, Hotspot>([["a", hotspot({ id: "a" })]]);
  const cache = new HotspotCache({
    async hotspotsById(ids, epoch) {
      const wanted = [...ids];
      asked.push([wanted, epoch]);
      return new Map([...registered].filter(([id]) => wanted.includes(id)));
    },
  });
  return { asked, registered, cache };
}

test("each hotspot is read once for an epoch, strangers too", async () => {
  const { asked, cache } = registry();
  expect([...(await cache.hotspotsById(["a", "b", "a"], 5)).keys()]).toEqual(["a"]);
  expect([...(await cache.hotspotsById(["b", "a"], 5)).keys()]).toEqual(["a"]);
  expect([...(await cache.hotspotsById(["c", "a"], 5)).keys()]).toEqual(["a"]);
  await cache.hotspotsById(["a"], 6);
  expect(asked).toEqual([
    [["a", "b"], 5],
    [["c"], 5],
    [["a"], 6],
  ]);
});

test("a change is seen in the epochs that it is for, and nowhere else", async () => {
  const { asked, registered, cache } = registry();
  await cache.hotspotsById(["a", "b"], 5);
  registered.set("b", hotspot({ id: "b" }));
  cache.changed("b", 6);
  expect((await cache.hotspotsById(["b"], 5)).size).toBe(0);
  cache.changed("b", 5);
  expect((await cache.hotspotsById(["b"], 5)).size).toBe(1);
  expect(asked).toHaveLength(2);
});
