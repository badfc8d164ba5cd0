import { expect, test } from "bun:test";
import { decodePacket, MAX_QUANTITIES } from "@earshot/protocol";
import { testContext } from "../testing/core-context.ts";
import { ReadingSummary } from "./reading-packets.ts";

function setUp() {
  const { context, clock } = testContext();
  const summary = new ReadingSummary(context, "roof");
  const report = async () => {
    await clock.resolve(summary.report());
    return context.outbox.next(100).map(({ bytes, sequence }) => {
      const decoded = decodePacket(bytes);
      if (!decoded.ok || decoded.decoded.packet.type !== "reading") throw new Error("no reading");
      context.outbox.acknowledge([sequence], 0);
      return decoded.decoded.packet;
    });
  };
  const refused = () => new Map(context.board.losses.counts()).get("readings_unusable") ?? 0;
  return { summary, report, refused };
}

test("a source may make up 64 names; values of others, and what is no number, are counted as unusable", async () => {
  const { summary, report, refused } = setUp();
  for (let i = 0; i < 64; i++) summary.add(`q${i}`, i);
  expect(refused()).toBe(0);
  for (let i = 0; i < 3; i++) summary.add("one_more", 1);
  expect(refused()).toBe(3);
  summary.addAll({ q0: Number.NaN, q1: Number.POSITIVE_INFINITY, q2: 2 });
  expect(refused()).toBe(5);
  const told = (await report()).flatMap(({ quantities }) => quantities);
  expect(told).toHaveLength(64);
  expect(told.find(({ name }) => name === "q2")).toMatchObject({
    exponent: -3,
    min: 2000,
    mean: 2000,
    max: 2000,
    count: 2,
  });
});

test("what came since the last report is told, and nothing where nothing came", async () => {
  const { summary, report } = setUp();
  summary.add("temperature_c", 20);
  summary.add("temperature_c", 21);
  const [first] = await report();
  expect(first).toMatchObject({ source: "roof", quantities: [{ min: 200, mean: 205, max: 210, count: 2 }] });
  expect(await report()).toEqual([]);
  for (let i = 0; i < MAX_QUANTITIES + 1; i++) summary.add(`q${i}`, i);
  expect((await report()).map(({ quantities }) => quantities.length)).toEqual([MAX_QUANTITIES, 1]);
});
