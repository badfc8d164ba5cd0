import { type Clock, readClock } from "@earshot/protocol/hotspot";
import { LinkLostError } from "../driver.ts";
import type { SensorReading } from "../sensor/sensor-reading.ts";
import type { MeterEnergy } from "./energy-counter.ts";
import type { MeterMap } from "./maps/maps.ts";
import type { ExceptionName } from "./modbus-pdu.ts";
import { groupRegisters, type RegisterGroup, splitGroup } from "./register-groups.ts";
import type { RegisterMap } from "./register-map.ts";
import { readGroup } from "./register-value.ts";
import { discoverSunSpec, type ReadRegisters } from "./sunspec.ts";

export interface MeterPollerOptions {
  clock: Clock;
  map: MeterMap;
  periodMs: number;
  /** Periods in a row without any answer until the meter counts as lost. */
  maxSilentPeriods: number;
  energy: MeterEnergy;
  /** Where the meter is, for messages: "unit 1, 9600 baud". */
  where: string;
  /** Bytes so far that were no answer. */
  garbageBytes: () => number;
}

/** Asks a meter for all its registers, period after period. */
export class MeterPoller {
  readonly #options: MeterPollerOptions;
  /** As it calls itself, once known. */
  device: string;
  /** Quantities that this meter does not have. */
  readonly refused: string[] = [];
  silentPeriods = 0;
  readings = 0;
  #groups: RegisterGroup[] | undefined;
  #garbageBytesWhenHeard = 0;

  constructor(options: MeterPollerOptions) {
    this.#options = options;
    this.device = options.map.device;
    if (options.map.kind === "registers") this.#use(options.map);
  }

  /**
   * Runs until `signal` is aborted or the link is lost.
   *
   * @throws {LinkLostError} when the meter is silent for too long or refuses everything
   */
  async run(
    read: ReadRegisters,
    emit: (reading: SensorReading) => void,
    signal: AbortSignal,
  ): Promise<never> {
    const { clock, periodMs } = this.#options;
    const elapsedMs = () => clock.elapsedMs();
    for (let dueMs = elapsedMs(); ; dueMs = nextDueMs(dueMs, elapsedMs(), periodMs)) {
      const waitMs = dueMs - elapsedMs();
      if (waitMs > 0) await clock.sleep(waitMs, signal);
      const isHeard = await this.#poll(read, emit);
      this.silentPeriods = isHeard ? 0 : this.silentPeriods + 1;
      if (isHeard) this.#garbageBytesWhenHeard = this.#options.garbageBytes();
      if (this.silentPeriods >= this.#options.maxSilentPeriods) throw this.#silent();
    }
  }

  /** One period; whether the meter sent anything. */
  async #poll(read: ReadRegisters, emit: (reading: SensorReading) => void): Promise<boolean> {
    if (this.#groups === undefined && !(await this.#discover(read))) return false;
    const quantities: Record<string, number> = {};
    let isHeard = false;
    for (const group of [...(this.#groups ?? [])]) {
      const result = await read(group.request);
      if (!result.ok && isSilence(result.code)) break;
      isHeard = true;
      if (result.ok) Object.assign(quantities, readGroup(group, result.registers));
      else if (isRefusal(result.code)) this.#refuse(group, result.code);
    }
    this.#emit(quantities, emit);
    return isHeard;
  }

  #emit(quantities: Record<string, number>, emit: (reading: SensorReading) => void): void {
    const present = readClock(this.#options.clock);
    const { nowMs: atMs } = present;
    this.#options.energy.replaceTotals(quantities, present);
    if (Object.keys(quantities).length === 0) return;
    this.readings += 1;
    emit({ kind: "sensor", atMs, quantities });
  }

  async #discover(read: ReadRegisters): Promise<boolean> {
    const found = await discoverSunSpec(read);
    if (found.ok) this.#use(found.map);
    else if (found.code === "not-found") {
      throw new LinkLostError(
        `${this.device} at ${this.#options.where}: ${found.reason}; is it another device?`,
      );
    }
    return found.ok;
  }

  #use(map: RegisterMap): void {
    this.device = map.device;
    this.#groups = groupRegisters(map.entries, map);
    this.#options.energy.facts = map.energy;
  }

  /** Asks one by one for what it refuses together, and no more for what it refuses alone. */
  #refuse(group: RegisterGroup, code: ExceptionName): void {
    const isSingle = group.entries.length === 1;
    if (isSingle) this.refused.push(...group.entries.map(({ quantity }) => quantity));
    const rest = isSingle ? [] : splitGroup(group);
    this.#groups = this.#groups?.flatMap((each) => (each === group ? rest : [each]));
    if (this.#groups?.length !== 0) return;
    const { where } = this.#options;
    throw new LinkLostError(
      `${this.device} at ${where} refuses every register (${code}); is it another device?`,
    );
  }

  #silent(): LinkLostError {
    const { where, periodMs, garbageBytes } = this.#options;
    const strangeBytes = garbageBytes() - this.#garbageBytesWhenHeard;
    const advice =
      strangeBytes > 0
        ? `${strangeBytes} bytes came that are no answer: check the baud rate, and that no other program uses the line`
        : "nothing came at all: check its power, its unit id, its baud rate, and that A and B are not swapped";
    const periods = `${this.silentPeriods} periods of ${periodMs / 1000} s`;
    return new LinkLostError(`${this.device} at ${where} has not answered for ${periods}; ${advice}`);
  }
}

/** The next due time that lies ahead: a period that took too long is not made up for. */
function nextDueMs(dueMs: number, elapsedMs: number, periodMs: number): number {
  const nextMs = dueMs + periodMs;
  return nextMs >= elapsedMs ? nextMs : elapsedMs + periodMs;
}

/** A TCP gateway's answer for a unit behind it that is silent. */
const isSilence = (code: ExceptionName | "no-answer"): boolean =>
  code === "no-answer" || code === "gateway-target" || code === "gateway-path";

const isRefusal = (code: ExceptionName | "no-answer"): code is ExceptionName => code.startsWith("illegal-");
