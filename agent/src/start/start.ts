import {
  type Clock,
  hotspotId,
  hotspotName,
  type Log,
  type Random,
  type Signer,
} from "@earshot/protocol/hotspot";
import { Backoff, errorText, pause } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import type { StartBoard, StartProblem, StartStep, StartTrouble } from "../board/start-board.ts";
import type { Config } from "../config/config.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { storageError } from "./storage-error.ts";

/** The steps before the agent runs, in this order; each throws when it fails. */
export interface StartSteps {
  readConfig(): Promise<Config>;
  prepareFolder(config: Config): void;
  openKey(config: Config): Signer;
  openOutbox(config: Config): Outbox;
}

export interface Started {
  config: Config;
  signer: Signer;
  outbox: Outbox;
}

interface StartContext {
  clock: Clock;
  random: Random;
  log: Log;
  board: StartBoard;
}

/** Short: somebody may be standing there who has just repaired it. */
const BACKOFF = { firstMs: 1000, maxMs: 10_000 };
const UNREADABLE_ADVICE = "It has to be a file that the agent's user may read (ls -l).";
const CONFIG_ADVICE = "Correct the configuration: it is read again.";

/**
 * Does all steps, again after growing waits, until they succeed or `signal` is aborted (`undefined`). What failed is on
 * the board, and once in the log.
 */
export async function untilStarted(
  steps: StartSteps,
  { clock, random, log, board }: StartContext,
  signal: AbortSignal,
): Promise<Started | undefined> {
  const backoff = new Backoff(BACKOFF, random);
  let logged: string | undefined;
  while (!signal.aborted) {
    const result = await attempt(steps, board);
    if ("outbox" in result) {
      if (logged !== undefined) log.info("What was in the way of the start is gone");
      board.succeeded();
      return result;
    }
    if (result.step !== board.trouble?.step) backoff.reset();
    const waitMs = backoff.nextMs();
    board.failed(result, waitMs);
    const text = JSON.stringify(result);
    if (text !== logged) {
      for (const { text: why, advice } of result.problems)
        log.error(`Not started, ${result.step}: ${why}. ${advice}`);
    }
    logged = text;
    await pause(clock, waitMs, signal);
  }
  return undefined;
}

async function attempt(steps: StartSteps, board: StartBoard): Promise<Started | StartTrouble> {
  let step: StartStep = "configuration";
  let stateDir = "";
  try {
    board.network = undefined;
    board.hotspot = undefined;
    const config = await steps.readConfig();
    board.network = config.core.network.name;
    step = "storage";
    stateDir = config.stateDir;
    steps.prepareFolder(config);
    step = "key";
    const signer = steps.openKey(config);
    const id = hotspotId(signer.publicKey);
    board.hotspot = { id, name: hotspotName(id) };
    step = "storage";
    return { config, signer, outbox: steps.openOutbox(config) };
  } catch (error) {
    return { step, problems: problemsOf(step, error, stateDir) };
  }
}

function problemsOf(step: StartStep, error: unknown, stateDir: string): StartProblem[] {
  if (error instanceof ConfigError) {
    const advice = error.isUnreadable ? UNREADABLE_ADVICE : CONFIG_ADVICE;
    return error.problems.map((text) => ({ text, advice }));
  }
  if (step === "storage") {
    const { message, advice } = storageError(error, stateDir);
    return [{ text: message, advice }];
  }
  // A key that cannot be made for what ails the disk.
  const { cause } = error as Error;
  return [
    { text: errorText(error), advice: cause === undefined ? "" : storageError(cause, stateDir).advice },
  ];
}
