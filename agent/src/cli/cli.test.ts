import { expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "@earshot/protocol/testing";
import { attention, broken, ok } from "../health/part.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { partTable, statusUrl, verdictLines } from "./status.ts";
import { keepSystemdInformed } from "./systemd.ts";

test("the table aligns parts and puts advice below", () => {
  expect(
    partTable([ok("Radio", "fine"), broken("Outbox", "full", "Make room."), attention("GPS", "no fix")]),
  ).toBe(
    [
      "Radio   ✓ ok         fine",
      "Outbox  ✕ broken     full",
      "                     → Make room.",
      "GPS     ! attention  no fix",
    ].join("\n"),
  );
});

test("the page of this machine is asked on an address that can be reached", () => {
  expect(statusUrl({ host: "0.0.0.0", port: 4480 })).toBe("http://127.0.0.1:4480/status.json");
  expect(statusUrl({ host: "::", port: 4480 })).toBe("http://[::1]:4480/status.json");
  expect(statusUrl({ host: "10.0.0.5", port: 80 })).toBe("http://10.0.0.5:80/status.json");
});

test("verdicts are counted by outcome, the latest shown with their sentences and rules", () => {
  const verdict = {
    receivedAtMs: 3_723_000,
    packetId: "00",
    type: "witness",
    outcome: "unpaid",
    reason: "not_drawn",
    measurements: [],
    sentence: "Others were drawn for payment.",
    parametersHash: "5a5a",
  } as const;
  const counters = { verdictsPaid: 3, verdictsRefused: 2, verdictsUnpaid: 9 };
  const others = { beaconsHeard: 0, duplicatesHeard: 0 };
  const verdicts = new Array(9).fill({ ...verdict, measurements: [] });
  const lines = verdictLines({ counters: { ...counters, ...others }, verdicts }).split("\n");
  expect(lines).toHaveLength(6);
  expect(lines.slice(0, 2)).toEqual([
    "Verdicts: 3 paid, 2 refused, 9 valid but not paid",
    "  01:02:03 UTC  valid, not paid  witness  Others were drawn for payment.  rules 5a5a",
  ]);
});

test("systemd hears READY, then WATCHDOG twice in its period; nothing is started without it", async () => {
  const folder = temporaryFolder();
  const told = join(folder, "told");
  writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\necho "$@" >> ${told}\n`);
  chmodSync(join(folder, "systemd-notify"), 0o755);
  const clock = new ManualClock();
  const stop = new AbortController();
  const environment = {
    NOTIFY_SOCKET: "/run/x",
    WATCHDOG_USEC: "120000000",
    PATH: `${folder}:${process.env.PATH}`,
  };
  // A file that is there may not be written yet.
  const lines = () => (existsSync(told) ? (readFileSync(told, "utf8").match(/.+/g) ?? []) : []);
  const until = async (count: number) => {
    // Looked at again and again: watchers of folders miss changes now and then.
    while (lines().length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  const informing = keepSystemdInformed(environment, clock, stop.signal);
  await until(1);
  await clock.advance(60_000);
  await until(2);
  stop.abort();
  await informing;
  expect(lines()).toEqual(["--ready", "WATCHDOG=1"]);
  expect(clock.pending).toBe(0);
  await keepSystemdInformed({}, clock, stop.signal);
});
