import { type DeafAssessment, type DeafBaseline, DeafDetector, type RadioStatus } from "@earshot/drivers";
import { EARLIEST_PLAUSIBLE_MS } from "@earshot/protocol/hotspot";
import type { Outbox } from "../outbox/outbox.ts";

/** A hotspot has one concentrator, seldom two; those that come while so many others are there are not watched. */
const MAX_WATCHED = 16;
/** One that sent nothing for so long gives up its place: statuses come each half minute or so. */
const GONE_MS = 600_000;
/** What is usual changes over days: losing an hour of it at a power cut is nothing, and cards wear from writing. */
const KEEP_EACH_MS = 3_600_000;
/** All of them as one fact, so that names somebody made up leave none behind. */
const FACT = "hearing";

interface Watched {
  readonly detector: DeafDetector;
  lastElapsedMs: number;
}

/** Finds concentrators that went deaf, each by its own past, which survives a restart of the agent. */
export class HearingWatch {
  readonly #outbox: Pick<Outbox, "remember" | "recall">;
  readonly #watched = new Map<string, Watched>();
  /** Of an earlier run, for those that did not report yet. */
  readonly #kept: Map<string, DeafBaseline>;
  #keptElapsedMs: number | undefined;

  constructor(outbox: Pick<Outbox, "remember" | "recall">) {
    this.#outbox = outbox;
    this.#kept = baselinesOf(outbox.recall(FACT));
  }

  /** `undefined` for one too many, and while the clock is not set. */
  observe(status: RadioStatus, elapsedMs: number): DeafAssessment | undefined {
    const { gatewayEui = "", atMs } = status;
    // What is usual depends on the hour, and a clock that is not set does not know it.
    if (atMs < EARLIEST_PLAUSIBLE_MS) return undefined;
    const watched = this.#of(gatewayEui, elapsedMs);
    if (watched === undefined) return undefined;
    watched.lastElapsedMs = elapsedMs;
    const assessment = watched.detector.observe(status, elapsedMs);
    this.#keptElapsedMs ??= elapsedMs;
    if (elapsedMs - this.#keptElapsedMs >= KEEP_EACH_MS) this.#keep(elapsedMs);
    return assessment;
  }

  #keep(elapsedMs: number): void {
    this.#keptElapsedMs = elapsedMs;
    const now = [...this.#watched].map(([eui, { detector }]) => [eui, detector.baseline()] as const);
    const all = [...now, ...[...this.#kept].filter(([eui]) => !this.#watched.has(eui))];
    try {
      this.#outbox.remember(FACT, JSON.stringify(Object.fromEntries(all.slice(0, MAX_WATCHED))));
    } catch {
      // The outbox reports what is wrong with it; in an hour it is tried again.
    }
  }

  #of(gatewayEui: string, elapsedMs: number): Watched | undefined {
    const known = this.#watched.get(gatewayEui);
    if (known !== undefined) return known;
    if (this.#watched.size >= MAX_WATCHED && !this.#dropGone(elapsedMs)) return undefined;
    const fresh = { detector: new DeafDetector(this.#kept.get(gatewayEui)), lastElapsedMs: elapsedMs };
    this.#watched.set(gatewayEui, fresh);
    return fresh;
  }

  #dropGone(elapsedMs: number): boolean {
    const gone = [...this.#watched].find(([, { lastElapsedMs }]) => elapsedMs - lastElapsedMs > GONE_MS)?.[0];
    return gone !== undefined && this.#watched.delete(gone);
  }
}

/** The detector checks what is in each. */
function baselinesOf(text: string | undefined): Map<string, DeafBaseline> {
  try {
    const entries = Object.entries<unknown>(JSON.parse(text ?? "{}"));
    return new Map(
      entries.filter(([, one]) => typeof one === "object" && one !== null) as [string, DeafBaseline][],
    );
  } catch {
    return new Map();
  }
}
