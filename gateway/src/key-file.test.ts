import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadNetworkKey } from "./key-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "earshot-key-"));
  path = join(folder, "network.key");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const problem = () => loadNetworkKey(path).then(String, (error: Error) => error.message);

test("a key is made once, for its owner only", async () => {
  const made = await loadNetworkKey(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["network.key"]);
  expect((await loadNetworkKey(path)).publicKey).toEqual(made.publicKey);
});

test("a start that was cut short while it made the key does not prevent the next", async () => {
  writeFileSync(`${path}.new`, "12", { mode: 0o600 });
  await loadNetworkKey(path);
  expect(readdirSync(folder)).toEqual(["network.key"]);
});

test("a key that others can read is refused with what to do", async () => {
  await loadNetworkKey(path);
  chmodSync(path, 0o640);
  expect(await problem()).toContain(`chmod 600 ${path}`);
});

test("a file that holds no key is not replaced", async () => {
  writeFileSync(path, "hello", { mode: 0o600 });
  expect(await problem()).toContain("does not hold 64 hex digits");
  expect(statSync(path).size).toBe(5);
});
