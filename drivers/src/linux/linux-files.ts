import { readdir, readFile, statfs } from "node:fs/promises";

/** The files and folders of /proc and /sys, passed in so that other machines' can be read in tests. */
export interface LinuxFiles {
  /** The text, or `undefined` when it is absent or cannot be read. */
  readFile(path: string): Promise<string | undefined>;
  /** Names in a folder, none when it is absent. */
  list(path: string): Promise<readonly string[]>;
  /** Of the file system that holds `path`; `freeBytes` is what an ordinary user can have. */
  diskSpace(path: string): Promise<{ totalBytes: number; freeBytes: number } | undefined>;
}

/** No file that is read here is longer. */
const MAX_CHARACTERS = 65_536;

export const linuxFiles: LinuxFiles = {
  async readFile(path) {
    try {
      return (await readFile(path, "utf8")).slice(0, MAX_CHARACTERS);
    } catch {
      return undefined;
    }
  },

  async list(path) {
    try {
      return await readdir(path);
    } catch {
      return [];
    }
  },

  async diskSpace(path) {
    try {
      const { bsize, blocks, bavail } = await statfs(path);
      return { totalBytes: bsize * blocks, freeBytes: bsize * bavail };
    } catch {
      return undefined;
    }
  },
};
