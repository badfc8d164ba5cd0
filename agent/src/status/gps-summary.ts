import type { GpsReading } from "@earshot/drivers";
import { encodePacket } from "@earshot/protocol";
import { type CoreContext, storePacket } from "../core-context.ts";
import { pause } from "../time/pause.ts";
import { QuantityWindow } from "./quantity-window.ts";

/** Sums up what the GPS said into one reading packet each period: sky and signal tell of the antenna's health. */
export class GpsSummary {
  readonly #context: CoreContext;
  readonly #used = new QuantityWindow("satellites_used", 0);
  readonly #signal = new QuantityWindow("cn0_db_hz", -1);

  constructor(context: CoreContext) {
    this.#context = context;
  }

  add(reading: GpsReading): void {
    if (reading.satellitesUsed !== undefined) this.#used.add(reading.satellitesUsed);
    for (const { cn0DbHz } of reading.satellites) if (cn0DbHz !== undefined) this.#signal.add(cn0DbHz);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#context;
    while (await pause(clock, config.readingPeriodMs, signal)) await this.#report();
  }

  async #report(): Promise<void> {
    const { clock, config, signer } = this.#context;
    const quantities = [this.#used.take(), this.#signal.take()].filter((one) => one !== undefined);
    if (quantities.length === 0) return;
    const atMs = clock.now();
    await storePacket(this.#context, "reading", atMs, (sequence) =>
      encodePacket(
        { type: "reading", sequence, atMs, source: "gps", periodMs: config.readingPeriodMs, quantities },
        signer,
        config.network.name,
      ),
    );
  }
}
