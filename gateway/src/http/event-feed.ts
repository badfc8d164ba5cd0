import { type Clock, explainVerdict, hotspotName, type Outcome } from "@earshot/protocol";
import type { EventHub, GatewayEvent } from "../monitoring/events.ts";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { StoredVerdict } from "../store/records.ts";
import { isPublic } from "./embargo.ts";
import { epochView } from "./views.ts";

/** Server-sent events (WHATWG HTML §9.2): text chunks, one per event. */
export type Send = (chunk: string) => void;

/** Verdicts in one message; the counts cover all. */
const MAX_VERDICTS = 100;

export const sseChunk = (event: string, data: object): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

interface FeedDeps {
  events: EventHub;
  clock: Clock;
  parameters: FixedParameters;
}

/** Formats each event once, for all followers. */
export class EventFeed {
  readonly #followers = new Set<Send>();
  readonly #deps: FeedDeps;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
    deps.events.listen((event) => this.#publish(event));
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** Returns how to stop following. */
  follow(send: Send): () => void {
    this.#followers.add(send);
    return () => this.#followers.delete(send);
  }

  #publish(event: GatewayEvent): void {
    if (this.#followers.size === 0) return;
    const chunk = this.#chunk(event);
    if (chunk === undefined) return;
    for (const send of [...this.#followers]) send(chunk);
  }

  #chunk(event: GatewayEvent): string | undefined {
    const { clock, parameters } = this.#deps;
    if (event.kind === "entropy") return sseChunk("entropy", { index: event.index, atMs: event.atMs });
    if (event.kind === "hotspot") return sseChunk("hotspot", presenceData(event));
    if (event.kind === "epoch") return sseChunk("epoch", epochView(event.epoch));
    const { entropyIndex } = event;
    if (!isPublic(entropyIndex, clock.now(), parameters)) return undefined;
    const visible = event.verdicts.filter((verdict) =>
      isPublic(verdict.entropyIndex, clock.now(), parameters),
    );
    return sseChunk("verdicts", verdictsData(entropyIndex, visible));
  }
}

const presenceData = ({ hotspotId, online, atMs }: Extract<GatewayEvent, { kind: "hotspot" }>) => ({
  hotspotId,
  hotspotName: hotspotName(hotspotId),
  online,
  atMs,
});

function verdictsData(entropyIndex: number, verdicts: readonly StoredVerdict[]): object {
  const counted = (of: Outcome) => verdicts.filter(({ outcome }) => outcome === of).length;
  return {
    entropyIndex,
    paid: counted("paid"),
    unpaid: counted("unpaid"),
    refused: counted("refused"),
    verdicts: verdicts.slice(0, MAX_VERDICTS).map((verdict) => ({
      packetId: verdict.packetId,
      hotspotId: verdict.hotspotId,
      hotspotName: hotspotName(verdict.hotspotId),
      beaconKey: verdict.beaconKey,
      type: verdict.type,
      outcome: verdict.outcome,
      reason: verdict.reason,
      sentence: explainVerdict(verdict),
    })),
  };
}
