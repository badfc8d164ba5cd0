import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "@earshot/protocol";
import { signedAgain, temporaryFolder, testBundles } from "../testing/test-bundle.ts";
import { FIRST_EPOCH, PARAMETERS } from "../testing/test-network.ts";
import { BUNDLE_FILES, type Bundle, bundleName, MANIFEST_FILE } from "./bundle.ts";
import { keepOrWrite, readBundle, removeBundle, removeOthers, writeBundle } from "./bundle-folder.ts";
import { atOnce, type InTurns } from "./in-turns.ts";

const [bundle] = (await testBundles(1)) as [Bundle];
const NAMES = [...BUNDLE_FILES, MANIFEST_FILE].sort();
const FOLDER_MODULE = new URL("bundle-folder.ts", import.meta.url).pathname;
const WRITER = new URL("test-writer.ts", import.meta.url).pathname;

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
  expect(readBundle(parent.path)).toEqual({ ok: false, missing: "contacts.json" });
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
  const call = `import { removeBundle } from ${JSON.stringify(FOLDER_MODULE)}; removeBundle(...process.argv.slice(1));`;
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
  removeBundle(parent.path, name);
  expect(readdirSync(parent.path)).toEqual([]);
});

describe("closing an epoch again", () => {
  const day = (number: number): number => Date.UTC(2026, 0, number);
  const closing = { epoch: FIRST_EPOCH, network: PARAMETERS.network, owner: 7 };
  const content = (fields: Partial<Manifest> = {}) =>
    // biome-ignore lint/correctness/useYield: made at once
    function* (closedAtMs: number): InTurns<Bundle> {
      return signedAgain(bundle, {}, { closedAtMs, ...fields });
    };

  test("keeps the bundle where the content is the same, whatever time it is", () => {
    using parent = temporaryFolder();
    const first = atOnce(keepOrWrite(parent.path, { ...closing, closedAtMs: day(2) }, content()));
    const again = atOnce(keepOrWrite(parent.path, { ...closing, closedAtMs: day(3) }, content()));
    expect(again).toEqual({ ...first, isNew: false });
    expect(readdirSync(parent.path)).toEqual([first.name]);
  });

  test("leaves one bundle where the content is another, and none of what a killed run left", () => {
    using parent = temporaryFolder();
    const other = writeBundle(parent.path, FIRST_EPOCH + 1, bundle);
    atOnce(keepOrWrite(parent.path, { ...closing, closedAtMs: day(2) }, content()));
    mkdirSync(join(parent.path, `epoch-${String(FIRST_EPOCH).padStart(10, "0")}.6.tmp`));
    const replaced = atOnce(
      keepOrWrite(parent.path, { ...closing, closedAtMs: day(3) }, content({ paid: 0n })),
    );
    expect(replaced.closedAtMs).toBe(day(3));
    expect(readdirSync(parent.path)).toHaveLength(4);
    removeOthers(parent.path, FIRST_EPOCH, replaced.name);
    expect(readBundle(join(parent.path, replaced.name))).toEqual({ ok: true, bundle: replaced.bundle });
    expect(readdirSync(parent.path).sort()).toEqual([replaced.name, other].sort());
  });

  test("keeps the one of two that holds what the store says", () => {
    using parent = temporaryFolder();
    const right = atOnce(content()(day(2)));
    const name = writeBundle(parent.path, FIRST_EPOCH, right);
    writeBundle(parent.path, FIRST_EPOCH, atOnce(content({ paid: 0n })(day(2))));
    const kept = atOnce(keepOrWrite(parent.path, { ...closing, closedAtMs: day(3) }, content()));
    expect(kept).toEqual({ name, bundle: right, closedAtMs: day(2), isNew: false });
    removeOthers(parent.path, FIRST_EPOCH, kept.name);
    expect(readdirSync(parent.path)).toEqual([name]);
  });
});
