import type { SocketAddress } from "../driver.ts";
import { ChannelTally } from "./channel-counts.ts";
import { DuplicateFilter } from "./duplicate-filter.ts";
import type { GwmpVersion } from "./gwmp-datagram.ts";
import { RadioCounters } from "./radio-counters.ts";
import { SharedEuiDetector, SourceAddresses } from "./shared-eui.ts";

/** One packet forwarder, known by its EUI: ports and tokens change with each of its restarts. */
export interface Forwarder {
  readonly gatewayEui: string;
  readonly duplicates: DuplicateFilter;
  readonly counters: RadioCounters;
  readonly channels: ChannelTally;
  /** Of its last PULL_DATA, else of its last PUSH_DATA. */
  version: GwmpVersion;
  /** Its last datagram, by the monotonic clock. */
  lastSeenElapsedMs: number;
  /** The address that its last datagram came from. */
  host?: string;
  /** Where its last PULL_DATA came from, and when. A PUSH_DATA comes from another port, where nobody listens. */
  downlink?: { address: SocketAddress; elapsedMs: number };
  lastStatusElapsedMs?: number;
  /** Whether it ever reported anything from a radio: a frame, good or bad, or its statistics. */
  hasReported: boolean;
  /** Where its PULL_DATA and its PUSH_DATA come from: a forwarder has a socket for each. */
  readonly pulls: SourceAddresses;
  readonly pushes: SourceAddresses;
  /** Whether they come from several concentrators with this EUI. */
  readonly turns: SharedEuiDetector;
  /** When the log last mentioned that it moved. */
  movedElapsedMs?: number;
  /** One of several concentrators with the same EUI, whose frames and counters are kept apart. */
  isPart?: true;
}

/** A PULL_DATA comes every 5 to 10 s as shipped; networks give the way down up after 90 s without one. */
export const DOWNLINK_EXPIRES_MS = 90_000;

/** Whether it has asked for work lately. */
export const isReachable = ({ downlink }: Forwarder, elapsedMs: number): boolean =>
  downlink !== undefined && elapsedMs - downlink.elapsedMs <= DOWNLINK_EXPIRES_MS;

/**
 * The forwarders on one socket, at most `limit`. Anybody can make EUIs up, so one that has reported keeps its place
 * until it has been silent for 90 s; one that has not gives it to a new one at any time, and is known again with its
 * next datagram.
 */
export class ForwarderTable {
  readonly #limit: number;
  readonly #planHz: readonly number[] | undefined;
  readonly #byEui = new Map<string, Forwarder>();

  /** @param planHz the channels of the region, where it is known */
  constructor(limit: number, planHz?: readonly number[]) {
    this.#limit = limit;
    this.#planHz = planHz;
  }

  get all(): readonly Forwarder[] {
    return [...this.#byEui.values()];
  }

  find(gatewayEui: string): Forwarder | undefined {
    return this.#byEui.get(gatewayEui);
  }

  /** Adds a forwarder; `undefined` when the table is full of live ones that have reported. */
  add(gatewayEui: string, version: GwmpVersion, elapsedMs: number): Forwarder | undefined {
    if (this.#byEui.size >= this.#limit && !this.#dropOne(elapsedMs)) return undefined;
    const turns = new SharedEuiDetector();
    const forwarder: Forwarder = {
      gatewayEui,
      duplicates: new DuplicateFilter(),
      counters: new RadioCounters(),
      channels: new ChannelTally(this.#planHz),
      version,
      lastSeenElapsedMs: elapsedMs,
      hasReported: false,
      pulls: new SourceAddresses(turns),
      pushes: new SourceAddresses(turns),
      turns,
    };
    this.#byEui.set(gatewayEui, forwarder);
    return forwarder;
  }

  /** Who transmits: the named forwarder, else the one known longest, so that the choice does not change without need. */
  forTransmit(elapsedMs: number, gatewayEui?: string): Forwarder | undefined {
    const named = gatewayEui?.toLowerCase();
    return this.all.find(
      (forwarder) =>
        (named === undefined || forwarder.gatewayEui === named) && isReachable(forwarder, elapsedMs),
    );
  }

  /** A flood of made-up EUIs comes here with each datagram: nothing is sorted or copied. */
  #dropOne(elapsedMs: number): boolean {
    let silentest: Forwarder | undefined;
    for (const forwarder of this.#byEui.values()) {
      if (forwarder.hasReported && elapsedMs - forwarder.lastSeenElapsedMs <= DOWNLINK_EXPIRES_MS) continue;
      if (silentest === undefined || forwarder.lastSeenElapsedMs < silentest.lastSeenElapsedMs)
        silentest = forwarder;
    }
    return silentest !== undefined && this.#byEui.delete(silentest.gatewayEui);
  }
}
