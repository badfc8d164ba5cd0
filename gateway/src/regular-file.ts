import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";

/** Far more than any key, certificate, configuration or list of hotspots has. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface RegularFile {
  bytes: Buffer;
  /** Permission bits. */
  mode: number;
}

/**
 * A file, or `undefined` where nothing of that name is. Never waits, as opening a FIFO would.
 * @throws {Error} naming the path and what it is, when it is no file, or a link that leads nowhere
 */
export async function readRegularFile(path: string): Promise<RegularFile | undefined> {
  const file = await openAtOnce(path);
  if (file === undefined) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error(`${path} is no file: it is a folder, a FIFO or a device`);
    if (stats.size > MAX_BYTES)
      throw new Error(`${path} has ${stats.size} bytes; at most ${MAX_BYTES} are read`);
    return { bytes: await file.readFile(), mode: stats.mode & 0o777 };
  } finally {
    await file.close();
  }
}

async function openAtOnce(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT")
      throw new Error(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
    const isLink = await lstat(path).then(
      () => true,
      () => false,
    );
    if (isLink) throw new Error(`${path} is a link to what is not there`, { cause: error });
    return undefined;
  }
}

/** The text of a file that must be there. @throws {Error} also when it is not */
export const readNamedFile = async (path: string): Promise<string> =>
  (await readNamedBytes(path)).toString("utf8");

/** The same as bytes. @throws {Error} */
export async function readNamedBytes(path: string): Promise<Buffer> {
  const file = await readRegularFile(path);
  if (file === undefined) throw new Error(`${path}: there is no such file`);
  return file.bytes;
}
