import type { TransmitResult } from "@earshot/drivers";
import {
  type ClockReading,
  type DerivedBeacon,
  type Entropy,
  type LossReason,
  REGIONS,
  readClock,
} from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";
import type { CoreContext } from "../core-context.ts";
import type { AgentRadio } from "../devices/run-radio.ts";
import { type BeaconMemory, recallBeacon, rememberBeacon } from "./beacon-memory.ts";
import { DutyCycle } from "./duty-cycle.ts";
import { ConcentratorPowers } from "./power.ts";

/** The frame may have gone out all the same: sending it again could make two. */
export const MAYBE_SENT = "NO_ACK";
/** What a concentrator will answer again to the same frame, so that it is not asked for it again. */
const FINAL: ReadonlySet<string> = new Set(["TX_POWER", "TX_FREQ"]);
/** Stands for the EUI of a radio that has none. */
const NO_EUI = "";

/** One beacon, ready to be sent. */
export interface Plan {
  entropy: Entropy;
  window: number;
  scheduleSignature: Uint8Array;
  beaconSignature: Uint8Array;
  derived: DerivedBeacon;
  airtimeMs: number;
  /** When it was planned: this machine's clock agreed with the network's then, and may be set before it is sent. */
  planned: ClockReading;
  /** The last moment at which the frame may be handed to the radio, by the monotonic clock. */
  latestElapsedMs: number;
  /** The greatest power allowed, dBm conducted. */
  limitDbm: number;
  /** EUI of the concentrators that cannot send this frame. */
  refusedBy: Set<string>;
}

/** When the frame was handed to the radio, and what became of it. */
export type Attempt = { begun: ClockReading; result: TransmitResult };

/** Hands beacons to the radio, and remembers what must not be forgotten about it. */
export class BeaconTransmitter {
  readonly #context: CoreContext;
  readonly #radio: () => AgentRadio | undefined;
  readonly #dutyCycle: DutyCycle;
  readonly #powers: ConcentratorPowers;
  #memory: BeaconMemory;

  constructor(context: CoreContext, radio: () => AgentRadio | undefined) {
    this.#context = context;
    this.#radio = radio;
    this.#memory = recallBeacon(context.outbox);
    const { silences, takenPowers } = this.#memory;
    const { timeCompression = 1, hotspot } = context.config;
    this.#dutyCycle = new DutyCycle(REGIONS[hotspot.region], timeCompression);
    this.#dutyCycle.resume(silences, readClock(context.clock));
    this.#powers = new ConcentratorPowers(takenPowers);
  }

  /** The last window in which a transmission was begun. */
  get lastWindow(): number | undefined {
    return this.#memory.window;
  }

  /** How long the channel has to be silent yet. */
  waitMs(freqHz: number, elapsedMs: number): number {
    return this.#dutyCycle.waitMs(freqHz, elapsedMs);
  }

  /** Whether all that could send it have refused, so that asking again is of no use. */
  isRefused(plan: Plan): boolean {
    return plan.refusedBy.size > 0 && this.#concentrator(plan) === undefined;
  }

  /** Hands the frame over once; for less power as long as the concentrator lacks what it is asked for. */
  async transmit(plan: Plan): Promise<Attempt> {
    const radio = this.#radio();
    const failed = (error: string): Attempt => ({
      begun: readClock(this.#context.clock),
      result: { sent: false, error },
    });
    if (radio === undefined) return failed("NO_RADIO");
    const gatewayEui = this.#concentrator(plan);
    const concentrator = gatewayEui ?? NO_EUI;
    const refusal = this.#powers.refusal(concentrator, plan.limitDbm);
    if (refusal !== undefined) {
      plan.refusedBy.add(concentrator);
      return failed(refusal);
    }
    const release = this.#occupy(plan, readClock(this.#context.clock));
    try {
      // Before it is sent: a restart in between must never lead to a second beacon in this window.
      this.#remember(plan.window);
      const attempt = await this.#ask(radio, plan, gatewayEui);
      release();
      if (attempt.result.sent || attempt.result.error === MAYBE_SENT) this.#occupy(plan, attempt.begun);
      else if (FINAL.has(attempt.result.error)) plan.refusedBy.add(concentrator);
      return attempt;
    } catch (error) {
      release();
      return failed(errorText(error));
    }
  }

  /** Asks for the greatest power allowed, and for less while the concentrator lacks what was asked for. */
  async #ask(radio: AgentRadio, plan: Plan, gatewayEui: string | undefined): Promise<Attempt> {
    const { clock, log } = this.#context;
    const { limitDbm } = plan;
    const { frame: bytes, freqHz, spreadingFactor, bandwidthHz } = plan.derived;
    const frame = { bytes, freqHz, spreadingFactor, bandwidthHz };
    const named = gatewayEui === undefined ? {} : { gatewayEui };
    const concentrator = gatewayEui ?? NO_EUI;
    let attempt: Attempt = { begun: readClock(clock), result: { sent: false, error: "TX_POWER" } };
    for (const powerDbm of this.#powers.toAsk(concentrator, limitDbm)) {
      const begun = readClock(clock);
      if (begun.elapsedMs > plan.latestElapsedMs) break;
      const result = await radio.transmit({ ...frame, powerDbm, ...named });
      attempt = { begun, result };
      if (result.sent && this.#powers.note(concentrator, limitDbm, powerDbm, result.powerDbm))
        log("info", "Power that the concentrator takes", { ...named, limitDbm, powerDbm });
      if (result.sent || result.error !== "TX_POWER") break;
    }
    return attempt;
  }

  /** EUI of the one that is to send: the first that can, of those that have not refused. */
  #concentrator({ refusedBy }: Plan): string | undefined {
    const able = (this.#radio()?.forwarderFacts?.() ?? []).filter(({ canTransmit }) => canTransmit);
    return able.find(({ gatewayEui }) => !refusedBy.has(gatewayEui))?.gatewayEui;
  }

  #occupy({ derived, airtimeMs }: Plan, { elapsedMs }: ClockReading): () => void {
    return this.#dutyCycle.occupy(derived.freqHz, airtimeMs, elapsedMs);
  }

  #remember(window: number): void {
    const silences = this.#dutyCycle.silences(readClock(this.#context.clock));
    const memory = { window, silences, takenPowers: this.#powers.taken };
    rememberBeacon(this.#context.outbox, memory);
    this.#memory = memory;
  }
}

/** What a TX_ACK, a modem or the driver itself answers, and how it is counted (`TransmitResult.error`). */
const LOSS_BY_ERROR: Readonly<Record<string, LossReason>> = {
  TX_FREQ: "beacon_tx_freq",
  TX_POWER: "beacon_tx_power",
  TOO_LATE: "beacon_late",
  TOO_EARLY: "beacon_early",
  QUEUE_FULL: "beacon_collision",
  GPS_UNLOCKED: "beacon_gps",
  NO_ACK: "beacon_unanswered",
  NO_FORWARDER: "beacon_no_forwarder",
  NO_RADIO: "beacon_no_radio",
  NOT_READY: "beacon_no_radio",
  CLOSED: "beacon_no_radio",
};

/** Whether it is a name, as radios answer, and not a sentence of the agent's own. */
export const isCode = (error: string): boolean => /^[A-Z_]+$/.test(error);

export function transmitLoss(error: string): LossReason {
  if (error.startsWith("COLLISION")) return "beacon_collision";
  // What `ConcentratorPowers` says of a concentrator that has no power so low.
  if (error.includes("tx_lut")) return "beacon_tx_power";
  return LOSS_BY_ERROR[error] ?? "beacon_failed";
}
