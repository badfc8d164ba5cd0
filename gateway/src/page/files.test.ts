import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { PAGE_FILES } from "./files.ts";

const FOLDER = new URL(".", import.meta.url);
const texts = Object.entries(PAGE_FILES).map(([path, { text }]) => ({ path, text }));

describe("the fleet page", () => {
  test("serves every file of its folder", () => {
    const onDisk = readdirSync(FOLDER).filter(
      (name) => /\.(js|css|svg|html)$/.test(name) && !/\.test\./.test(name),
    );
    const served = Object.keys(PAGE_FILES).map((path) => (path === "/" ? "index.html" : path.slice(1)));
    expect(served.sort()).toEqual(onDisk.sort());
  });

  test("finds all that its files ask for", () => {
    for (const { text } of texts) {
      const asked = [
        ...[...text.matchAll(/from "\.(\/[\w.-]+)"/g)].map(([, path]) => path),
        ...[...text.matchAll(/(?:href|src)="(\/[\w.-]+\.\w+)"/g)].map(([, path]) => path),
      ];
      for (const path of asked) expect(PAGE_FILES).toHaveProperty([path ?? ""]);
    }
  });

  test("asks nothing of the internet", () => {
    for (const { path, text } of texts) {
      const addresses = text.match(/(https?:)?\/\/[a-z0-9.-]+\.[a-z]{2,}/gi) ?? [];
      const outside = addresses.filter((address) => !address.includes("www.w3.org"));
      expect({ path, outside }).toEqual({ path, outside: [] });
      expect(text).not.toMatch(/@import|@font-face/);
    }
  });

  test("never makes markup out of data", () => {
    for (const { text } of texts) {
      expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/);
    }
  });

  test("has no style or script inline, which its policy forbids", () => {
    expect(PAGE_FILES["/"]?.text).not.toMatch(/<style|<script>| style=| on\w+=/);
  });
});
