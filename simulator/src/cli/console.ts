import type { FleetObserver, Progress, StartFacts } from "../fleet/fleet-run.ts";
import { formatEpoch } from "../report/epoch-table.ts";

/** Where output is written. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal: it shows one live line, otherwise a plain line from time to time. */
  isLive: boolean;
}

const PLAIN_PERIOD_MS = 10_000;
const ERASE_LINE = "\r\u001b[K";

/** Shows how a run goes: results on `out`, progress on `err`. */
export class ConsoleObserver implements FleetObserver {
  readonly #terminal: Terminal;
  readonly #epochMs: number;
  #start: StartFacts | undefined;
  #nextPlainMs = 0;
  /** Whether all hotspots were online in the last plain line: a change is printed at once. */
  #wasAssembled = false;
  #nextCloseMs = 0;

  /** @param epochMs how long an epoch lasts */
  constructor(terminal: Terminal, epochMs: number) {
    this.#terminal = terminal;
    this.#epochMs = epochMs;
  }

  onStart(start: StartFacts): void {
    this.#start = start;
    this.#nextCloseMs = start.firstCloseMs;
    const { pages, hotspots } = start;
    if (pages !== undefined) {
      this.#print(`Fleet page         ${pages.fleet}`);
      this.#print(`Technician's page  ${pages.technician.url}  (${pages.technician.name})`);
      this.#print(`MQTT broker        ${pages.broker}`);
    }
    this.#print(`Until epoch ${start.firstEpoch} the hotspots register and commit to their beacons`);
    for (const { name, remark } of hotspots) if (remark !== undefined) this.#print(`${name} is ${remark}`);
    this.#print("");
  }

  onProgress(progress: Progress): void {
    if (this.#terminal.isLive) {
      this.#terminal.err(ERASE_LINE + this.#line(progress));
      return;
    }
    const isAssembled = progress.online === progress.hotspots;
    if (progress.atMs < this.#nextPlainMs && isAssembled === this.#wasAssembled) return;
    this.#wasAssembled = isAssembled;
    this.#nextPlainMs = progress.atMs + PLAIN_PERIOD_MS;
    this.#terminal.err(`${this.#line(progress)}\n`);
  }

  onEpoch(result: Parameters<FleetObserver["onEpoch"]>[0]): void {
    this.#nextCloseMs = result.epoch.toMs + this.#epochMs;
    this.#print(formatEpoch(result, this.#start?.hotspots ?? []));
  }

  /** Removes the live line. */
  end(): void {
    if (this.#terminal.isLive) this.#terminal.err(ERASE_LINE);
  }

  #print(text: string): void {
    this.end();
    this.#terminal.out(`${text}\n`);
  }

  #line({ atMs, hotspots, online, beacons, paid, notPaid }: Progress): string {
    const leftS = Math.ceil((this.#nextCloseMs - atMs) / 1000);
    const when = leftS > 0 ? `epoch ends in ${leftS} s` : "epoch is being judged";
    return `${when} · ${online} of ${hotspots} hotspots online · ${beacons} beacons sent · ${paid} reports paid, ${notPaid} not`;
  }
}
