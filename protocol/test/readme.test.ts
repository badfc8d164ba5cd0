import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { reasonTable, sizeTable } from "./reason-table.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

describe("the README tells what the code does (bun protocol/test/reason-table.ts prints its tables)", () => {
  test("reasons, their order and their sentences", () => expect(readme).toContain(reasonTable()));
  test("sizes", () => expect(readme).toContain(sizeTable()));

  test("its map has every file of src, and no other", () => {
    const src = new URL("../src", import.meta.url);
    const files = readdirSync(src, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => file.replaceAll("\\", "/"));
    const map = readme.slice(readme.indexOf("## Map"), readme.indexOf("## On the wire"));
    const named = [...map.matchAll(/`([\w/-]+(?:\.d)?\.ts)`/g)].map(([, file]) => file as string);
    expect(named.toSorted()).toEqual(files.toSorted());
  });
});
