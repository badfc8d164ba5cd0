import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { type Signer, signerFromSeed } from "@earshot/protocol";
import { seedWeakness, withRegularFile } from "@earshot/protocol/runtime";

/**
 * The network key: 32 bytes in hex, in a file that only its owner can read. Made on first start.
 * @throws {Error} naming the file and what to do, when others can read it or it holds something else
 */
export async function loadNetworkKey(path: string): Promise<Signer> {
  const file = withRegularFile(path, (descriptor, stats) => ({
    text: readFileSync(descriptor, "utf8"),
    mode: stats.mode & 0o777,
  }));
  if (file === undefined) return createKey(path);
  const { text, mode } = file;
  if (mode & 0o077) {
    throw new Error(
      `Network key ${path} has mode 0${mode.toString(8)}; only 0600 is allowed: chmod 600 ${path}`,
    );
  }
  if (!/^[0-9a-f]{64}\n?$/.test(text)) {
    throw new Error(`Network key ${path} does not hold 64 hex digits: restore it from its backup`);
  }
  const seed = Uint8Array.fromHex(text.trim());
  const weakness = seedWeakness(seed);
  if (weakness !== undefined) {
    throw new Error(`Network key ${path} is no key: it holds ${weakness}. Restore it from its backup`);
  }
  return signerFromSeed(seed);
}

/** Written beside its place and moved there, so that a start that is cut short leaves no half key behind. */
async function createKey(path: string): Promise<Signer> {
  const seed = new Uint8Array(randomBytes(32));
  const draft = `${path}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${seed.toHex()}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
  return signerFromSeed(seed);
}
