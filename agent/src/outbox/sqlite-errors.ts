/** SQLite's result codes for a file that is not, or no longer, a sound database. */
const CORRUPT = new Set([11, 26]);
const LOCKED = new Set([5, 6]);

/** The file is no database, or is damaged. */
export class UnusableDatabaseError extends Error {
  override readonly name = "UnusableDatabaseError";
}

/** The database is sound, but another agent uses it. */
export class NotOursError extends Error {
  override readonly name = "NotOursError";
  /** What to do. */
  readonly advice: string;

  constructor(message: string, advice: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}

export const isCorrupt = (error: unknown): boolean => CORRUPT.has(codeOf(error));

const codeOf = (error: unknown): number =>
  error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;

/** SQLite's failure to open a database, as one of the classes above or a sentence with its cause. */
export function translated(error: unknown, path: string): unknown {
  if (codeOf(error) === 0) return error;
  const { message } = error as Error;
  if (isCorrupt(error)) return new UnusableDatabaseError(message, { cause: error });
  if (LOCKED.has(codeOf(error))) {
    return new NotOursError(
      `Cannot open the outbox ${path}: another agent is running on the same state_dir`,
      "Stop it, or give this one a state_dir and key of its own.",
      { cause: error },
    );
  }
  return new Error(`Cannot open the outbox ${path}: ${message}`, { cause: error });
}
