import type { GpsReading, RfBlock, Satellite } from "../reading.ts";
import { defined } from "../satellites.ts";
import type { UbxMessage } from "./messages.ts";

/** What is older than this was said by a receiver that says it no more. */
export const STATE_KEPT_MS = 60_000;

/** Messages that say how the receiver is, once in a while; a later one of the list is trusted more. */
const KINDS = [
  "nav-timels",
  "nav-timegps",
  "tim-tp",
  "survey-in",
  "mon-rf",
  "nav-status",
  "sec-sig",
] as const;
type StateKind = (typeof KINDS)[number];
type Facts = Partial<GpsReading>;

interface Told<T> {
  atMs: number;
  facts: T;
}

/** The receiver's state between epochs: sky, antenna, interference, survey, leap seconds. */
export class ReceiverState {
  readonly #told = new Map<StateKind, Told<Facts>>();
  #sky: Told<Satellite[]> | undefined;
  /** Kept for good: a new one is announced months ahead. */
  #leapSeconds: number | undefined;

  get leapSeconds(): number | undefined {
    return this.#leapSeconds;
  }

  take(message: UbxMessage, atMs: number): void {
    if (message.kind === "nav-sat") this.#sky = { atMs, facts: message.satellites };
    const kind = KINDS.find((one) => one === message.kind);
    if (kind === undefined) return;
    const facts = defined(factsOf(message));
    this.#leapSeconds = facts.leapSeconds ?? this.#leapSeconds;
    this.#told.set(kind, { atMs, facts });
  }

  /** What still holds at `nowMs`. */
  facts(nowMs: number): Facts {
    const fresh = KINDS.map((kind) => freshFacts(this.#told.get(kind), nowMs) ?? {});
    return Object.assign({}, ...fresh);
  }

  satellites(nowMs: number): readonly Satellite[] | undefined {
    return freshFacts(this.#sky, nowMs);
  }
}

/** A host clock that was set back makes nothing stale. */
function freshFacts<T>(told: Told<T> | undefined, nowMs: number): T | undefined {
  return told === undefined || nowMs - told.atMs > STATE_KEPT_MS ? undefined : told.facts;
}

function factsOf(message: UbxMessage): Facts {
  switch (message.kind) {
    case "nav-timels":
    case "nav-timegps":
      return { leapSeconds: message.leapSeconds };
    case "tim-tp":
      return { timePulseErrorPs: message.quantisationErrorPs };
    case "survey-in": {
      const { kind: _, ...surveyIn } = message;
      return { surveyIn };
    }
    case "mon-rf":
      return worstOf(message.blocks);
    case "nav-status":
      return { spoofing: message.spoofing };
    case "sec-sig":
      return { jamming: message.jamming, spoofing: message.spoofing };
    default:
      return {};
  }
}

/** Over all front ends: one open antenna, or one jammed band, is the receiver's. */
function worstOf(blocks: readonly RfBlock[]): Facts {
  const worst = <T>(order: readonly T[], told: readonly (T | undefined)[]) =>
    order.find((state) => told.includes(state));
  return {
    antenna: worst(
      ["short", "open", "ok"] as const,
      blocks.map(({ antenna }) => antenna),
    ),
    antennaPower: worst(
      ["off", "on"] as const,
      blocks.map(({ antennaPower }) => antennaPower),
    ),
    jamming: worst(
      ["critical", "warning", "none"] as const,
      blocks.map(({ jamming }) => jamming),
    ),
    jammingIndicator:
      blocks.length === 0 ? undefined : Math.max(...blocks.map((one) => one.jammingIndicator)),
    rfBlocks: blocks,
  };
}
