import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export const ROOT = new URL("../../../", import.meta.url).pathname;

/** A program as a user starts it; everything it says is kept for the failure message. */
export class Program {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #said = "";

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#exited = once(this.#child, "exit");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (text) => this.#heard(String(text)));
    }
    this.#child.once("exit", (code) => this.#heard(`\n[exit ${code}]\n`));
  }

  get said(): string {
    return this.#said;
  }

  /** Resolves with the first match in all that it says; rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.#said.match(pattern);
      if (match !== null) return match;
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`Ended without saying ${pattern}:\n${this.#said}`);
      }
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Sends a signal and waits for the end. @returns the exit code, null when a signal ended it */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(signal);
      await this.#exited;
    }
    return this.#child.exitCode;
  }

  /** Waits for the end. @returns the exit code */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.#exited;
    return this.#child.exitCode;
  }

  #heard(text: string): void {
    this.#said += text;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
