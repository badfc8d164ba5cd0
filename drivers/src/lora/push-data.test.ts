import { expect, test } from "bun:test";
import fc from "fast-check";
import { readPushData } from "./push-data.ts";
import { pushText, rxpkText } from "./test-forwarder.ts";

const read = (text: string) => readPushData(new TextEncoder().encode(text));
const dataOf = (text: string) => read(text).rxpks.map((rxpk) => rxpk.get("data"));
const named = (data: string) => rxpkText({ data });
const STAT = '{"time":"2026-11-21 09:21:50 GMT","rxnb":6,"rxok":5,"rxfw":6,"ackr":100.0,"dwnb":0,"txnb":0}';

test("rxpk and stat in one datagram, in either order", () => {
  for (const text of [
    `{"rxpk":[${named("AAAA")}],"stat":${STAT}}`,
    `{"stat":${STAT},"rxpk":[${named("AAAA")}]}`,
  ]) {
    const { rxpks, stats, damages } = read(text);
    expect([rxpks.length, stats.length, damages]).toEqual([1, 1, 0]);
  }
});

test("a damaged rxpk is counted once and costs no neighbour", () => {
  for (const bad of [
    '{"tmst":',
    '{"tmst":12,"data":"BBBB',
    "{nonsense}",
    '"',
    "\\",
    '{"data":"BBBB"]',
    '{"a":[[[',
  ]) {
    const text = pushText(named("AAAA"), bad, named("CCCC"), named("DDDD"));
    expect([bad, dataOf(text)]).toEqual([bad, ["AAAA", "CCCC", "DDDD"]]);
    expect(read(text).damages).toBeGreaterThan(0);
  }
  expect(read(pushText(named("AAAA"), '{"tmst":nope}', named("CCCC"), '{"tmst":nope}')).damages).toBe(2);
});

test("a damaged envelope costs no rxpk", () => {
  expect(dataOf(`"rxpk":[${named("AAAA")},${named("BBBB")}`)).toEqual(["AAAA", "BBBB"]);
  expect(dataOf(`{"rxqk":[${named("AAAA")}]}`)).toEqual(["AAAA"]);
  expect(dataOf(`{"rxpk":${named("AAAA")}}`)).toEqual(["AAAA"]);
  expect(dataOf(`{"rxpk":[5,null,${named("AAAA")}]}`)).toEqual(["AAAA"]);
});

test("a neighbour that a damaged rxpk swallowed comes out", () => {
  expect(dataOf(`{"rxpk":[{"tmst":1,"x":[1,${named("AAAA")},${named("BBBB")}]}]}`)).toEqual([
    undefined,
    "AAAA",
    "BBBB",
  ]);
});

test("a damaged stat costs no rxpk, and a damaged rxpk costs no stat", () => {
  expect(dataOf(`{"rxpk":[${named("AAAA")}],"stat":{"time":"2026-11-21 09:21:50 GM}`)).toEqual(["AAAA"]);
  expect(dataOf(`{"stat":{"rxnb":,"rxok":}},"rxpk":[${named("AAAA")}]}`)).toEqual(["AAAA"]);
  expect(read(`{"rxpk":[{"tmst":nope}],"stat":${STAT}}`).stats).toHaveLength(1);
});

test("no JSON at all is one damage", () => {
  expect(read("")).toEqual({ rxpks: [], stats: [], damages: 1 });
  expect(read("\0\0")).toEqual({ rxpks: [], stats: [], damages: 1 });
});

// Each of these would take minutes if every try read on to the end.
test.each([
  ["braces", "{".repeat(65_000)],
  ["open objects", '{"a":'.repeat(13_000)],
  ["open strings", '{"'.repeat(32_000)],
  ["open lists", '{"a":[1,'.repeat(8_000)],
  ["siblings in an open object", `{${'"a":{"b":1},'.repeat(5_000)}`],
  ["escaped quotes", String.raw`{"\"`.repeat(16_000)],
  ["one endless number", `{"a":${"1".repeat(65_000)}`],
])("hostile text ends soon: %s", (_, text) => {
  expect(read(text).damages).toBeGreaterThan(0);
});

const structural = fc.constantFrom(...'{}[]:,"\\ 1n');
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.array(structural, { maxLength: 12 }).map((parts) => new TextEncoder().encode(parts.join(""))),
);
const edit = fc.record({ at: fc.nat(1_000_000), removed: fc.nat(40), inserted: anyBytes });

function edited(bytes: Uint8Array, edits: readonly { at: number; removed: number; inserted: Uint8Array }[]) {
  let result = bytes;
  for (const { at, removed, inserted } of edits) {
    const from = at % (result.length + 1);
    result = Uint8Array.from([...result.subarray(0, from), ...inserted, ...result.subarray(from + removed)]);
  }
  return result;
}

test("whatever becomes of one rxpk, its neighbours come out", () => {
  const names = ["AAAA", "BBBB", "CCCC", "DDDD"];
  const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.nat(3), edits, fc.boolean(), (victim, changes, withStat) => {
      const parts = names.map((name, index) => {
        const bytes = new TextEncoder().encode(rxpkText({ data: name }));
        return index === victim ? edited(bytes, changes) : bytes;
      });
      const joined = parts.flatMap((part, index) => [...(index === 0 ? [] : [0x2c]), ...part]);
      const tail = withStat ? `],"stat":${STAT}}` : "]}";
      const json = [...new TextEncoder().encode('{"rxpk":['), ...joined, ...new TextEncoder().encode(tail)];
      const found = readPushData(Uint8Array.from(json));
      const out = found.rxpks.map((rxpk) => rxpk.get("data"));
      for (const name of names) if (name !== names[victim]) expect(out).toContain(name);
      if (withStat) expect(found.stats.length).toBeGreaterThan(0);
    }),
    { numRuns: 2_000 },
  );
});

test("one changed byte anywhere costs at most the rxpk it is in", () => {
  const names = ["AAAA", "BBBB", "CCCC"];
  const text = pushText(...names.map((name) => rxpkText({ data: name })));
  const good = new TextEncoder().encode(text);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
      const bytes = good.slice();
      bytes[at] = byte;
      const out = readPushData(bytes).rxpks.map((rxpk) => rxpk.get("data"));
      for (const name of names) {
        const from = text.indexOf(rxpkText({ data: name }));
        const hit = at >= from && at < from + rxpkText({ data: name }).length;
        if (!hit) expect(out).toContain(name);
      }
    }),
    { numRuns: 3_000 },
  );
});
