import { afterAll, expect, test } from "bun:test";
import { systemClock } from "@earshot/protocol/runtime";
import { Program } from "./support/process.ts";

const STOP_LIMIT_MS = 3000;

const started: Program[] = [];
afterAll(() => Promise.all(started.map((program) => program.end("SIGKILL"))));

function start(...args: string[]): Program {
  const program = new Program("bun", ["simulator/src/main.ts", ...args]);
  started.push(program);
  return program;
}

test("the demo brings a fleet online over real sockets, serves its pages, and Ctrl-C ends it within 3 s", async () => {
  const demo = start("demo", "--hotspots", "4", "--seed", "1");
  await demo.says(/4 hotspots around Denver \(US915\), seed 1\n/);
  const [, fleet = ""] = await demo.says(/Fleet page +(http\S+)/);
  const [, technician = ""] = await demo.says(/Technician's page +(http\S+)/);
  await demo.says(/4 of 4 hotspots online/);
  expect(await (await fetch(new URL("/healthz", fleet))).text()).toContain("ok");
  expect(await (await fetch(technician)).text()).toContain("<html");
  const late = systemClock.sleep(STOP_LIMIT_MS).then(() => "still running");
  expect(await Promise.race([demo.end("SIGINT"), late])).toBe(0);
  expect(demo.said).toContain("Stopped after 0 epochs");
  await expect(fetch(fleet)).rejects.toThrow();
}, 60_000);

test("bad options are named and end with status 2", async () => {
  const bad = start("demo", "--hotspots", "none");
  await bad.says(/--hotspots is "none"; whole numbers from 1 to 1000 are allowed[\s\S]*\[exit 2\]/);
});

test("--help says how to use it", async () => {
  await start("fleet", "--help").says(/--virtual[\s\S]*\[exit 0\]/);
});
