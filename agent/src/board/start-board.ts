import { type Clock, readClock, toWallTime } from "@earshot/protocol/hotspot";

/** A step of the agent's start. */
export type StartStep = "configuration" | "storage" | "key";

/** A reason why a step failed, and what to do about it. */
export interface StartProblem {
  text: string;
  advice: string;
}

export interface StartTrouble {
  step: StartStep;
  problems: readonly StartProblem[];
}

/** What is known before the agent runs. Times are ms since the Unix epoch. */
export interface StartStatus {
  atMs: number;
  startedAtMs: number;
  version: string;
  configFile: string;
  /** Once the configuration was read. */
  network?: string;
  /** Once the key was. */
  hotspot?: { id: string; name: string };
  /** Why the agent does not run yet, for how long, and when it tries again. */
  trouble?: StartTrouble & { forMs: number; retryInMs: number };
}

/** How far the agent's start has come: all that the page can show before it runs. */
export class StartBoard {
  network: string | undefined;
  hotspot: { id: string; name: string } | undefined;
  readonly #clock: Clock;
  readonly #facts: Pick<StartStatus, "version" | "configFile">;
  readonly #startedElapsedMs: number;
  #trouble: StartTrouble | undefined;
  #sinceElapsedMs = 0;
  #retryElapsedMs = 0;

  constructor(clock: Clock, facts: { version: string; configFile: string }) {
    this.#clock = clock;
    this.#facts = facts;
    this.#startedElapsedMs = clock.elapsedMs();
  }

  get trouble(): StartTrouble | undefined {
    return this.#trouble;
  }

  failed(trouble: StartTrouble, retryInMs: number): void {
    const elapsedMs = this.#clock.elapsedMs();
    if (trouble.step !== this.#trouble?.step) this.#sinceElapsedMs = elapsedMs;
    this.#trouble = trouble;
    this.#retryElapsedMs = elapsedMs + retryInMs;
  }

  succeeded(): void {
    this.#trouble = undefined;
  }

  snapshot(): StartStatus {
    const present = readClock(this.#clock);
    const { elapsedMs } = present;
    const times = {
      forMs: Math.round(elapsedMs - this.#sinceElapsedMs),
      retryInMs: Math.max(0, Math.round(this.#retryElapsedMs - elapsedMs)),
    };
    return {
      atMs: present.nowMs,
      startedAtMs: toWallTime(this.#startedElapsedMs, present),
      ...this.#facts,
      ...(this.network === undefined ? {} : { network: this.network }),
      ...(this.hotspot === undefined ? {} : { hotspot: this.hotspot }),
      ...(this.#trouble === undefined ? {} : { trouble: { ...this.#trouble, ...times } }),
    };
  }
}
