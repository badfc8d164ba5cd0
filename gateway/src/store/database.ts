import type { Database as SqliteConnection } from "bun:sqlite";
import type { Log } from "@earshot/protocol";
import { errorCode, errorText } from "@earshot/protocol/runtime";
import type { SQL } from "bun";
import type { StoredDocument } from "./stored-documents.ts";

export interface StoreOptions {
  /** False where a power failure may take all with it (SQLite only): a simulation ends with it. */
  isLasting?: boolean;
  /** Told when tables change, and where their copy is. */
  log?: Log;
  /**
   * Called with what the network signed before anything in the database is changed.
   * @throws {StoreRefusedError} if it is not to be opened
   */
  check?: (documents: readonly StoredDocument[]) => void;
}

export interface Database {
  readonly sql: SQL;
  /** Whether nobody else writes to it: then what this process knows of it stays true. */
  readonly exclusive: boolean;
  /**
   * Runs `work` as one transaction: all of it is durable when this resolves, none of it when it rejects.
   * @throws {StoreLostError} if another gateway owns the store
   */
  transaction<T>(work: (sql: SQL) => Promise<T>): Promise<T>;
  /** The same with prepared statements, at once; where the database is a SQLite file. */
  prepared?<T>(work: (connection: SqliteConnection) => T): Promise<T>;
  /** Aborted once another gateway has taken the store over; the reason is a `StoreLostError`. */
  readonly lost: AbortSignal;
  /**
   * The fencing number by which this process owns the store; makes good a lock whose connection was lost.
   * @throws {StoreLostError} if another gateway owns the store
   */
  checkOwner(): Promise<number>;
  close(): Promise<void>;
}

/** The same, and what became of the newest write. */
export function watchWrites(database: Database): Database & { problem(): string | undefined } {
  let problem: string | undefined;
  const watched = async <T>(write: Promise<T>): Promise<T> => {
    try {
      const result = await write;
      problem = undefined;
      return result;
    } catch (error) {
      problem = `The newest write to the store failed (${errorCode(error) || errorText(error).slice(0, 80)}); the log says more`;
      throw error;
    }
  };
  const { prepared, transaction } = database;
  return {
    ...database,
    transaction: (work) => watched(transaction(work)),
    ...(prepared !== undefined && { prepared: (work) => watched(prepared(work)) }),
    problem: () => problem,
  };
}
