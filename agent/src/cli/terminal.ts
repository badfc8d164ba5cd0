import type { Clock, Random } from "@earshot/protocol/hotspot";
import type { Environment } from "../config/load.ts";

/** What a command touches outside of the agent; made in `main.ts`. */
export interface Terminal {
  clock: Clock;
  random: Random;
  environment: Environment;
  version: string;
  out(text: string): void;
  error(text: string): void;
  /** Somebody started it by hand and reads what it says; else it is a service, which nobody watches. */
  isInteractive: boolean;
  /** Aborted by SIGTERM and SIGINT. */
  signal: AbortSignal;
}

/** 0 all is well, 1 something is broken, 2 what a person wrote is wrong: command line or configuration. */
export type ExitCode = 0 | 1 | 2;
