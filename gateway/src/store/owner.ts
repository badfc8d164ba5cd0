import { hostname } from "node:os";

/*
 * One gateway owns a store. Each process that opens it takes the next fencing number, and each writing transaction checks
 * that its number is still the newest: whatever has happened to locks and connections meanwhile, a gateway that has lost
 * the store writes nothing any more. A lock beside it, which the operating system or the server releases when the process
 * ends (`sqlite-database.ts`, `postgres-database.ts`), tells a live owner from a killed one: a second gateway is refused
 * while it is held, and may take the store over as soon as it is free.
 */

/** The row of `facts` that names the owner: its number, and who it is. */
export const OWNER_FACT = "owner";

/** Another gateway has taken the store over. Nothing is written any more, and nothing but ending helps. */
export class StoreLostError extends Error {
  readonly code = "store_lost";
}

/** Another gateway works on the store, or one of another version made it: a person has to decide. */
export class StoreRefusedError extends Error {
  override readonly name = "StoreRefusedError";
}

/** The error for a second gateway, which names the owner. */
export const heldBy = (value: string | undefined): string =>
  `Cannot open the store: another gateway works on this database${value === undefined ? "" : ` (${value.replace(/^\d+ /, "")})`}. Stop that one first`;

/** The fencing number and name of a new owner. @param before the stored value */
export function nextOwner(before: string | undefined): string {
  const number = Number.parseInt(before ?? "0", 10) + 1;
  return `${number} process ${process.pid} on ${hostname()}`;
}

/** That this process is still the owner. */
export class Fence {
  /** Rises with each owner. */
  readonly number: number;
  readonly #value: string;
  readonly #lost = new AbortController();

  constructor(value: string) {
    this.#value = value;
    this.number = Number.parseInt(value, 10);
  }

  /** Aborted once another owner has been seen; the reason is a `StoreLostError`. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Call in each writing transaction with the owner's row as it stands in it.
   * @throws {StoreLostError} if that is another owner's, from then on always
   */
  check(value: string | undefined): void {
    this.#lost.signal.throwIfAborted();
    if (value === this.#value) return;
    const message = `Another gateway has taken the store over (${value ?? "its owner is gone"}; this was ${this.#value}): this one ends and writes nothing more`;
    const error = new StoreLostError(message);
    this.#lost.abort(error);
    throw error;
  }
}
