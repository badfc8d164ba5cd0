import { errorText } from "@earshot/protocol/runtime";
import type { ReceiptFiles } from "./receipt-files.ts";

/** What could not be kept since the start: how many receipts, and why the last of them. */
export interface ReceiptsLost {
  count: number;
  why: string;
}

/** Written at once when it has so many bytes. */
const MAX_BYTES = 65_536;

/** Receipts and their reports until the outbox writes the next time: memory cards wear out by writes. */
export class ReceiptBuffer {
  readonly #files: Pick<ReceiptFiles, "append">;
  /** When it is, where that is certain. */
  readonly #nowMs: () => number | undefined;
  /** Reports by the message that confirms them. */
  #reports = new Map<Uint8Array, Uint8Array[]>();
  #bytes = 0;
  #lost: ReceiptsLost | undefined;

  constructor(files: Pick<ReceiptFiles, "append">, nowMs: () => number | undefined) {
    this.#files = files;
    this.#nowMs = nowMs;
  }

  get lost(): ReceiptsLost | undefined {
    return this.#lost;
  }

  add(receipt: Uint8Array, report: Uint8Array): void {
    const reports = this.#reports.get(receipt) ?? [];
    this.#bytes += report.length + (reports.length === 0 ? receipt.length : 0);
    this.#reports.set(receipt, [...reports, report]);
    if (this.#bytes > MAX_BYTES) this.write();
  }

  /** Does not throw: without its evidence a report is delivered all the same. */
  write(): void {
    if (this.#reports.size === 0) return;
    const keptAtMs = this.#nowMs();
    const records = [...this.#reports].map(([receipt, packets]) => ({ keptAtMs, receipt, packets }));
    this.#reports = new Map();
    this.#bytes = 0;
    try {
      this.#files.append(records, keptAtMs);
    } catch (error) {
      this.#lost = { count: (this.#lost?.count ?? 0) + records.length, why: errorText(error) };
    }
  }
}
