import { chownCommand, errorCode, errorText, ownerOf, ownUid, userText } from "@earshot/protocol/runtime";
import { NotOursError } from "../outbox/sqlite-errors.ts";

/** The agent's state cannot be stored now. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly advice: string;

  constructor(text: string, advice: string, options?: ErrorOptions) {
    super(text, options);
    this.advice = advice;
  }
}

/** SQLite's result codes (sqlite.org/rescode.html) as the system's error codes. */
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

/** The cause of a storage failure in a sentence, and what to do. */
export function storageError(error: unknown, stateDir: string): StorageError {
  if (error instanceof StorageError) return error;
  if (error instanceof NotOursError) return new StorageError(error.message, error.advice, { cause: error });
  const { text, advice } = explain(codeOf(error) || codeOf((error as Error).cause), error, stateDir);
  return new StorageError(text, advice, { cause: error });
}

function explain(code: string, error: unknown, stateDir: string): { text: string; advice: string } {
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

function codeOf(error: unknown): string {
  if (error instanceof Error && "errcode" in error) return SQLITE_CODES[Number(error.errcode) & 0xff] ?? "";
  return errorCode(error);
}
