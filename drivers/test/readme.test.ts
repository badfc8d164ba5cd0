import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../", import.meta.url);
const readme = readFileSync(new URL("README.md", FOLDER), "utf8");
const map = readme.slice(readme.indexOf("## Map"), readme.indexOf("A new driver:"));

/** Paths in the map; a name without a folder is in the folder of the one before it. `*` stands for anything. */
function namedPaths(): string[] {
  return map.split("\n").flatMap((row) => {
    let folder = "";
    return [...row.matchAll(/`([\w/.*-]+\.ts)`/g)].map(([, path = ""]) => {
      const isWhole = /^(?:src|test|bench)\//.test(path);
      const whole = isWhole ? path : folder + path;
      folder = whole.slice(0, whole.lastIndexOf("/") + 1);
      return whole;
    });
  });
}

const patternOf = (path: string) => new RegExp(`^${path.replaceAll(".", "\\.").replaceAll("*", "[\\w-]*")}$`);

test("the map in the README has every source file", () => {
  const src = new URL("src/", FOLDER);
  const files = readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => `src/${file.replaceAll("\\", "/")}`);
  const patterns = namedPaths().map(patternOf);
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => !patterns.some((pattern) => pattern.test(file)))).toEqual([]);
});

test("and names no file that is not there", () => {
  const plain = namedPaths().filter((path) => !path.includes("*"));
  expect(plain.filter((path) => !existsSync(new URL(path, FOLDER)))).toEqual([]);
});
