import { integerField, numberField } from "./json-fields.ts";
import type { ChannelCounts, RadioChainCounts } from "./lora-reading.ts";
import type { TolerantObject } from "./tolerant-json.ts";

/** A reception, good or bad: channel and radio where they are known. */
export interface Reception {
  isGood: boolean;
  freqHz: number;
  channel?: number;
  radio?: number;
  rssiDbm?: number;
}

/** A concentrator has ten channels and two radios; a forwarder that reports ever new ones must not fill the memory. */
const MAX_CHANNELS = 32;
const MAX_RADIOS = 4;
/** The mean follows the last frames: each counts one sixteenth. */
const MEAN_WEIGHT = 1 / 16;
/** Channels are 200 kHz apart; a forwarder prints the channel's own frequency. */
const SAME_CHANNEL_HZ = 25_000;

/** What one concentrator heard, by channel and by radio. */
export class ChannelTally {
  #offPlan = 0;
  readonly #planHz: readonly number[] | undefined;
  readonly #channels = new Map<number, ChannelCounts>();
  readonly #radios = new Map<number, RadioChainCounts>();

  /** @param planHz the centre frequencies of the region's channels */
  constructor(planHz?: readonly number[]) {
    this.#planHz = planHz;
  }

  /** Receptions on channels outside the region's plan; `undefined` where no plan is known. */
  get offPlan(): number | undefined {
    return this.#planHz === undefined ? undefined : this.#offPlan;
  }

  /** By frequency. */
  get channels(): ChannelCounts[] {
    return [...this.#channels.values()].sort((one, other) => one.freqHz - other.freqHz);
  }

  get radios(): RadioChainCounts[] {
    return [...this.#radios.values()].sort((one, other) => one.radio - other.radio);
  }

  add(reception: Reception): void {
    const { freqHz, channel, radio } = reception;
    if (!this.#isInPlan(freqHz)) this.#offPlan += 1;
    const fresh = { freqHz, ...(channel !== undefined && { channel }), rxOk: 0, rxBad: 0 };
    count(this.#channels, freqHz, fresh, MAX_CHANNELS, reception);
    if (radio !== undefined) count(this.#radios, radio, { radio, rxOk: 0, rxBad: 0 }, MAX_RADIOS, reception);
  }

  #isInPlan(freqHz: number): boolean {
    return this.#planHz?.some((channelHz) => Math.abs(channelHz - freqHz) <= SAME_CHANNEL_HZ) ?? true;
  }
}

/** Where a refused rxpk came from; `undefined` when it is not given. */
export function receptionOf(rxpk: TolerantObject, isGood: boolean): Reception | undefined {
  const freqMhz = numberField(rxpk, "freq", 100, 3000);
  if (freqMhz === undefined) return undefined;
  const channel = integerField(rxpk, "chan", 0, 255);
  const radio = integerField(rxpk, "rfch", 0, 255);
  const rssiDbm = numberField(rxpk, "rssi", -255, 127);
  return {
    isGood,
    freqHz: Math.round(freqMhz * 1e6),
    ...(channel !== undefined && { channel }),
    ...(radio !== undefined && { radio }),
    ...(rssiDbm !== undefined && { rssiDbm }),
  };
}

function count<C extends Omit<RadioChainCounts, "radio">>(
  counts: Map<number, C>,
  key: number,
  fresh: C,
  limit: number,
  { isGood, rssiDbm }: Reception,
): void {
  const counted = counts.get(key) ?? (counts.size < limit ? fresh : undefined);
  if (counted === undefined) return;
  counts.set(key, counted);
  if (isGood) counted.rxOk += 1;
  else counted.rxBad += 1;
  if (rssiDbm === undefined) return;
  const mean = counted.rssiDbm ?? rssiDbm;
  counted.rssiDbm = mean + (rssiDbm - mean) * MEAN_WEIGHT;
}
