import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Either the old content or the new one is there after a power cut. For its owner only. */
export function writeDurably(path: string, text: string): void {
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, text);
  } finally {
    closeSync(file);
  }
  renameDurably(draft, path);
}

/** Gives a finished file its name: after a power cut `to` is what it was, or all of `from`. */
export function renameDurably(from: string, to: string): void {
  sync(from, "r+");
  renameSync(from, to);
  sync(dirname(to), "r");
}

function sync(path: string, flags: "r" | "r+"): void {
  const file = openSync(path, flags);
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
