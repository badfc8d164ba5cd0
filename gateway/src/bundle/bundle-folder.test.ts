import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder, testBundles } from "../testing/test-bundle.ts";
import { BUNDLE_FILES, type Bundle, bundleName, bundlePrefix, MANIFEST_FILE } from "./bundle.ts";
import { bundleFolder, readBundle, writeBundle } from "./bundle-folder.ts";
import { bundleStoreContract } from "./bundle-store-contract.ts";

const [bundle] = (await testBundles(1)) as [Bundle];
const NAMES = [...BUNDLE_FILES, MANIFEST_FILE].sort();
const FOLDER_MODULE = new URL("bundle-folder.ts", import.meta.url).pathname;
const WRITER = new URL("test-writer.ts", import.meta.url).pathname;

bundleStoreContract("a folder", () => {
  const { path, [Symbol.dispose]: dispose } = temporaryFolder();
  return { ...bundleFolder(join(path, "epochs")), [Symbol.dispose]: dispose };
});

test("a bundle reads as it was written, and nothing else is left", () => {
  using parent = temporaryFolder();
  const folder = join(parent.path, "new");
  const name = writeBundle(folder, 1, bundle);
  expect(name).toMatch(/^epoch-0000000001-b[a-z2-7]{58}$/);
  expect(readBundle(join(folder, name))).toEqual({ ok: true, bundle });
  expect(readdirSync(join(folder, name)).sort()).toEqual(NAMES);
  expect(readdirSync(folder)).toEqual([name]);
});

test("what a killed run left behind is replaced", () => {
  using parent = temporaryFolder();
  const temporary = join(parent.path, "epoch-0000000001.0.tmp");
  const name = bundleName(1, bundle[MANIFEST_FILE]);
  for (const left of [join(parent.path, name), temporary]) {
    mkdirSync(left);
    writeFileSync(join(left, "half"), "x");
  }
  writeBundle(parent.path, 1, bundle);
  expect(readdirSync(join(parent.path, name)).sort()).toEqual(NAMES);
  expect(readdirSync(parent.path)).toEqual([name]);
});

test("a missing file is named", () => {
  using parent = temporaryFolder();
  expect(readBundle(parent.path)).toEqual({ ok: false, missing: "changes.cbor" });
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

test("killed while it removes a bundle, none under its final name is a half", async () => {
  using parent = temporaryFolder();
  const name = bundleName(1, bundle[MANIFEST_FILE]);
  const folder = join(parent.path, name);
  mkdirSync(folder);
  // So many that removing them takes far longer than to see that it began.
  const files = 2000;
  for (let number = 0; number < files; number++) writeFileSync(join(folder, `${number}`), "");
  const call = `import { bundleFolder } from ${JSON.stringify(FOLDER_MODULE)}; bundleFolder(process.argv[1]).remove(process.argv[2]);`;
  const remover = Bun.spawn([process.execPath, "-e", call, parent.path, name]);
  const left = () => {
    try {
      return readdirSync(folder).length;
    } catch {
      return 0;
    }
  };
  while (left() === files) await new Promise(setImmediate);
  remover.kill("SIGKILL");
  await remover.exited;
  expect(left()).toBe(0);
  bundleFolder(parent.path).remove(name);
  expect(readdirSync(parent.path)).toEqual([]);
});

test("what a killed run was writing goes with the epoch's other bundles", () => {
  using parent = temporaryFolder();
  const name = writeBundle(parent.path, 1, bundle);
  mkdirSync(join(parent.path, `${bundlePrefix(1)}.6.tmp`));
  const other = `${bundlePrefix(2)}.6.tmp`;
  mkdirSync(join(parent.path, other));
  bundleFolder(parent.path).removeOthers(1, name);
  expect(readdirSync(parent.path).sort()).toEqual([name, other].sort());
});

test("what is set aside is kept whole, beside the folder", () => {
  using parent = temporaryFolder();
  const folder = join(parent.path, "epochs");
  const name = writeBundle(folder, 1, bundle);
  bundleFolder(folder).setAside(name);
  expect(readdirSync(folder)).toEqual([]);
  expect(readBundle(join(`${folder}-taken-back`, name))).toEqual({ ok: true, bundle });
});

test("damaged contacts are none, and a link or a folder is no file", async () => {
  using parent = temporaryFolder();
  const name = writeBundle(parent.path, 1, bundle);
  const folder = join(parent.path, name);
  writeFileSync(join(folder, "contacts.json"), "{");
  symlinkSync(join(folder, MANIFEST_FILE), join(folder, "link"));
  mkdirSync(join(folder, "folder"));
  const bundles = bundleFolder(parent.path);
  expect(bundles.contacts(name)).toBeUndefined();
  expect(await bundles.file(name, "link")).toBeUndefined();
  expect(await bundles.file(name, "folder")).toBeUndefined();
});
