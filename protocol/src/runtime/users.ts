import { readFileSync, statSync } from "node:fs";

/** Number of the user that this process runs as; `undefined` where there are none. */
export const ownUid = (): number | undefined => process.getuid?.();

export const isRoot = (): boolean => ownUid() === 0;

/** `earshot`, or `user 998` where it has no name. */
export const userText = (uid: number): string => nameOf(uid) ?? `user ${uid}`;

/** The command by which root gives a file or folder to that user. */
export const chownCommand = (uid: number, path: string): string =>
  `sudo chown -R ${nameOf(uid) ?? uid} ${path}`;

/** Number of the user whose file or folder it is; `undefined` where it cannot be looked at. */
export function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/** Not `os.userInfo`: Bun takes the name from the environment, which `sudo` may leave as it was. */
function nameOf(uid: number): string | undefined {
  try {
    const lines = readFileSync("/etc/passwd", "utf8").split("\n");
    return lines.find((line) => line.split(":")[2] === String(uid))?.split(":")[0];
  } catch {
    return undefined;
  }
}
