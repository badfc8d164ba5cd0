import { afterAll, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hotspotId } from "../crypto/did-key.ts";
import { importKey, verifyEd25519 } from "../crypto/ed25519.ts";
import { KeyError, type KeyFileOptions, keyFile } from "./key-file.ts";

const all = mkdtempSync(join(tmpdir(), "earshot-key-"));
afterAll(() => rmSync(all, { recursive: true }));
const newPath = (...parts: string[]) => join(mkdtempSync(join(all, "key-")), ...parts);
const hotspotKey = (path: string, options: Partial<KeyFileOptions> = {}) =>
  keyFile(path, { of: "hotspot", setting: "[identity] key_file", ...options });

test("the first start makes a key that later starts find again", () => {
  const path = newPath("state", "hotspot.key");
  const signer = hotspotKey(path).open();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(path).size).toBe(32);
  const again = hotspotKey(path).open();
  expect(again.publicKey).toEqual(signer.publicKey);
  const message = new TextEncoder().encode("message");
  expect(verifyEd25519(importKey(signer.publicKey), message, again.sign(message))).toBe(true);
});

test("a start that was cut short while it made the key does not prevent the next", () => {
  const path = newPath("key");
  writeFileSync(`${path}.new`, "12", { mode: 0o600 });
  hotspotKey(path).open();
  expect(readdirSync(dirname(path))).toEqual(["key"]);
});

test("what becomes another one with a new key is named, and where the key may be instead", () => {
  const path = newPath();
  expect(failureOf(path)).toEndWith("remove it to become a new hotspot), or set [identity] key_file");
  expect(() => keyFile(path, { of: "network" }).open()).toThrow(/remove it to become a new network\)$/);
});

test("two hotspots have two keys", () => {
  expect(hotspotId(hotspotKey(newPath("key")).open().publicKey)).not.toBe(
    hotspotId(hotspotKey(newPath("key")).open().publicKey),
  );
});

test("a key that others may read is refused with what to do, and the message does not hold it", () => {
  for (const mode of [0o640, 0o604, 0o644, 0o660, 0o700]) {
    const path = newPath("key");
    hotspotKey(path).open();
    chmodSync(path, mode);
    const failure = failureOf(path);
    expect(failure).toContain(`has mode 0${mode.toString(8)}`);
    expect(failure).toContain(`chmod 600 ${path}`);
    expect(failure).not.toContain(readFileSync(path).toString("hex"));
  }
  const strict = newPath("key");
  hotspotKey(strict).open();
  chmodSync(strict, 0o400);
  expect(() => hotspotKey(strict).open()).not.toThrow();
});

test("a key of the wrong length, or no file, is refused", () => {
  const path = newPath("key");
  writeFileSync(path, new Uint8Array(31), { mode: 0o600 });
  expect(failureOf(path)).toContain("has 31 bytes; a key has 32");
  expect(failureOf(newPath())).toContain("is not a file but a folder");
});

test("a FIFO, a device or a link that leads nowhere is refused at once, and not replaced", () => {
  const fifo = newPath("key");
  execFileSync("mkfifo", ["-m", "600", fifo]);
  expect(failureOf(fifo)).toContain(`${fifo} is not a file but a FIFO`);
  expect(failureOf("/dev/zero")).toContain("/dev/zero is not a file but a device");
  const link = newPath("key");
  symlinkSync("nowhere", link);
  expect(failureOf(link)).toContain(`${link} is a link to what is not there`);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
});

test("what cannot be a random key is refused, and the message says why, not what", () => {
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(32), "one byte many times in a row"],
    [new Uint8Array(32).fill(0xff), "one byte many times in a row"],
    [new TextEncoder().encode("this is the secret of my hotspot"), "holds text"],
    [new TextEncoder().encode(`${"5a".repeat(32)}\n`), "xxd -r -p"],
    [new Uint8Array(), "is empty; a key has 32"],
  ];
  for (const [bytes, why] of cases) {
    const path = newPath("key");
    writeFileSync(path, bytes, { mode: 0o600 });
    expect(failureOf(path)).toContain(why);
    expect(failureOf(path)).not.toMatch(/5a5a|secret of/);
    expect(readFileSync(path)).toEqual(Buffer.from(bytes));
  }
});

describe.skipIf(process.getuid?.() !== 0)("beside the service's user", () => {
  test("root reads its key, and makes one that is its own", () => {
    const folder = newPath("state");
    mkdirSync(folder);
    chownSync(folder, 1, 2);
    const path = join(folder, "key");
    const made = hotspotKey(path).open();
    expect(statSync(path)).toMatchObject({ uid: 1, gid: 2 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(hotspotKey(path, { mayBeOthers: true }).open().publicKey).toEqual(made.publicKey);
    expect(readdirSync(folder)).toEqual(["key"]);
    expect(failureOf(path)).toEndWith("belongs to daemon, but this runs as root: run it as daemon");
  });

  test("a key of root's is told to the service with the command that gives it over", () => {
    const path = newPath("key");
    hotspotKey(path).open();
    for (const folder of [all, dirname(path)]) chmodSync(folder, 0o755);
    const script = `import { keyFile } from ${JSON.stringify(join(import.meta.dir, "key-file.ts"))};
      process.setuid(65534);
      try { keyFile(${JSON.stringify(path)}, { of: "hotspot" }).open(); } catch (error) { console.log(error.message); }`;
    const told = execFileSync(process.execPath, ["-e", script], { encoding: "utf8" });
    expect(told.trim()).toBe(
      `${path} belongs to root, but this runs as nobody: sudo chown -R nobody ${path}`,
    );
  });
});

function failureOf(path: string): string {
  try {
    hotspotKey(path).open();
  } catch (error) {
    expect(error).toBeInstanceOf(KeyError);
    return (error as Error).message;
  }
  return "no failure";
}
