import { expect, test } from "bun:test";
import { Sources } from "./sources.js";

function bench() {
  let nowMs = 0;
  const read = [];
  const part = (name, kinds, pauseMs) => ({
    kinds,
    ...(pauseMs !== undefined && { pauseMs }),
    read: async () => {
      read.push(name);
      return `${name} at ${nowMs}`;
    },
  });
  const parts = {
    list: part("list", ["verdicts"], 10),
    cells: part("cells", ["verdicts", "hotspot"]),
    once: part("once", []),
  };
  const sources = new Sources(parts, { now: () => nowMs });
  const refresh = async (...kinds) => {
    read.length = 0;
    const values = await sources.refresh(kinds.length === 0 ? undefined : new Set(kinds));
    return { read: [...read], values: { ...values } };
  };
  return { sources, refresh, advance: (ms) => (nowMs += ms), parts };
}

test("all is read at first and whenever anything may have been missed", async () => {
  const { refresh } = bench();
  expect((await refresh("hotspot")).read).toEqual(["list", "cells", "once"]);
  expect((await refresh()).read).toEqual(["list", "cells", "once"]);
});

test("an event has only that read which it may have changed; the rest stays as it was", async () => {
  const { refresh, advance } = bench();
  await refresh();
  advance(50);
  const { read, values } = await refresh("hotspot");
  expect(read).toEqual(["cells"]);
  expect(values).toEqual({ list: "list at 0", cells: "cells at 50", once: "once at 0" });
  expect((await refresh("epoch")).read).toEqual([]);
  expect((await refresh("epoch", "verdicts")).read).toEqual(["list", "cells"]);
});

test("what was asked for too early is read when its time has come, whatever comes then", async () => {
  const { refresh, advance, sources } = bench();
  await refresh();
  expect(sources.owedMs).toBeUndefined();
  advance(4);
  expect((await refresh("verdicts")).read).toEqual(["cells"]);
  expect(sources.owedMs).toBe(6);
  advance(6);
  expect(sources.owedMs).toBe(0);
  expect((await refresh("epoch")).read).toEqual(["list"]);
  expect(sources.owedMs).toBeUndefined();
});

test("what is young is not read again, unless it is known to be wrong", async () => {
  const { refresh, advance, sources } = bench();
  await refresh();
  advance(9);
  expect((await refresh("verdicts")).read).toEqual(["cells"]);
  sources.expire("list");
  expect((await refresh("hotspot")).read).toEqual(["list", "cells"]);
  advance(10);
  expect((await refresh("verdicts")).read).toEqual(["list", "cells"]);
});

test("what cannot be read stays as it was and is read again", async () => {
  const { refresh, parts } = bench();
  await refresh();
  const works = parts.cells.read;
  parts.cells.read = () => Promise.reject(new Error("no"));
  await expect(refresh("hotspot")).rejects.toThrow("no");
  parts.cells.read = works;
  expect((await refresh("hotspot")).read).toEqual(["cells"]);
});
