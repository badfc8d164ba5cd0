import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { reasonTable, sizeTable } from "./reason-table.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

describe("the README tells what the code does (`bun run docs` writes its tables)", () => {
  test("reasons, their order and their sentences", () => expect(readme).toContain(reasonTable()));
  test("sizes", () => expect(readme).toContain(sizeTable()));
});
