import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUNDLE_FILES, type Bundle, MANIFEST_FILE } from "./bundle.ts";
import { keepOrWrite, readBundle, writeBundle } from "./bundle-folder.ts";
import { signedAgain, temporaryFolder, testBundles } from "./test-bundle.ts";
import { PARAMETERS } from "./test-network.ts";

const [bundle] = (await testBundles(1)) as [Bundle];
const NAMES = [...BUNDLE_FILES, MANIFEST_FILE].sort();
const WRITER = new URL("test-writer.ts", import.meta.url).pathname;

test("a bundle reads as it was written, and nothing else is left", () => {
  using parent = temporaryFolder();
  const folder = join(parent.path, "new", "epoch-1");
  writeBundle(folder, bundle);
  expect(readBundle(folder)).toEqual({ ok: true, bundle });
  expect(readdirSync(folder).sort()).toEqual(NAMES);
  expect(readdirSync(join(parent.path, "new"))).toEqual(["epoch-1"]);
});

test("what a killed run left behind is replaced", () => {
  using parent = temporaryFolder();
  const folder = join(parent.path, "epoch-1");
  for (const left of [folder, `${folder}.tmp`]) {
    mkdirSync(left);
    writeFileSync(join(left, "half"), "x");
  }
  writeBundle(folder, bundle);
  expect(readdirSync(folder).sort()).toEqual(NAMES);
  expect(existsSync(`${folder}.tmp`)).toBe(false);
});

test("a missing file is named", () => {
  using parent = temporaryFolder();
  expect(readBundle(parent.path)).toEqual({ ok: false, missing: "entropy.cbor" });
});

test("killed at any moment of writing, a bundle under its final name is whole", async () => {
  using parent = temporaryFolder();
  for (let round = 0; round < 5; round++) {
    const writer = Bun.spawn([process.execPath, WRITER, parent.path], { stdout: "pipe" });
    let written = 0;
    for await (const chunk of writer.stdout) {
      written += chunk.length;
      if (written > 4 * round) break;
    }
    writer.kill("SIGKILL");
    await writer.exited;
    const whole = readdirSync(parent.path).filter((name) => !name.endsWith(".tmp"));
    for (const name of whole) {
      const sizes = NAMES.map((file) => readFileSync(join(parent.path, name, file)).length);
      expect(new Set(sizes)).toEqual(new Set([300_000]));
    }
  }
});

test("the same content again keeps the bundle, other content replaces it", () => {
  using parent = temporaryFolder();
  const folder = join(parent.path, "epoch-1");
  const closedAt = (closedAtMs: number) => signedAgain(bundle, {}, { closedAtMs });
  const first = keepOrWrite(folder, PARAMETERS.network, Date.UTC(2026, 0, 2), closedAt);
  const again = keepOrWrite(folder, PARAMETERS.network, Date.UTC(2026, 0, 3), closedAt);
  expect(again).toEqual(first);
  const other = (closedAtMs: number) => signedAgain(bundle, {}, { closedAtMs, paid: 0n });
  const replaced = keepOrWrite(folder, PARAMETERS.network, Date.UTC(2026, 0, 3), other);
  expect(replaced.closedAtMs).toBe(Date.UTC(2026, 0, 3));
  expect(readBundle(folder)).toEqual({ ok: true, bundle: replaced.bundle });
});
