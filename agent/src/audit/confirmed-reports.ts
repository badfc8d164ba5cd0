import { confirmationIn, judgedFromMs, reportIn } from "@earshot/protocol/omission";
import type { ReceiptFiles } from "../receipts/receipt-files.ts";
import type { NetworkFacts } from "./network-facts.ts";

/** A report of this hotspot that the network has confirmed. */
export interface ConfirmedReport {
  /** Name of the file that it is kept in. */
  file: string;
  id: string;
  type: "beacon" | "witness";
  entropyIndex: number;
  packet: Uint8Array;
  confirmation: Uint8Array;
  receivedAtMs: number;
  /** Its index was judged by then: it may be in none of the lists that name it. */
  isLate: boolean;
}

/** Those in the files, each once; what is not signed by hotspot and network is left out. */
export function confirmedReports(
  receipts: Pick<ReceiptFiles, "files" | "read">,
  { network, keys, parameters }: NetworkFacts,
): ConfirmedReport[] {
  const found = new Map<string, ConfirmedReport>();
  for (const file of receipts.files()) {
    for (const { receipt: confirmation, packets } of receipts.read(file)) {
      for (const packet of packets) {
        const report = reportIn(packet, network);
        const confirmed = report && confirmationIn(confirmation, network, keys, report.publicKey, report.id);
        if (report === undefined || confirmed === undefined) continue;
        const { type, entropyIndex } = report;
        const { receivedAtMs } = confirmed;
        const isLate = receivedAtMs >= judgedFromMs(report, parameters);
        const id = report.id.toHex();
        found.set(id, { file, id, type, entropyIndex, packet, confirmation, receivedAtMs, isLate });
      }
    }
  }
  return [...found.values()];
}
