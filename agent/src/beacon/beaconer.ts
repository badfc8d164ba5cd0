import { ReadingQueue, type TransmitResult } from "@earshot/drivers";
import {
  airtimeMs,
  BEACON_FRAME_BYTES,
  type BeaconSecret,
  type ClockReading,
  deriveBeacon,
  type Entropy,
  entropyCounts,
  type Gnss,
  LOSS_REASONS,
  type LossReason,
  REGIONS,
  type Region,
  readClock,
  scheduledIndex,
  windowOf,
} from "@earshot/protocol/hotspot";
import { pause } from "@earshot/protocol/runtime";
import type { ScheduleFacts } from "../board/agent-status.ts";
import { type CoreContext, makePacket, storePacket } from "../core/core-context.ts";
import { beaconPowerDbm } from "../core/power.ts";
import type { AgentRadio } from "../devices/run-radio.ts";
import { BeaconTransmitter, isCode, MAYBE_SENT, type Plan, transmitLoss } from "./beacon-transmitter.ts";

/** Beacons are spread over this share of their period, so that they end within it. */
const SPREAD = 0.8;
/** How long a radio may need from the request to the transmission. */
const MARGIN_MS = 1000;
/** The clock is wrong when it puts the start of a period whose entropy is here further ahead than this. */
const MAX_AHEAD_MS = 2000;
const ATTEMPTS_PER_PERIOD = 12;
type BeaconSchedule = Pick<ScheduleFacts, "window" | "entropyIndex" | "atMs">;

/** Sends this hotspot's beacon, once a window, in the period that its value and the network's entropy fix. */
export class Beaconer {
  readonly #context: CoreContext;
  readonly #radio: () => AgentRadio | undefined;
  readonly #gnss: () => Gnss | null;
  readonly #region: Region;
  readonly #arrived = new ReadingQueue<Entropy>({ capacity: 8 });
  readonly #transmitter: BeaconTransmitter;

  constructor(context: CoreContext, radio: () => AgentRadio | undefined, gnss: () => Gnss | null) {
    this.#context = context;
    this.#radio = radio;
    this.#gnss = gnss;
    this.#region = REGIONS[context.config.hotspot.region];
    this.#transmitter = new BeaconTransmitter(context, radio);
  }

  onEntropy(entropy: Entropy): void {
    this.#arrived.push(entropy);
  }

  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#arrived.end(), { once: true });
    if (signal.aborted) return;
    for await (const entropy of this.#arrived) await this.#handleEntropy(entropy, signal);
  }

  async #handleEntropy(entropy: Entropy, signal: AbortSignal): Promise<void> {
    const { commitments, config } = this.#context;
    const { periodMs, windowPeriods } = entropy;
    const window = windowOf(entropy.index, windowPeriods);
    if (!entropyCounts(entropy)) {
      this.#leaveOut(entropy, window);
      return;
    }
    const cannot = commitments.problem ?? this.#radio()?.cannotBeacon;
    if (cannot !== undefined) {
      this.#setSchedule({ window, entropyIndex: entropy.index, atMs: entropy.atMs }, "missed", cannot);
      return;
    }
    const secret = { network: config.network.name, window, value: commitments.valueOf(window) };
    const index = scheduledIndex(secret, entropy.windowValue, windowPeriods);
    const uncommitted = commitments.uncommitted(window, window * windowPeriods * periodMs);
    if (uncommitted !== undefined) {
      const { why, fromMs } = uncommitted;
      this.#countSkippedWindows(window);
      const facts = { window, entropyIndex: index, atMs: fromMs ?? index * periodMs };
      this.#setSchedule(facts, fromMs === undefined ? "uncommitted" : "committed", why);
      return;
    }
    this.#showSchedule(entropy, window, index);
    if (index !== entropy.index || this.#transmitter.lastWindow === window) return;
    await this.#beacon(this.#plan(entropy, secret), signal);
  }

  /** Beacons of this period count for nothing. */
  #leaveOut({ index }: Entropy, window: number): void {
    const { schedule } = this.#context.board;
    const isDue = schedule?.window === window && schedule.entropyIndex === index;
    if (isDue && schedule.state === "waiting") this.#miss(schedule, "beacon_unproven_entropy");
  }

  #showSchedule({ index, periodMs }: Entropy, window: number, scheduled: number): void {
    const { board } = this.#context;
    const shown = board.schedule;
    const wasUncommitted = shown?.state === "uncommitted" || shown?.state === "committed";
    if (shown?.window === window && !wasUncommitted && (shown.state !== "waiting" || index <= scheduled))
      return;
    const isFirst = shown === undefined || (wasUncommitted && shown.window === window);
    this.#countSkippedWindows(window);
    const schedule = { window, entropyIndex: scheduled, atMs: scheduled * periodMs };
    if (this.#transmitter.lastWindow === window) this.#setSchedule(schedule, "used");
    else if (index <= scheduled) this.#setSchedule(schedule, "waiting");
    else if (isFirst) this.#missBeforeStart(schedule);
    else this.#miss(schedule, "beacon_no_entropy");
  }

  /** Windows that ended or passed as a whole while no entropy came. */
  #countSkippedWindows(window: number): void {
    const { schedule } = this.#context.board;
    if (schedule === undefined || schedule.window >= window) return;
    const skipped = window - schedule.window - 1 + Number(schedule.state === "waiting");
    if (skipped > 0) this.#lose("beacon_no_entropy", LOSS_REASONS.beacon_no_entropy, skipped);
  }

  /** The beacon was due before the agent started: no fault of anything that runs now. */
  #missBeforeStart(schedule: BeaconSchedule): void {
    this.#context.board.losses.add("beacon_not_running");
    this.#setSchedule(schedule, "missed", "its time had passed when the agent started");
  }

  #setSchedule(facts: BeaconSchedule, state: ScheduleFacts["state"], reason?: string): void {
    this.#context.board.schedule = { ...facts, state, ...(reason === undefined ? {} : { reason }) };
  }

  #plan(entropy: Entropy, secret: BeaconSecret): Plan {
    const { config, signer } = this.#context;
    const { window, value } = secret;
    const derived = deriveBeacon(signer.publicKey, secret, entropy, this.#region);
    const airtime = airtimeMs({ ...derived, payloadBytes: BEACON_FRAME_BYTES });
    const marginMs = Math.min(MARGIN_MS, entropy.validityMs / 10);
    const latestMs = Math.floor(entropy.index * entropy.periodMs + entropy.validityMs - airtime - marginMs);
    const planned = readClock(this.#context.clock);
    const latestElapsedMs = planned.elapsedMs + latestMs - planned.nowMs;
    return {
      ...{ entropy, window, value, derived, airtimeMs: airtime },
      ...{ planned, latestElapsedMs },
      limitDbm: beaconPowerDbm(this.#region, config.hotspot.antennaGainDdbi, config.maxPowerDbm),
      refusedBy: new Set(),
    };
  }

  async #beacon(plan: Plan, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    const { entropy, derived, window, planned } = plan;
    const schedule = { window, entropyIndex: entropy.index, atMs: entropy.index * entropy.periodMs };
    if (schedule.atMs - planned.nowMs > MAX_AHEAD_MS) {
      this.#miss(schedule, "beacon_clock");
      return;
    }
    const spreadMs = derived.periodShare * SPREAD * entropy.periodMs;
    const offMs = this.#transmitter.waitMs(derived.freqHz, planned.elapsedMs);
    const waitMs = Math.max(Math.ceil(schedule.atMs + spreadMs) - planned.nowMs, offMs);
    if (planned.elapsedMs + waitMs > plan.latestElapsedMs) {
      const isLate = planned.elapsedMs > plan.latestElapsedMs;
      this.#miss(schedule, isLate ? "beacon_late_entropy" : "beacon_duty_cycle");
      return;
    }
    if (!(await pause(clock, waitMs, signal))) return;
    const failure = await this.#transmitWithRetries(plan, signal);
    this.#setSchedule(schedule, failure === undefined ? "sent" : "failed", failure);
    if (failure === undefined || signal.aborted) return;
    const reason = transmitLoss(failure);
    this.#lose(reason, isCode(failure) && reason !== "beacon_failed" ? LOSS_REASONS[reason] : failure);
    log.warn("This window's beacon was not sent", { window, reason: failure });
  }

  #miss(schedule: BeaconSchedule, reason: LossReason): void {
    const why = LOSS_REASONS[reason];
    this.#setSchedule(schedule, "missed", why);
    this.#lose(reason, why);
    this.#context.log.warn("Missed this window's beacon", { window: schedule.window, reason: why });
  }

  #lose(reason: LossReason, why: string, windows = 1): void {
    const { board, clock } = this.#context;
    board.losses.add(reason, windows);
    board.beaconing.countLost(reason, why, windows, clock.elapsedMs());
  }

  /** Tries until a radio has sent it or its time is over. Returns why it failed. */
  async #transmitWithRetries(plan: Plan, signal: AbortSignal): Promise<string | undefined> {
    const { clock } = this.#context;
    const retryMs = Math.ceil(plan.entropy.periodMs / ATTEMPTS_PER_PERIOD);
    for (;;) {
      const { begun, result } = await this.#transmitter.transmit(plan);
      this.#show(plan, begun, result);
      if (result.sent) {
        this.#context.board.beaconing.countSent(begun.elapsedMs);
        await this.#report(plan, begun, result);
        return undefined;
      }
      if (
        this.#transmitter.isRefused(plan) ||
        result.error === MAYBE_SENT ||
        clock.elapsedMs() + retryMs > plan.latestElapsedMs
      )
        return result.error;
      if (!(await pause(clock, retryMs, signal))) return "the agent was stopped";
    }
  }

  #show({ derived, entropy }: Plan, { nowMs: atMs, elapsedMs }: ClockReading, result: TransmitResult): void {
    const { board, log } = this.#context;
    const { freqHz, spreadingFactor } = derived;
    const facts = { entropyIndex: entropy.index, freqHz, spreadingFactor };
    board.addBeacon(
      result.sent
        ? { ...facts, powerDbm: result.powerDbm, isSent: true }
        : { ...facts, powerDbm: 0, isSent: false, error: result.error },
      elapsedMs,
    );
    if (result.sent) log.info("Beacon sent", { atMs, ...facts, powerDbm: result.powerDbm });
    else log.warn("Beacon not sent", { atMs, ...facts, reason: result.error });
  }

  async #report(
    plan: Plan,
    { elapsedMs }: ClockReading,
    result: TransmitResult & { sent: true },
  ): Promise<void> {
    const { concentrators } = this.#context;
    const { value, entropy, derived, planned } = plan;
    const atMs = Math.floor(planned.nowMs + elapsedMs - planned.elapsedMs);
    const { freqHz, spreadingFactor, bandwidthHz } = derived;
    const gnss = this.#gnss();
    await storePacket(this.#context, "beacon", (sequence) =>
      makePacket(this.#context, {
        type: "beacon",
        sequence,
        atMs,
        entropyIndex: entropy.index,
        value,
        freqHz,
        spreadingFactor,
        bandwidthHz,
        powerDbm: Math.ceil(result.powerDbm),
        tmstUs: concentrators.counter(result.tmstUs, elapsedMs),
        gnss,
      }),
    );
  }
}
