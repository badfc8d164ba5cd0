import { omitUndefined } from "@earshot/protocol/runtime";
import type { GpsReading, RfBlock, Satellite } from "../gps-reading.ts";
import type { UbxMessage } from "./messages.ts";

/** Older than this, it comes from a receiver that no longer sends it. */
export const STATE_KEPT_MS = 60_000;

/** Messages about the state of the receiver, sent once in a while; a later one of the list is trusted more. */
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

interface Reported<T> {
  elapsedMs: number;
  facts: T;
}

/** The receiver's state between epochs: sky, antenna, interference, survey, leap seconds. */
export class ReceiverState {
  readonly #reported = new Map<StateKind, Reported<Facts>>();
  #sky: Reported<Satellite[]> | undefined;
  /** Kept for good: a new one is announced months ahead. */
  #leapSeconds: number | undefined;

  get leapSeconds(): number | undefined {
    return this.#leapSeconds;
  }

  /** @param elapsedMs when it came, by the monotonic clock */
  add(message: UbxMessage, elapsedMs: number): void {
    if (message.kind === "nav-sat") this.#sky = { elapsedMs, facts: message.satellites };
    const kind = KINDS.find((one) => one === message.kind);
    if (kind === undefined) return;
    const facts = omitUndefined(factsOf(message));
    this.#leapSeconds = facts.leapSeconds ?? this.#leapSeconds;
    this.#reported.set(kind, { elapsedMs, facts });
  }

  /** What is still valid. */
  facts(elapsedMs: number): Facts {
    const fresh = KINDS.map((kind) => freshFacts(this.#reported.get(kind), elapsedMs) ?? {});
    return Object.assign({}, ...fresh);
  }

  satellites(elapsedMs: number): readonly Satellite[] | undefined {
    return freshFacts(this.#sky, elapsedMs);
  }
}

function freshFacts<T>(reported: Reported<T> | undefined, elapsedMs: number): T | undefined {
  return reported === undefined || elapsedMs - reported.elapsedMs > STATE_KEPT_MS
    ? undefined
    : reported.facts;
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
  const worst = <T>(order: readonly T[], reported: readonly (T | undefined)[]) =>
    order.find((state) => reported.includes(state));
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
