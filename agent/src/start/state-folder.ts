import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { unmountedDisk } from "@earshot/protocol/mounts";
import { NotOursError } from "../outbox/sqlite-database.ts";
import { errorText } from "../time/error-text.ts";
import { chownCommand, ownUid, userText } from "../users.ts";

/** State cannot be kept now. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly advice: string;

  constructor(text: string, advice: string, options?: ErrorOptions) {
    super(text, options);
    this.advice = advice;
  }
}

const OWNER_ONLY_FOLDER = 0o700;
/** What is in it beside the key, which is looked at by itself; SQLite makes two of them. */
const STATE_FILES = ["outbox.db", "outbox.db-wal", "outbox.db-shm", "sequence-mark"];

/** Makes the folder when there is none. @throws {StorageError} when the agent cannot keep its state in it */
export function prepareStateFolder(stateDir: string): void {
  awaitMount(stateDir);
  try {
    mkdirSync(stateDir, { recursive: true, mode: OWNER_ONLY_FOLDER });
    checkOwners(stateDir);
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw storageError(error, stateDir);
  }
}

/**
 * The folder, and what is in it, must be the agent's user's. Where root ran it beside the service, some of it is
 * root's, and the service could not use it. @throws {StorageError}
 */
function checkOwners(stateDir: string): void {
  const own = ownUid();
  const { uid } = statSync(stateDir);
  if (own === undefined) return;
  if (own !== uid) {
    const text = `${stateDir} belongs to ${userText(uid)}, but the agent runs as ${userText(own)}`;
    throw new StorageError(text, adviceToOwn(stateDir, uid, own));
  }
  checkFilesOwner(stateDir);
}

/** For root a folder of the service's is no reason to take it: it is the agent that runs as the wrong user. */
const adviceToOwn = (stateDir: string, uid: number, own: number): string =>
  own === 0
    ? `Run the agent as ${userText(uid)}, as its service does: sudo systemctl start earshot-agent.`
    : `Give it to the agent's user: ${chownCommand(own, stateDir)}.`;

/** @throws {StorageError} when a file of the agent's is not its folder's owner's */
export function checkFilesOwner(stateDir: string): void {
  const uid = statSync(stateDir).uid;
  for (const path of STATE_FILES.map((name) => join(stateDir, name))) {
    const owner = ownerOf(path);
    if (owner === undefined || owner === uid) continue;
    const text = `${path} belongs to ${userText(owner)}, but its folder to ${userText(uid)}`;
    throw new StorageError(text, `Give all of it to the folder's owner: ${chownCommand(uid, stateDir)}.`);
  }
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/**
 * Before its disk is mounted, the folder may seem to be there, or could be made: a new key in it would make another
 * hotspot of this one. @throws {StorageError} while a disk that /etc/fstab names for it is not mounted
 */
export function awaitMount(stateDir: string): void {
  const missing = unmountedDisk(stateDir);
  if (missing === undefined) return;
  throw new StorageError(
    `${stateDir} is on ${missing}, which is not mounted yet`,
    `It is named in /etc/fstab: see why it is not there with sudo mount ${missing}.`,
  );
}

/** SQLite's result codes (sqlite.org/rescode.html) as the system would call it. */
const SQLITE_CODES: Readonly<Record<number, string>> = {
  3: "EACCES",
  5: "EBUSY",
  6: "EBUSY",
  8: "EROFS",
  10: "EIO",
  13: "ENOSPC",
  14: "EACCES",
};

const MOVE_AWAY = "Move away what is in its place, or give the agent another state_dir.";

/** What a failure to keep state means, and what to do. */
export function storageError(error: unknown, stateDir: string): StorageError {
  if (error instanceof StorageError) return error;
  if (error instanceof NotOursError) return new StorageError(error.message, error.advice, { cause: error });
  const { text, advice } = explain(codeOf(error) ?? codeOf((error as Error).cause), error, stateDir);
  return new StorageError(text, advice, { cause: error });
}

function explain(
  code: string | undefined,
  error: unknown,
  stateDir: string,
): { text: string; advice: string } {
  switch (code) {
    case "EROFS":
      return {
        text: `${stateDir} cannot be written: its disk is read-only`,
        advice:
          "A memory card turns read-only when it fails (sudo dmesg): replace it, or have it mounted for writing.",
      };
    case "ENOSPC":
    case "EDQUOT":
      return {
        text: `${stateDir} cannot be written: its disk is full`,
        advice: `Make room: df -h ${stateDir}.`,
      };
    case "EIO":
      return {
        text: `${stateDir} cannot be read or written (${errorText(error)})`,
        advice: "Its disk fails or is gone: sudo dmesg tells more.",
      };
    case "EACCES":
    case "EPERM": {
      const own = ownUid() ?? 0;
      const isThere = ownerOf(stateDir) !== undefined;
      const give = isThere ? chownCommand(own, stateDir) : `sudo install -d -m 700 -o ${own} ${stateDir}`;
      return {
        text: `${userText(own)} may not use ${stateDir} (${errorText(error)})`,
        advice: `Give it to the agent's user: ${give}.`,
      };
    }
    case "EEXIST":
    case "ENOTDIR":
      return { text: `${stateDir} is no folder (${errorText(error)})`, advice: MOVE_AWAY };
    case "EBUSY":
      return { text: errorText(error), advice: "This one goes on as soon as the other has ended." };
    default:
      return { text: errorText(error), advice: MOVE_AWAY };
  }
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("errcode" in error) return SQLITE_CODES[Number(error.errcode) & 0xff];
  return "code" in error ? String(error.code) : undefined;
}
