import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { errorCode, errorText } from "./error-text.ts";

/** Far more than any key, certificate or configuration has. */
const MAX_BYTES = 1024 * 1024;

/**
 * Opens a regular file for `use`, or gives `undefined` where nothing of that name is. Never waits, as opening a FIFO
 * would.
 *
 * @throws {Error} naming the path and what it is, when it is no file, or a link that leads nowhere
 */
export function withRegularFile<T>(path: string, use: (file: number, stats: Stats) => T): T | undefined {
  const file = openAtOnce(path);
  if (file === undefined) return undefined;
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error(`${path} is not a file but ${kindOf(stats)}`);
    return use(file, stats);
  } finally {
    closeSync(file);
  }
}

/** The bytes of a file, or `undefined` where there is none. @throws {Error} */
export function readRegularFile(path: string, maxBytes = MAX_BYTES): Buffer | undefined {
  return withRegularFile(path, (file, { size }) => {
    if (size > maxBytes) throw new Error(`${path} has ${size} bytes; at most ${maxBytes} are read`);
    return readFileSync(file);
  });
}

/** The bytes of a file that the configuration names. @throws {Error} also when it is not there */
export function readNamedFile(path: string, maxBytes = MAX_BYTES): Buffer {
  const bytes = readRegularFile(path, maxBytes);
  if (bytes === undefined) throw new Error(`${path}: there is no such file`);
  return bytes;
}

function openAtOnce(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (errorCode(error) !== "ENOENT")
      throw new Error(`Cannot read ${path}: ${errorText(error)}`, { cause: error });
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    throw new Error(`${path} is a link to what is not there`, { cause: error });
  }
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}
