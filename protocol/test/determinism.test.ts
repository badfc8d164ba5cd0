import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { EpochJudgement } from "../src/judging/epoch.ts";
import { OUTCOME_REASONS } from "../src/judging/reasons.ts";
import type { ReceivedPacket } from "../src/judging/types.ts";
import { earshot1 } from "../src/rules/rule-sets.ts";
import { type JudgedPart, judgePart, mathBits, mergedParts, outcome, textOf } from "./determinism-digest.ts";
import { determinismEpoch } from "./determinism-epoch.ts";

const { inputs, settlement } = determinismEpoch();
const { packets } = inputs;
const expected = earshot1.judge(inputs);
const expectedText = textOf(expected);
const expectedOutcome = outcome(expected, settlement);

function expectSame(judgement: EpochJudgement): void {
  expect(textOf(judgement)).toBe(expectedText);
  expect(outcome(judgement, settlement)).toEqual(expectedOutcome);
}

const shuffled = <T>(list: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length });

/** The same packet again, by another way and later. */
const again = (packet: ReceivedPacket, laterMs: number): ReceivedPacket => ({
  ...packet,
  bytes: packet.bytes.slice(),
  receivedAtMs: packet.receivedAtMs + laterMs,
});

const merged = (parts: readonly JudgedPart[]) => mergedParts(parts, inputs);

describe("the epoch of these tests", () => {
  test("meets every reason that there is", () => {
    const { report, beacon, witness } = earshot1.order;
    const met = new Set(expected.verdicts.map(({ reason }) => reason));
    expect(
      [...new Set([...report, ...beacon, ...witness, ...OUTCOME_REASONS])].filter((r) => !met.has(r)),
    ).toEqual([]);
    expect(packets.length).toBeGreaterThan(140);
  });

  test("pays, and accounts for the whole pool", () => {
    expect(expected.proven.length).toBeGreaterThan(5);
    const { paid, unallocated } = expectedOutcome;
    expect(BigInt(paid)).toBeGreaterThan(0n);
    expect(BigInt(paid) + BigInt(unallocated)).toBe(inputs.parameters.poolPerEpoch);
  });

  test("is sensitive: one report less is another root", () => {
    const paid = expected.verdicts.find(({ reason, type }) => reason === "ok" && type === "witness");
    const judgement = earshot1.judge({
      ...inputs,
      packets: packets.filter(({ id }) => id !== paid?.packetId),
    });
    expect(outcome(judgement, settlement).root).not.toBe(expectedOutcome.root);
  });
});

describe("byte-identical verdicts and one root", () => {
  test("in any order of packets, registry, entropy, denials and contacts", () => {
    const orders = fc.tuple(
      shuffled(packets),
      shuffled(inputs.hotspots),
      shuffled(inputs.entropy),
      shuffled(inputs.denials),
      shuffled([...inputs.contactsBefore]),
    );
    fc.assert(
      fc.property(orders, ([some, hotspots, entropy, denials, contacts]) => {
        expectSame(
          earshot1.judge({
            ...inputs,
            packets: some,
            hotspots,
            entropy,
            denials,
            contactsBefore: new Map(contacts),
          }),
        );
      }),
      { numRuns: 25 },
    );
  });

  test("with packets received again, now or later, by any way", () => {
    const repeated = fc
      .array(fc.tuple(fc.constantFrom(...packets), fc.nat({ max: 900_000 })), { maxLength: 60 })
      .chain((repeats) => shuffled([...packets, ...repeats.map(([packet, ms]) => again(packet, ms))]));
    fc.assert(
      fc.property(repeated, (some) => expectSame(earshot1.judge({ ...inputs, packets: some }))),
      { numRuns: 25 },
    );
  });

  test("with reports split over any number of ingest batches, some delivered to several", () => {
    const batches = fc
      .array(fc.tuple(fc.nat({ max: 6 }), fc.option(fc.nat({ max: 6 }))), {
        minLength: packets.length,
        maxLength: packets.length,
      })
      .map((places) =>
        Array.from({ length: 7 }, (_, batch) =>
          packets.filter((_packet, i) => places[i]?.[0] === batch || places[i]?.[1] === batch),
        ),
      );
    fc.assert(
      fc.property(batches, (some) => expectSame(earshot1.judge({ ...inputs, packets: some.flat() }))),
      { numRuns: 25 },
    );
  });

  test("judged in any number of parts by beacon, each in a judging of its own, and put together", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), shuffled(packets), (parts, some) => {
        const own = Array.from({ length: parts }, (_, part) =>
          judgePart({ ...inputs, packets: some }, part, parts),
        );
        expectSame(merged(own));
      }),
      { numRuns: 12 },
    );
  });
});

describe("other processes and runtimes", () => {
  const script = fileURLToPath(new URL("determinism-digest.ts", import.meta.url));
  // The npm package holds a launcher for Node.js; run by Bun it starts the same binary.
  const deno = [createRequire(import.meta.url).resolve("deno/bin.cjs"), "run", "-A"];
  const run = (...args: string[]): unknown =>
    JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));

  test("Deno reaches the same verdicts, root and amounts, by numbers that are the same to the last bit", () => {
    expect(run(...deno, script)).toEqual({ ...expectedOutcome, math: mathBits() });
  });

  test("three processes of two runtimes judge a part each: together the same", () => {
    const parts = [run(script, "0", "3"), run(...deno, script, "1", "3"), run(...deno, script, "2", "3")];
    expectSame(merged(parts as JudgedPart[]));
  });
});
