/** Why a modem cannot be used as it is; each ends the driver with a `LinkLostError` of this text. */
export type ModemFault = "silent" | "unintelligible" | "wrong-module" | "refused" | "resets";

/** Ends the work of a session. */
export class ModemFaultError extends Error {
  override readonly name = "ModemFaultError";
  readonly fault: ModemFault;

  constructor(fault: ModemFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** The fault that ended a modem's driver, where one did. */
export function modemFaultOf(error: unknown): ModemFault | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof ModemFaultError) return at.fault;
  }
  return undefined;
}

/** The module started again in the middle of what was being done: it must be set again first. */
export class ModemResetError extends Error {
  override readonly name = "ModemResetError";
}

/** The link was closed in the middle of what was being done. */
export class ModemClosedError extends Error {
  override readonly name = "ModemClosedError";
}

export interface SilenceFacts {
  name: string;
  baudRates: string;
  /** Bytes that came since the link was opened. */
  receivedBytes: number;
  /** Answers and events of the module's own language among them. */
  understood: number;
  /** The last line that was none. */
  strangeLine?: string;
}

/** Says what is most likely wrong with a module that does not answer. */
export function silenceError(facts: SilenceFacts): ModemFaultError {
  const { name, baudRates, receivedBytes, understood, strangeLine } = facts;
  if (understood > 0) {
    return new ModemFaultError(
      "silent",
      `${name} stopped answering; is its supply good, and no other program on its port?`,
    );
  }
  if (receivedBytes === 0) {
    return new ModemFaultError(
      "silent",
      `${name} says nothing: check its supply, swap TX and RX, or try ${baudRates} baud`,
    );
  }
  if (strangeLine !== undefined) {
    return new ModemFaultError(
      "wrong-module",
      `${name} expected, but the device says ${JSON.stringify(strangeLine)}`,
    );
  }
  return new ModemFaultError(
    "unintelligible",
    `${name} sent ${receivedBytes} bytes that mean nothing: wrong baud rate? It speaks at ${baudRates}`,
  );
}

/** A line as a person could have meant it: what a wrong baud rate makes is hardly ever that. */
export function isReadable(line: string): boolean {
  return /^[\x20-\x7e]{2,}$/.test(line);
}
