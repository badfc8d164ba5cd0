import { afterEach, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

test("a key that everybody can guess is refused, and the message does not hold it", async () => {
  for (const byte of ["00", "ff", "5a"]) {
    writeFileSync(path, byte.repeat(32), { mode: 0o600 });
    expect(await problem()).toContain("one byte many times in a row");
    expect(await problem()).not.toContain(byte.repeat(4));
  }
});

test("a FIFO, a folder or a link that leads nowhere is a sentence, at once", async () => {
  execFileSync("mkfifo", ["-m", "600", path]);
  expect(await problem()).toContain(`${path} is not a file but a FIFO`);
  rmSync(path);
  mkdirSync(path);
  expect(await problem()).toContain(`${path} is not a file but a folder`);
  rmSync(path, { recursive: true });
  symlinkSync(join(folder, "nowhere"), path);
  expect(await problem()).toContain(`${path} is a link to what is not there`);
  expect(readdirSync(folder)).toEqual(["network.key"]);
});
