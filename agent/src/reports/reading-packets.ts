import { EARLIEST_PLAUSIBLE_MS, MAX_QUANTITIES, type Quantity, utf8 } from "@earshot/protocol/hotspot";
import { pause } from "@earshot/protocol/runtime";
import { type CoreContext, makePacket, storePacket } from "../core/core-context.ts";
import { QuantityWindow } from "./quantity-window.ts";

/** Of the quantities, so that the whole packet stays within 1024 bytes. */
const MAX_BYTES_PER_PACKET = 800;
/** A source that invents new names all the time must not fill the memory. */
const MAX_NAMES = 64;

/** Summarises what one source measured, and makes reading packets of it: as many as its quantities need. */
export class ReadingSummary {
  readonly source: string;
  readonly #context: CoreContext;
  readonly #windows = new Map<string, QuantityWindow>();

  constructor(context: CoreContext, source: string) {
    this.#context = context;
    this.source = source;
  }

  add(name: string, value: number): void {
    let window = this.#windows.get(name);
    if (window === undefined) {
      if (this.#windows.size >= MAX_NAMES) {
        this.#countUnusable(1);
        return;
      }
      window = new QuantityWindow(name, (count) => this.#countUnusable(count));
      this.#windows.set(name, window);
    }
    window.add(value);
  }

  addAll(quantities: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(quantities)) this.add(name, value);
  }

  #countUnusable(count: number): void {
    this.#context.board.losses.add("readings_unusable", count);
  }

  /** Stores packets with what came since the last report, if anything did. */
  async report(): Promise<void> {
    const { clock, config } = this.#context;
    const atMs = clock.now();
    const summaries = [...this.#windows.values()].map((window) => window.flush());
    const parts = split(summaries.filter((quantity) => quantity !== undefined));
    const head = { type: "reading", atMs, source: this.source, periodMs: config.readingPeriodMs } as const;
    await Promise.all(
      parts.map((quantities) =>
        storePacket(this.#context, "reading", (sequence) =>
          makePacket(this.#context, { ...head, sequence, quantities }),
        ),
      ),
    );
  }
}

/** In order, into as few packets as they need. */
export function split(quantities: readonly Quantity[]): Quantity[][] {
  const parts: Quantity[][] = [];
  let bytes = 0;
  for (const quantity of quantities) {
    const more = maxBytesOf(quantity);
    const last = parts.at(-1);
    if (last === undefined || last.length >= MAX_QUANTITIES || bytes + more > MAX_BYTES_PER_PACKET) {
      parts.push([quantity]);
      bytes = more;
    } else {
      last.push(quantity);
      bytes += more;
    }
  }
  return parts;
}

/** Array head, name, exponent, three numbers of at most 9 bytes, count. */
const maxBytesOf = ({ name }: Quantity): number => 1 + 2 + utf8(name).length + 1 + 3 * 9 + 5;

/** Makes its reading packets when asked, once each reading period. */
interface Reporter {
  report(): Promise<void>;
}

/**
 * Lets all sources report at the same time, so that their packets share one write to the memory card. While the clock is
 * not set they continue to collect: a packet could not be dated.
 */
export async function reportReadings(
  { clock, config }: CoreContext,
  reporters: readonly Reporter[],
  signal: AbortSignal,
): Promise<void> {
  while (await pause(clock, config.readingPeriodMs, signal)) {
    if (clock.now() >= EARLIEST_PLAUSIBLE_MS)
      await Promise.all(reporters.map((reporter) => reporter.report()));
  }
}
