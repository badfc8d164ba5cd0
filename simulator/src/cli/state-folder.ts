import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface StateFolder {
  path: string;
  seed: number;
  /** Removes a temporary folder. */
  release(): void;
}

type StateFolderResult = { ok: true; folder: StateFolder } | { ok: false; problem: string };

/** Keys and entropy come from the seed: a state folder belongs to one seed. */
const SEED_FILE = "seed";

/**
 * The folder of a run: the given one, which is made if it is missing and keeps the seed of its first run, or a
 * temporary one.
 * @param seed the seed asked for; by default the folder's own, or `otherwise`
 */
export function openStateFolder(
  path: string | undefined,
  seed: number | undefined,
  otherwise: number,
): StateFolderResult {
  if (path === undefined) {
    const temporary = mkdtempSync(join(tmpdir(), "earshot-"));
    const release = () => rmSync(temporary, { recursive: true, force: true });
    return { ok: true, folder: { path: temporary, seed: seed ?? otherwise, release } };
  }
  mkdirSync(path, { recursive: true });
  const file = join(path, SEED_FILE);
  const known = existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  if (known !== undefined && seed !== undefined && known !== seed) {
    return {
      ok: false,
      problem: `--state ${path} holds a network of seed ${known}, not ${seed}; leave --seed out or name another folder`,
    };
  }
  const chosen = seed ?? known ?? otherwise;
  writeFileSync(file, `${chosen}\n`);
  return { ok: true, folder: { path, seed: chosen, release() {} } };
}
