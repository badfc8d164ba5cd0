import { type DeafAssessment, type DeafBaseline, DeafDetector, type RadioStatus } from "@earshot/drivers";
import type { Outbox } from "../outbox/outbox.ts";

/** A hotspot has one concentrator, seldom two; those that come after so many others are not watched. */
const MAX_WATCHED = 16;
/** What is usual changes over days: losing an hour of it at a power cut is nothing, and cards wear from writing. */
const KEEP_EACH_MS = 3_600_000;

interface Watched {
  readonly detector: DeafDetector;
  keptAtMs: number;
}

/** Finds concentrators that went deaf, each by its own past, which survives a restart of the agent. */
export class HearingWatch {
  readonly #outbox: Pick<Outbox, "remember" | "recall">;
  readonly #watched = new Map<string, Watched>();

  constructor(outbox: Pick<Outbox, "remember" | "recall">) {
    this.#outbox = outbox;
  }

  /** `undefined` for one too many. */
  observe(status: RadioStatus): DeafAssessment | undefined {
    const { atMs, gatewayEui = "" } = status;
    const watched = this.#of(gatewayEui, atMs);
    if (watched === undefined) return undefined;
    const assessment = watched.detector.observe(status);
    if (Math.abs(atMs - watched.keptAtMs) >= KEEP_EACH_MS) {
      watched.keptAtMs = atMs;
      this.#outbox.remember(keyOf(gatewayEui), JSON.stringify(watched.detector.baseline()));
    }
    return assessment;
  }

  #of(gatewayEui: string, atMs: number): Watched | undefined {
    const known = this.#watched.get(gatewayEui);
    if (known !== undefined || this.#watched.size >= MAX_WATCHED) return known;
    const baseline = baselineOf(this.#outbox.recall(keyOf(gatewayEui)));
    const fresh = { detector: new DeafDetector(baseline), keptAtMs: atMs };
    this.#watched.set(gatewayEui, fresh);
    return fresh;
  }
}

const keyOf = (gatewayEui: string): string => `hearing ${gatewayEui}`;

/** The detector checks the rest of it. */
function baselineOf(text: string | undefined): DeafBaseline | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    return typeof value === "object" && value !== null ? (value as DeafBaseline) : undefined;
  } catch {
    return undefined;
  }
}
