import type { Driver, GpsReading, LoraRadio } from "@earshot/drivers";
import type { Clock, Log, Random, Signer } from "@earshot/protocol";
import type { StatusBoard } from "./board/status-board.ts";
import type { AgentConfig } from "./config/agent-config.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { OpenPublisher } from "./publisher/publisher.ts";

/** Opens a device, or rejects with a message that says what to check. Gives up as soon as `signal` is aborted. */
export type OpenDevice<D> = (signal: AbortSignal) => Promise<D>;

/** Everything the agent touches is passed in, so that one process can run many, in real or in virtual time. */
export interface AgentDeps {
  config: AgentConfig;
  clock: Clock;
  random: Random;
  log: Log;
  signer: Signer;
  /** Stays the caller's: `runAgent` does not close it. */
  outbox: Outbox;
  openPublisher: OpenPublisher;
  openRadio: OpenDevice<LoraRadio>;
  /** Absent where the hotspot has no GPS. */
  openGps?: OpenDevice<Driver<GpsReading>>;
  /** Software version, at most 32 characters; part of every status packet. */
  version: string;
  /** What the status page reads; made by `runAgent` when absent. */
  board?: StatusBoard;
}

/**
 * Runs one hotspot until `signal` is aborted, then closes devices and session and resolves. A device or broker that
 * fails is opened again, after growing waits, while the rest goes on. Rejects only for a bug.
 */
export async function runAgent(_deps: AgentDeps, _signal: AbortSignal): Promise<void> {
  throw new Error("not built");
}
