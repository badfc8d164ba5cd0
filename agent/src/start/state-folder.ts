import { accessSync, constants, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "@earshot/protocol/hotspot";
import {
  chownCommand,
  errorText,
  ownerOf,
  ownUid,
  pause,
  unmountedDisk,
  userText,
} from "@earshot/protocol/runtime";
import { StorageError, storageError } from "./storage-error.ts";

const OWNER_ONLY_FOLDER = 0o700;
/** What the names of the agent's files in it begin with. The key is checked on its own. */
const STATE_FILES = ["outbox", "sequence-mark"];

/** Makes the folder when there is none. @throws {StorageError} when the agent cannot keep its state in it */
export function prepareStateFolder(stateDir: string): void {
  requireMount(stateDir);
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

/** Root must not take the service's folder: then the agent runs as the wrong user. */
const adviceToOwn = (stateDir: string, uid: number, own: number): string =>
  own === 0
    ? `Run the agent as ${userText(uid)}, as its service does: sudo systemctl start earshot-agent.`
    : `Give it to the agent's user: ${chownCommand(own, stateDir)}.`;

/** @throws {StorageError} when a file of the agent's is not its folder's owner's */
export function checkFilesOwner(stateDir: string): void {
  const uid = statSync(stateDir).uid;
  const names = readdirSync(stateDir).filter((name) => STATE_FILES.some((begin) => name.startsWith(begin)));
  for (const path of names.sort().map((name) => join(stateDir, name))) {
    const owner = ownerOf(path);
    if (owner === undefined || owner === uid) continue;
    const text = `${path} belongs to ${userText(owner)}, but its folder to ${userText(uid)}`;
    throw new StorageError(text, `Give all of it to the folder's owner: ${chownCommand(uid, stateDir)}.`);
  }
}

/**
 * Before its disk is mounted, the folder may seem to be there, or could be made: a new key in it would make another
 * hotspot of this one. @throws {StorageError} while a disk that /etc/fstab names for it is not mounted
 */
export function requireMount(stateDir: string): void {
  const missing = unmountedDisk(stateDir);
  if (missing === undefined) return;
  throw new StorageError(
    `${stateDir} is on ${missing}, which is not mounted yet`,
    `It is named in /etc/fstab: see why it is not there with sudo mount ${missing}.`,
  );
}

const LOOK_EACH_MS = 5000;

/** Which folder the path leads to now. */
type FolderId = () => string;

export const folderId =
  (path: string): FolderId =>
  () => {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  };

/**
 * Waits until the path leads to another folder than `first`, because a disk was removed or mounted there. The agent would
 * go on writing to a folder that nobody finds again. Returns the reason, or `undefined` when aborted.
 */
export async function untilFolderChanges(
  idNow: FolderId,
  first: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (await pause(clock, LOOK_EACH_MS, signal)) {
    try {
      if (idNow() !== first) return "another disk was mounted there, or taken away";
    } catch (error) {
      return errorText(error);
    }
  }
  return undefined;
}
