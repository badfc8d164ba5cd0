import { BoundedMap } from "@earshot/protocol/runtime";
import type { SocketAddress } from "../driver.ts";

/** So many turns within this time mean that two are there; a line that fails over and back makes two. */
const TURNS = 4;
const WITHIN_MS = 180_000;
/** After the last turn it is reported for so long. */
const SAID_FOR_MS = 600_000;
const WARN_EACH_MS = 3_600_000;
/** Addresses remembered of one EUI: anybody can send from ever new ones. */
const MAX_ADDRESSES = 8;

/**
 * Whether two concentrators use one EUI, as two that were never set up do. Each takes the place of the other again and
 * again; one that was started again, or whose router gave it another port, takes a new place and does not go back.
 * Times are elapsed ms.
 */
export class SharedEuiDetector {
  readonly #enough: number;
  readonly #turnsMs: number[] = [];
  #sharedAtMs = Number.NEGATIVE_INFINITY;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  /** @param enough turns that make two of one */
  constructor(enough = TURNS) {
    this.#enough = enough;
  }

  /** One took the place of another that was there a moment ago. */
  turn(elapsedMs: number): void {
    this.#turnsMs.push(elapsedMs);
    if (this.#turnsMs.length > this.#enough) this.#turnsMs.shift();
    const [first = elapsedMs] = this.#turnsMs;
    if (this.#turnsMs.length === this.#enough && elapsedMs - first <= WITHIN_MS) this.#sharedAtMs = elapsedMs;
  }

  isShared(elapsedMs: number): boolean {
    return elapsedMs - this.#sharedAtMs <= SAID_FOR_MS;
  }

  /** Whether to log it now: at most once an hour. */
  isWarningDue(elapsedMs: number): boolean {
    if (!this.isShared(elapsedMs) || elapsedMs - this.#warnedAtMs < WARN_EACH_MS) return false;
    this.#warnedAtMs = elapsedMs;
    return true;
  }
}

/** From where the datagrams of one kind come that name one EUI. A turn is to come back to an address that was left. */
export class SourceAddresses {
  readonly #turns: SharedEuiDetector;
  readonly #seenMs = new BoundedMap<string, number>(MAX_ADDRESSES);
  #latest: string | undefined;

  constructor(turns: SharedEuiDetector) {
    this.#turns = turns;
  }

  /** Returns whether it comes from another address than before. */
  see(address: SocketAddress, elapsedMs: number): "same" | "new" | "back" {
    const name = addressText(address);
    const beforeMs = this.#seenMs.get(name);
    const isSame = name === this.#latest || this.#latest === undefined;
    const isBack = !isSame && beforeMs !== undefined && elapsedMs - beforeMs <= WITHIN_MS;
    if (isBack) this.#turns.turn(elapsedMs);
    this.#latest = name;
    this.#seenMs.set(name, elapsedMs);
    return isSame ? "same" : isBack ? "back" : "new";
  }

  /** Those heard from lately, sorted. */
  addresses(elapsedMs: number): string[] {
    return [...this.#seenMs]
      .filter(([, ms]) => elapsedMs - ms <= WITHIN_MS)
      .map(([name]) => name)
      .sort();
  }
}

export const addressText = ({ host, port }: SocketAddress): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** How one of several with the same EUI is called. */
export const sharedName = (gatewayEui: string, address: SocketAddress): string =>
  `${gatewayEui} (${addressText(address)})`;
