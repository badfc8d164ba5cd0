import type { Clock } from "@earshot/protocol/hotspot";
import { pause } from "@earshot/protocol/runtime";
import type { LoraFrame, LoraTransmission, TransmitResult } from "../lora-reading.ts";
import type { ModemChannel, ModemCommand, ModemDialect, ModemFrame, ModemTuning } from "./dialect.ts";
import type { ModemCommands } from "./modem-commands.ts";
import type { ModemFacts } from "./modem-facts.ts";
import { ModemFaultError, ModemResetError } from "./modem-faults.ts";
import { type ModemPort, SETTLE_MS } from "./modem-port.ts";
import { runSteps } from "./modem-setup.ts";
import { type TransmitContext, transmitFrame } from "./modem-transmit.ts";

export interface ModemSessionOptions {
  dialect: ModemDialect;
  /** Where it listens. */
  home: ModemTuning;
  /** The greatest power it may send with. */
  maxPowerDbm: number;
  clock: Clock;
  /** Aborted when the driver closes. */
  signal: AbortSignal;
  port: ModemPort;
  commands: ModemCommands;
  facts: ModemFacts;
  onFrame: (frame: LoraFrame) => void;
  /** Called when it listens for the first time. */
  onReady: () => void;
  /** Called one second later, and every 30 s. */
  onStatus: () => void;
}

interface HeardFrame {
  frame: ModemFrame;
  atMs: number;
}

const FIRST_STATUS_MS = 1_000;
const STATUS_MS = 30_000;
const STATUSES_PER_CHECK = 2;
const MAX_RESETS_IN_A_ROW = 5;
const MAX_PENDING_FRAMES = 8;
const MAX_WAITING_TRANSMISSIONS = 4;

/** Keeps one modem as it should be: set, receiving, and set again after whatever happens to it. */
export class ModemSession {
  readonly #options: ModemSessionOptions;
  readonly #failed = Promise.withResolvers<never>();
  readonly #queued = new Set<string>();
  readonly #transmissions = new Set<(result: TransmitResult) => void>();
  readonly #unsupported = new Set<ModemCommand>();
  #jobs: Promise<void> = Promise.resolve();
  #hasFailed = false;
  #pending: HeardFrame[] = [];
  #listening: (ModemCommand & { once?: true }) | undefined;
  #tuning: ModemTuning;
  #configuredElapsedMs: number | undefined;
  #resetsInARow = 0;

  constructor(options: ModemSessionOptions) {
    this.#options = options;
    this.#tuning = options.home;
    this.#failed.promise.catch(() => {});
  }

  /** Sets the module and keeps it; rejects when it cannot, or when the driver closes. */
  run(): Promise<never> {
    this.#once("configure", () => this.#configure());
    return this.#failed.promise;
  }

  onFrame(frame: ModemFrame): void {
    const { facts, dialect, clock, port } = this.#options;
    if (facts.state !== "listening" && facts.state !== "transmitting") {
      facts.framesElsewhere += 1;
      port.tally.count("frame_unready");
      return;
    }
    const heard = { frame, atMs: clock.now() };
    if (dialect.signal === undefined || this.#pending.length >= MAX_PENDING_FRAMES) this.#emitFrame(heard);
    else this.#pending.push(heard);
    this.onReceptionEnded(this.#listening?.once === true);
  }

  /** Receiving may have ended; where it certainly has, it is begun again at once. */
  onReceptionEnded(isCertain = this.#listening?.once === true): void {
    if (isCertain || this.#pending.length > 0) this.#once("rearm", () => this.#rearm());
  }

  /** Receiving failed: a module that should go on by itself is asked whether it does. */
  onReceptionFailed(): void {
    if (this.#listening?.once === true) this.onReceptionEnded();
    else this.#once("check", () => this.#check());
  }

  onReset(): void {
    const { facts } = this.#options;
    // The other lines of the same banner.
    if (this.#queued.has("reset")) return;
    facts.resets += 1;
    facts.state = "configuring";
    this.#resetsInARow += 1;
    this.#once("reset", async () => {
      await this.#options.commands.pause(SETTLE_MS);
      this.#queued.delete("reset");
      await this.#configure();
    });
  }

  /** Frames and transmissions that still wait when the link is gone. */
  end(): void {
    this.#hasFailed = true;
    this.#emitPending();
    for (const settle of this.#transmissions) settle({ sent: false, error: "CLOSED" });
  }

  async transmit(transmission: LoraTransmission): Promise<TransmitResult> {
    const { state } = this.#options.facts;
    if (this.#hasFailed) return { sent: false, error: "CLOSED" };
    if (state !== "listening" && state !== "transmitting") return { sent: false, error: "NOT_READY" };
    if (this.#transmissions.size >= MAX_WAITING_TRANSMISSIONS) return { sent: false, error: "QUEUE_FULL" };
    const { promise, resolve } = Promise.withResolvers<TransmitResult>();
    this.#transmissions.add(resolve);
    this.#enqueue(async () => resolve(await transmitFrame(this.#transmitContext(), transmission)));
    const result = await promise;
    this.#transmissions.delete(resolve);
    return result;
  }

  #transmitContext(): TransmitContext {
    const { commands, dialect, facts, port, maxPowerDbm } = this.#options;
    return {
      commands,
      dialect,
      port,
      maxPowerDbm,
      begin: () => {
        facts.state = "transmitting";
      },
      tune: (tuning) => this.#tune(tuning),
      goHome: () => this.#goHome(),
    };
  }

  /** One job at a time, so one command at a time. A reset ends a job early: the module is set again next. */
  #enqueue(job: () => Promise<void>): void {
    this.#jobs = this.#jobs.then(async () => {
      if (this.#hasFailed) return;
      try {
        await job();
      } catch (error) {
        if (error instanceof ModemResetError) return;
        this.#hasFailed = true;
        this.#failed.reject(error);
      }
    });
  }

  /** As `#enqueue`, unless the same is waiting already: noise must not make a heap of work. */
  #once(name: string, job: () => Promise<void>): void {
    if (this.#queued.has(name)) return;
    this.#queued.add(name);
    this.#enqueue(async () => {
      if (name !== "reset") this.#queued.delete(name);
      await job();
    });
  }

  async #configure(): Promise<void> {
    const { dialect, facts, home, clock, onReady } = this.#options;
    if (this.#resetsInARow > MAX_RESETS_IN_A_ROW) {
      throw new ModemFaultError(
        "resets",
        `${dialect.name} starts again and again; is its supply strong enough?`,
      );
    }
    facts.state = "configuring";
    facts.firmware = await this.#identify();
    const { cautions, isOwnOnAir } = await runSteps(this.#stepContext(), dialect.configure());
    facts.cautions = cautions;
    facts.ownAirFormat = dialect.ownAirFormat || isOwnOnAir;
    await this.#tune({ ...home });
    await this.#listen();
    if (this.#queued.has("reset")) return;
    const isFirst = this.#configuredElapsedMs === undefined;
    this.#configuredElapsedMs = clock.elapsedMs();
    this.#resetsInARow = 0;
    facts.state = "listening";
    if (!isFirst) return;
    onReady();
    void this.#watch();
  }

  async #identify(): Promise<string> {
    const { commands, dialect } = this.#options;
    const answer = await commands.request(dialect.identify);
    const version =
      answer.status === "ok" ? (answer.value ?? "") : `"${"text" in answer ? answer.text : ""}"`;
    if (answer.status === "ok" && dialect.isVersion(version)) return version;
    throw new ModemFaultError("wrong-module", `${dialect.name} expected, but the module answers ${version}`);
  }

  /** False when it lacks the power. */
  async #tune(tuning: ModemTuning): Promise<boolean> {
    const { isPowerRefused } = await runSteps(this.#stepContext(), this.#options.dialect.tune(tuning));
    this.#tuning = tuning;
    return !isPowerRefused;
  }

  #stepContext() {
    const { dialect, commands, port } = this.#options;
    return {
      name: dialect.name,
      request: (command: ModemCommand) => commands.request(command),
      reboot: (command: ModemCommand) => port.reboot(dialect.bootMs, () => commands.request(command)),
    };
  }

  async #listen(): Promise<void> {
    const { dialect, commands } = this.#options;
    for (const command of dialect.listen) {
      const answer = await commands.request(command);
      this.#listening = command;
      if (answer.status === "ok") return;
    }
    if (dialect.listen.length > 0) {
      throw new ModemFaultError("refused", `${dialect.name} refused to receive: ${this.#listening?.text}`);
    }
  }

  /** Back to where it listens, after a transmission. */
  async #goHome(): Promise<void> {
    const { facts, home } = this.#options;
    if (!isSameChannel(this.#tuning, home)) await this.#tune({ ...home, powerDbm: this.#tuning.powerDbm });
    await this.#listen();
    if (!this.#queued.has("reset")) facts.state = "listening";
  }

  async #rearm(): Promise<void> {
    if (this.#options.facts.state !== "listening") return this.#emitPending();
    while (this.#pending[0] !== undefined) {
      const complete = await this.#withSignal(this.#pending[0]);
      this.#pending.shift();
      this.#emitFrame(complete);
    }
    this.#options.facts.rearms += 1;
    if (this.#listening === undefined) return;
    const answer = await this.#options.commands.ask(this.#listening);
    // Busy: it receives already, and if that is not so, the next check finds out.
    if (answer.status !== "ok" && answer.status !== "busy") await this.#listen();
  }

  async #withSignal({ frame, atMs }: HeardFrame): Promise<HeardFrame> {
    const { dialect, commands } = this.#options;
    const complete = { ...frame };
    for (const { command, field } of dialect.signal ?? []) {
      if (this.#unsupported.has(command)) continue;
      const answer = await commands.ask(command);
      if (answer.status === "error") this.#unsupported.add(command);
      if (answer.status === "ok") complete[field] = Number(answer.value);
    }
    return { frame: complete, atMs };
  }

  #emitFrame({ frame, atMs }: HeardFrame): void {
    const { home, onFrame } = this.#options;
    const { freqHz, spreadingFactor, bandwidthHz } = home;
    onFrame({ ...frame, modulation: "lora", atMs, freqHz, spreadingFactor, bandwidthHz });
  }

  #emitPending(): void {
    for (const heard of this.#pending.splice(0)) this.#emitFrame(heard);
  }

  async #watch(): Promise<void> {
    const { clock, signal, onStatus } = this.#options;
    for (let statuses = 0; ; statuses += 1) {
      if (!(await pause(clock, statuses === 0 ? FIRST_STATUS_MS : STATUS_MS, signal))) return;
      onStatus();
      if (statuses > 0 && statuses % STATUSES_PER_CHECK === 0) this.#once("check", () => this.#check());
    }
  }

  /** A module that was changed or stopped without a word is set again. */
  async #check(): Promise<void> {
    const { dialect, commands, facts, clock } = this.#options;
    if (facts.state !== "listening") return;
    const ageMs = clock.elapsedMs() - (this.#configuredElapsedMs ?? 0);
    if (dialect.refreshMs !== undefined && ageMs >= dialect.refreshMs) return this.#configure();
    const answer = await commands.request(dialect.check);
    const isRight = answer.status === "ok" && dialect.isChecked(answer.value ?? "", this.#tuning);
    if (!isRight) {
      facts.lapses += 1;
      return this.#configure();
    }
    // Busy is right: it receives already.
    if (this.#listening?.once && (await commands.ask(this.#listening)).status === "ok") facts.lapses += 1;
  }
}

function isSameChannel(one: ModemChannel, other: ModemChannel): boolean {
  return (
    one.freqHz === other.freqHz &&
    one.spreadingFactor === other.spreadingFactor &&
    one.bandwidthHz === other.bandwidthHz
  );
}
