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
import type { CoreContext } from "../core/core-context.ts";
import { ConcentratorPowers } from "../core/power.ts";
import type { AgentRadio } from "../devices/run-radio.ts";
import { type BeaconMemory, loadBeaconMemory, saveBeaconMemory } from "./beacon-memory.ts";
import { DutyCycle } from "./duty-cycle.ts";

/** The frame may have been sent all the same: sending it again could make two. */
export const MAYBE_SENT = "NO_ACK";
/** Errors that the same frame would get again from the same concentrator, so that it is not asked again. */
const FINAL: ReadonlySet<string> = new Set(["TX_POWER", "TX_FREQ"]);
/** Stands for the EUI of a radio that has none. */
const NO_EUI = "";

/** One beacon, ready to be sent. */
export interface Plan {
  entropy: Entropy;
  window: number;
  /** What the report will reveal. */
  value: Uint8Array;
  derived: DerivedBeacon;
  airtimeMs: number;
  /** When it was planned. This machine's clock agreed with the network's then, and may be set before the beacon is sent. */
  planned: ClockReading;
  /** The last moment at which the frame may be handed to the radio, by the monotonic clock. */
  latestElapsedMs: number;
  /** The greatest power allowed, dBm conducted. */
  limitDbm: number;
  /** EUI of the concentrators that cannot send this frame. */
  refusedBy: Set<string>;
}

/** When the frame was handed to the radio, and what became of it. */
type Attempt = { begun: ClockReading; result: TransmitResult };

/** Gives beacons to the radio, and stores what must survive a restart. */
export class BeaconTransmitter {
  readonly #context: CoreContext;
  readonly #radio: () => AgentRadio | undefined;
  readonly #dutyCycle: DutyCycle;
  readonly #powers: ConcentratorPowers;
  #memory: BeaconMemory;

  constructor(context: CoreContext, radio: () => AgentRadio | undefined) {
    this.#context = context;
    this.#radio = radio;
    this.#memory = loadBeaconMemory(context.outbox);
    const { offPeriods, acceptedPowers } = this.#memory;
    const { timeCompression = 1, hotspot } = context.config;
    this.#dutyCycle = new DutyCycle(REGIONS[hotspot.region], timeCompression);
    this.#dutyCycle.resume(offPeriods, readClock(context.clock));
    this.#powers = new ConcentratorPowers(acceptedPowers);
  }

  /** The last window in which a transmission was begun. */
  get lastWindow(): number | undefined {
    return this.#memory.window;
  }

  /** How long the channel must stay silent. */
  waitMs(freqHz: number, elapsedMs: number): number {
    return this.#dutyCycle.waitMs(freqHz, elapsedMs);
  }

  /** Whether every concentrator that could send it has refused it for good. */
  isRefused(plan: Plan): boolean {
    return plan.refusedBy.size > 0 && this.#concentrator(plan) === undefined;
  }

  /** Gives the frame to the radio once, with less power as long as the concentrator refuses the power. */
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
      // Stored before it is sent: a restart in between must not lead to a second beacon in this window.
      this.#saveMemory(plan.window);
      const attempt = await this.#transmitWithHighestPower(radio, plan, gatewayEui);
      release();
      if (attempt.result.sent || attempt.result.error === MAYBE_SENT) this.#occupy(plan, attempt.begun);
      else if (FINAL.has(attempt.result.error)) plan.refusedBy.add(concentrator);
      return attempt;
    } catch (error) {
      release();
      return failed(errorText(error));
    }
  }

  /** Asks for the highest power allowed, and for less while the concentrator refuses the power. */
  async #transmitWithHighestPower(
    radio: AgentRadio,
    plan: Plan,
    gatewayEui: string | undefined,
  ): Promise<Attempt> {
    const { clock, log } = this.#context;
    const { limitDbm } = plan;
    const { frame: bytes, freqHz, spreadingFactor, bandwidthHz } = plan.derived;
    const frame = { bytes, freqHz, spreadingFactor, bandwidthHz };
    const named = gatewayEui === undefined ? {} : { gatewayEui };
    const concentrator = gatewayEui ?? NO_EUI;
    let attempt: Attempt = { begun: readClock(clock), result: { sent: false, error: "TX_POWER" } };
    for (const powerDbm of this.#powers.candidates(concentrator, limitDbm)) {
      const begun = readClock(clock);
      if (begun.elapsedMs > plan.latestElapsedMs) break;
      const result = await radio.transmit({ ...frame, powerDbm, ...named });
      attempt = { begun, result };
      if (result.sent && this.#powers.noteSent(concentrator, limitDbm, powerDbm, result.powerDbm))
        log.info("Power that the concentrator takes", { ...named, limitDbm, powerDbm });
      if (result.sent || result.error !== "TX_POWER") break;
    }
    return attempt;
  }

  /** EUI of the concentrator that is to send: the first that can transmit and has not refused. */
  #concentrator({ refusedBy }: Plan): string | undefined {
    const able = (this.#radio()?.forwarderFacts?.() ?? []).filter(({ canTransmit }) => canTransmit);
    return able.find(({ gatewayEui }) => !refusedBy.has(gatewayEui))?.gatewayEui;
  }

  #occupy({ derived, airtimeMs }: Plan, { elapsedMs }: ClockReading): () => void {
    return this.#dutyCycle.occupy(derived.freqHz, airtimeMs, elapsedMs);
  }

  #saveMemory(window: number): void {
    const offPeriods = this.#dutyCycle.offPeriods(readClock(this.#context.clock));
    const memory = { window, offPeriods, acceptedPowers: this.#powers.accepted };
    saveBeaconMemory(this.#context.outbox, memory);
    this.#memory = memory;
  }
}

/** The loss that each error of a TX_ACK, a modem or the driver is counted as (`TransmitResult.error`). */
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

/** Whether it is a code from a radio, and not a sentence of the agent's own. */
export const isCode = (error: string): boolean => /^[A-Z_]+$/.test(error);

export function transmitLoss(error: string): LossReason {
  if (error.startsWith("COLLISION")) return "beacon_collision";
  // From `ConcentratorPowers.refusal`: the concentrator has no power as low as the limit.
  if (error.includes("tx_lut")) return "beacon_tx_power";
  return LOSS_BY_ERROR[error] ?? "beacon_failed";
}
