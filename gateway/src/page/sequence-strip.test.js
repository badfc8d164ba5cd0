import { expect, test } from "bun:test";
import { plain, usePage } from "../testing/test-page.js";

usePage();

/** What is drawn of these runs, as kind, left end and width, and what is said. */
async function strip(ranges, gaps) {
  const { sequenceStrip } = await import("./sequence-strip.js");
  const element = sequenceStrip({ ranges }, gaps);
  const blocks = [...element.querySelectorAll("rect")].map((rect) => [
    rect.getAttribute("class"),
    Number(rect.getAttribute("x")),
    Number(rect.getAttribute("width")),
  ]);
  return { blocks, text: plain(element.textContent) };
}

test("runs that are stored and gaps between them share the strip by their length", async () => {
  const ranges = [
    { first: 101, last: 150 },
    { first: 176, last: 200 },
  ];
  const { blocks, text } = await strip(ranges, { total: 1, missing: 25, runs: [{ first: 151, last: 175 }] });
  expect(blocks).toEqual([
    ["stored", 0, 500],
    ["stored", 750, 250],
    ["gap", 500, 250],
  ]);
  expect(text).toStartWith("101200");
  expect(text).toContain("25 missing: 151–175.");
});

test("a single gap among very many is still seen, and so is a single packet", async () => {
  const ranges = [
    { first: 1, last: 50_000 },
    { first: 50_002, last: 50_002 },
    { first: 50_004, last: 100_000 },
  ];
  const { blocks } = await strip(ranges, { total: 2, missing: 2, runs: [] });
  expect(blocks.map(([kind, , width]) => [kind, Math.round(width)])).toEqual([
    ["stored", 500],
    ["stored", 1],
    ["stored", 500],
    ["gap", 4],
    ["gap", 4],
  ]);
});

test("of many gaps some are listed and the others counted", async () => {
  const runs = Array.from({ length: 8 }, (_, i) => ({ first: 10 * i + 2, last: 10 * i + 2 }));
  const ranges = [{ first: 1, last: 100 }];
  expect((await strip(ranges, { total: 8, missing: 8, runs })).text).toContain("52, 62, 72. ");
  expect((await strip(ranges, { total: 11, missing: 11, runs })).text).toContain("62, 72 and 3 more gaps. ");
  expect((await strip(ranges, { total: 0, missing: 0, runs: [] })).text).toContain(
    "None of these is missing.",
  );
  expect((await strip([], { total: 0, missing: 0, runs: [] })).text).toBe(
    "No packet of this hotspot has been stored yet.",
  );
});
