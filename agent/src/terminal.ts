import type { Clock, Random } from "@earshot/protocol/hotspot";
import type { LogReader } from "@earshot/protocol/runtime";
import type { Environment } from "@earshot/protocol/runtime/config";

/** What a command uses of the process and its terminal; made in `main.ts`. */
export interface Terminal {
  clock: Clock;
  random: Random;
  environment: Environment;
  version: string;
  out(text: string): void;
  error(text: string): void;
  /** Who reads standard error. */
  logReader: LogReader;
  /** A person started it at a terminal and reads the output; else it is a service. */
  isInteractive: boolean;
  /** Aborted by SIGTERM and SIGINT. */
  signal: AbortSignal;
}

/** 0: all is well. 1: something is broken. 2: the command line or the configuration is wrong. */
export type ExitCode = 0 | 1 | 2;
