import { type ModemFault, modemFaultOf } from "@earshot/drivers";
import { errorCode } from "@earshot/protocol/runtime";
import type { Trouble } from "../board/agent-status.ts";

/** Ends a device for a reason that its advice goes by. */
export class DeviceTroubleError extends Error {
  override readonly name = "DeviceTroubleError";
  readonly trouble: Trouble;

  constructor(trouble: Trouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}

const BY_CODE: Readonly<Record<string, Trouble>> = {
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-missing",
  ENOTFOUND: "not-reached",
  EAI_AGAIN: "not-reached",
  ECONNREFUSED: "not-reached",
  EHOSTUNREACH: "not-reached",
  ENETUNREACH: "not-reached",
  ETIMEDOUT: "not-reached",
  EACCES: "no-permission",
  EPERM: "no-permission",
  ENOENT: "no-port",
  ENODEV: "no-port",
  ENXIO: "no-port",
};

const BY_FAULT: Readonly<Record<ModemFault, Trouble>> = {
  silent: "silent",
  unintelligible: "unreadable",
  "wrong-module": "other-module",
  refused: "refused",
  resets: "resets",
};

/** The cause of an error, where it or one of its causes has a code for it. */
export function troubleOf(error: unknown): Trouble | undefined {
  const fault = modemFaultOf(error);
  if (fault !== undefined) return BY_FAULT[fault];
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof DeviceTroubleError) return at.trouble;
    if (at instanceof RangeError) return "settings";
    const trouble = BY_CODE[errorCode(at)];
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}
