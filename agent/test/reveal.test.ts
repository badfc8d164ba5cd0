import { afterEach, beforeEach, expect, test } from "bun:test";
import { memoryOutbox } from "@earshot/agent";
import { ManualClock } from "@earshot/protocol/testing";
import { memoryStorage } from "../src/outbox/memory-outbox.ts";
import { AgentHarness, PERIOD_MS } from "./harness.ts";

/* A beacon's report waits until its witnesses' time is over: until then nobody but them may know what was on air. */

const DEADLINE_MS = 2.5 * PERIOD_MS;
let agent: AgentHarness;
/** When the report may go. */
let releaseMs: number;

/** Runs until a beacon was sent. */
beforeEach(async () => {
  const clock = new ManualClock();
  agent = new AgentHarness({ clock, outbox: memoryOutbox({ clock, storage: memoryStorage() }) });
  agent.reportDeadlineMs = DEADLINE_MS;
  await agent.start();
  while (agent.radio.transmissions.length === 0) await agent.runPeriods(1);
  const index = Math.floor(agent.clock.now() / PERIOD_MS);
  releaseMs = index * PERIOD_MS + DEADLINE_MS;
});

afterEach(async () => {
  await agent.stop();
  expect(agent.clock.pending).toBe(0);
});

const reports = () => agent.packets("beacon").length;

test("it waits, and what is made later goes before it", async () => {
  const statuses = agent.packets("status").length;
  await agent.clock.advance(releaseMs - agent.clock.now());
  expect(reports()).toBe(0);
  expect(agent.packets("status").length).toBeGreaterThan(statuses);
  await agent.clock.advance(2000);
  expect(reports()).toBe(1);
});

test("it goes when entropy has stopped too", async () => {
  await agent.clock.advance(DEADLINE_MS + PERIOD_MS);
  expect(reports()).toBe(1);
});

test.each([86_400_000, -86_400_000])("this machine's clock plays no part: set by %d ms", async (step) => {
  agent.clock.stepWall(step);
  await agent.clock.advance(releaseMs + step - agent.clock.now() - 1);
  expect(reports()).toBe(0);
  await agent.clock.advance(2000);
  expect(reports()).toBe(1);
});

test("a restart in between: it waits for the network's time, and goes once", async () => {
  await agent.stop();
  await agent.clock.advance(10 * PERIOD_MS - (agent.clock.now() % PERIOD_MS));
  // The broker has kept the entropy of then: it says no later time.
  await agent.start();
  await agent.clock.advance(PERIOD_MS / 2);
  expect(reports()).toBe(0);
  await agent.publishEntropy();
  await agent.clock.advance(1000);
  expect(reports()).toBe(1);
});

test("a restart before the deadline does not send it earlier", async () => {
  await agent.stop();
  await agent.start();
  await agent.clock.advance(releaseMs - agent.clock.now());
  expect(reports()).toBe(0);
  await agent.runPeriods(1);
  expect(reports()).toBe(1);
});

test("who was offline beyond the last moment sends it all the same: the network says what becomes of it", async () => {
  agent.broker.isReachable = false;
  agent.broker.lose();
  await agent.clock.advance(20 * PERIOD_MS);
  expect(reports()).toBe(0);
  agent.broker.isReachable = true;
  await agent.clock.advance(10 * PERIOD_MS);
  await agent.publishEntropy();
  await agent.clock.advance(1000);
  expect(reports()).toBe(1);
});
