import type { Region } from "@earshot/protocol/hotspot";

/** The conducted power, whole dBm, with which a beacon keeps the region's limits and the owner's. */
export function beaconPowerDbm(region: Region, antennaGainDdbi: number, maxPowerDbm: number): number {
  const radiatedLimit = (region.maxEirpDbm * 10 - antennaGainDdbi) / 10;
  return Math.floor(Math.min(radiatedLimit, region.maxConductedDbm ?? Number.POSITIVE_INFINITY, maxPowerDbm));
}

/** The least that a txpk can ask for. */
const LEAST_DBM = -20;
/** After so many beacons more is asked for again: the gain table may have been completed. */
const BEACONS_KEPT = 24;
const MAX_CONCENTRATORS = 16;

/** The power that a concentrator took, by its EUI; "" stands for a modem. Survives restarts as JSON. */
export type TakenPowers = Readonly<Record<string, TakenPower>>;

export interface TakenPower {
  /** Allowed when it was found. */
  limitDbm: number;
  takenDbm: number;
  beacons: number;
}

/**
 * Finds the greatest power that a concentrator sends with, of those allowed. SX1301 forwarders refuse a power that
 * their gain table lacks (TX_POWER); those of the SX1302 take the next lower one, and their least where none is lower.
 */
export class ConcentratorPowers {
  #taken: TakenPowers;
  /** What those send with whose least power is above the limit. Not kept: a new table is tried after a restart. */
  readonly #tooStrongDbm = new Map<string, number>();

  constructor(taken: TakenPowers) {
    this.#taken = taken;
  }

  get taken(): TakenPowers {
    return this.#taken;
  }

  /** Why this concentrator must not send with the limit given, in a sentence. */
  refusal(concentrator: string, limitDbm: number): string | undefined {
    const leastDbm = this.#tooStrongDbm.get(concentrator);
    if (leastDbm === undefined || leastDbm <= limitDbm) return undefined;
    return `concentrator ${concentrator} sends with ${leastDbm} dBm when asked for ${limitDbm}, the most allowed with this antenna: add that power to its tx_lut, then restart the agent`;
  }

  /** What to ask for, one after the other, until one is taken: what was taken last, then all from the limit down. */
  *toAsk(concentrator: string, limitDbm: number): Generator<number> {
    const known = this.#taken[concentrator];
    const isKnown = known?.limitDbm === limitDbm && known.beacons < BEACONS_KEPT;
    if (isKnown) yield known.takenDbm;
    for (let dbm = limitDbm; dbm >= LEAST_DBM; dbm--) if (!isKnown || dbm !== known.takenDbm) yield dbm;
  }

  /** A beacon was sent, with `sentDbm`, when asked for `askedDbm`. Returns whether that is news. */
  note(concentrator: string, limitDbm: number, askedDbm: number, sentDbm: number): boolean {
    if (sentDbm > limitDbm) this.#tooStrongDbm.set(concentrator, sentDbm);
    const { [concentrator]: known, ...others } = this.#taken;
    if (askedDbm === limitDbm) {
      this.#taken = others;
      return known !== undefined;
    }
    const isSame = known?.limitDbm === limitDbm && known.takenDbm === askedDbm;
    const beacons = isSame && known.beacons < BEACONS_KEPT ? known.beacons + 1 : 1;
    const kept = Object.entries(others).slice(1 - MAX_CONCENTRATORS);
    this.#taken = { ...Object.fromEntries(kept), [concentrator]: { limitDbm, takenDbm: askedDbm, beacons } };
    return !isSame;
  }
}
