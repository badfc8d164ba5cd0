import type { Region } from "@earshot/protocol/hotspot";

/** The conducted power, whole dBm, with which a beacon keeps the region's limits and the owner's. */
export function beaconPowerDbm(region: Region, antennaGainDdbi: number, maxPowerDbm: number): number {
  const radiatedLimit = (region.maxEirpDbm * 10 - antennaGainDdbi) / 10;
  return Math.floor(Math.min(radiatedLimit, region.maxConductedDbm ?? Number.POSITIVE_INFINITY, maxPowerDbm));
}

/** The lowest power that a txpk can request. */
const LEAST_DBM = -20;
/** After so many beacons the full power is tried again: the gain table may have been completed. */
const BEACONS_KEPT = 24;
const MAX_CONCENTRATORS = 16;

/** The power that each concentrator accepted, by its EUI; "" stands for a modem. Survives restarts as JSON. */
export type AcceptedPowers = Readonly<Record<string, AcceptedPower>>;

export interface AcceptedPower {
  /** The limit that it was found for. */
  limitDbm: number;
  acceptedDbm: number;
  beacons: number;
}

/**
 * Finds the highest allowed power that a concentrator accepts. SX1301 forwarders refuse a power that is missing in their
 * gain table (TX_POWER); SX1302 forwarders use the next lower one, or their lowest where none is lower.
 */
export class ConcentratorPowers {
  #accepted: AcceptedPowers;
  /** What a concentrator sends with whose lowest power is above the limit. Not stored: a restart tries again. */
  readonly #tooStrongDbm = new Map<string, number>();

  constructor(accepted: AcceptedPowers) {
    this.#accepted = accepted;
  }

  get accepted(): AcceptedPowers {
    return this.#accepted;
  }

  /** Why this concentrator must not send under this limit, in a sentence. */
  refusal(concentrator: string, limitDbm: number): string | undefined {
    const leastDbm = this.#tooStrongDbm.get(concentrator);
    if (leastDbm === undefined || leastDbm <= limitDbm) return undefined;
    return `concentrator ${concentrator} sends with ${leastDbm} dBm when asked for ${limitDbm}, the most allowed with this antenna: add that power to its tx_lut, then restart the agent`;
  }

  /** The powers to try until one is accepted: the last accepted one, then all from the limit down. */
  *candidates(concentrator: string, limitDbm: number): Generator<number> {
    const known = this.#accepted[concentrator];
    const isKnown = known?.limitDbm === limitDbm && known.beacons < BEACONS_KEPT;
    if (isKnown) yield known.acceptedDbm;
    for (let dbm = limitDbm; dbm >= LEAST_DBM; dbm--) if (!isKnown || dbm !== known.acceptedDbm) yield dbm;
  }

  /** A beacon asked for with `askedDbm` was sent with `sentDbm`. Returns whether the accepted power has changed. */
  noteSent(concentrator: string, limitDbm: number, askedDbm: number, sentDbm: number): boolean {
    if (sentDbm > limitDbm) this.#tooStrongDbm.set(concentrator, sentDbm);
    const { [concentrator]: known, ...others } = this.#accepted;
    if (askedDbm === limitDbm) {
      this.#accepted = others;
      return known !== undefined;
    }
    const isSame = known?.limitDbm === limitDbm && known.acceptedDbm === askedDbm;
    const beacons = isSame && known.beacons < BEACONS_KEPT ? known.beacons + 1 : 1;
    const kept = Object.entries(others).slice(1 - MAX_CONCENTRATORS);
    this.#accepted = {
      ...Object.fromEntries(kept),
      [concentrator]: { limitDbm, acceptedDbm: askedDbm, beacons },
    };
    return !isSame;
  }
}
