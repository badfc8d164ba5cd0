import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStateFolder } from "./state-folder.ts";

const parent = mkdtempSync(join(tmpdir(), "earshot-folders-"));
afterAll(() => rmSync(parent, { recursive: true }));

const opened = (...args: Parameters<typeof openStateFolder>) => {
  const result = openStateFolder(...args);
  if (!result.ok) throw new Error(result.problem);
  return result.folder;
};

test("a temporary folder is removed at the end", () => {
  const folder = opened(undefined, undefined, 42);
  expect([folder.seed, existsSync(folder.path)]).toEqual([42, true]);
  folder.release();
  expect(existsSync(folder.path)).toBe(false);
});

test("a folder given stays and remembers its seed", () => {
  const path = join(parent, "kept", "deep");
  const first = opened(path, 7, 42);
  first.release();
  expect([first.seed, existsSync(path)]).toEqual([7, true]);
  expect(opened(path, undefined, 43).seed).toBe(7);
  expect(opened(path, 7, 43).seed).toBe(7);
  expect(openStateFolder(path, 8, 43)).toEqual({
    ok: false,
    problem: `--state ${path} holds a network of seed 7, not 8; leave --seed out or name another folder`,
  });
});
