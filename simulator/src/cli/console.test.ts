import { expect, test } from "bun:test";
import type { Progress } from "../fleet/fleet-run.ts";
import { ConsoleObserver } from "./console.ts";

const EPOCH_MS = 60_000;

function observer(isLive: boolean) {
  const said = { out: "", err: "" };
  const told = new ConsoleObserver(
    {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
      isLive,
    },
    EPOCH_MS,
  );
  told.onStart({
    hotspots: [
      { id: "a", name: "angry-purple-tiger", remark: undefined },
      { id: "b", name: "brave-red-fox", remark: "asserted 3.1 km from where it stands" },
    ],
    pages: {
      fleet: "http://127.0.0.1:1/",
      technician: { name: "angry-purple-tiger", url: "http://127.0.0.1:2/" },
      broker: "mqtt://127.0.0.1:3",
    },
    firstEpoch: 1,
    firstCloseMs: EPOCH_MS,
  });
  return { said, told };
}

const progress = (atMs: number, online: number): Progress => ({
  atMs,
  hotspots: 2,
  online,
  beacons: 3,
  paid: 4,
  notPaid: 1,
});

test("tells the pages and who is not where it should be", () => {
  expect(observer(false).said.out.split("\n")).toEqual([
    "Fleet page         http://127.0.0.1:1/",
    "Technician's page  http://127.0.0.1:2/  (angry-purple-tiger)",
    "MQTT broker        mqtt://127.0.0.1:3",
    "Until epoch 1 the hotspots register and commit to their beacons",
    "brave-red-fox is asserted 3.1 km from where it stands",
    "",
    "",
  ]);
});

test("without a terminal: a line each ten seconds, and one when all have come online", () => {
  const { said, told } = observer(false);
  for (const [atMs, online] of [
    [0, 0],
    [500, 1],
    [1000, 2],
    [1500, 2],
    [11_000, 2],
    [61_000, 2],
  ] as const) {
    told.onProgress(progress(atMs, online));
  }
  expect(said.err.split("\n")).toEqual([
    "epoch ends in 60 s · 0 of 2 hotspots online · 3 beacons sent · 4 reports paid, 1 not",
    "epoch ends in 59 s · 2 of 2 hotspots online · 3 beacons sent · 4 reports paid, 1 not",
    "epoch ends in 49 s · 2 of 2 hotspots online · 3 beacons sent · 4 reports paid, 1 not",
    "epoch is being judged · 2 of 2 hotspots online · 3 beacons sent · 4 reports paid, 1 not",
    "",
  ]);
});

test("on a terminal: one line that is written over and removed at the end", () => {
  const { said, told } = observer(true);
  const before = said.err.length;
  told.onProgress(progress(0, 1));
  told.onProgress(progress(500, 1));
  told.end();
  const shown = said.err.slice(before);
  expect(shown).not.toContain("\n");
  expect(shown.split("\r\u001b[K")).toHaveLength(4);
  expect(shown.endsWith("\r\u001b[K")).toBe(true);
});
