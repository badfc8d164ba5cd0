import { type Contradiction, encodeEvidence } from "@earshot/protocol/omission";
import { errorText } from "@earshot/protocol/runtime";
import { z } from "zod";
import type { ReceiptFiles } from "../receipts/receipt-files.ts";
import { checkBundle, checkIndexRoot, type ListCheck } from "./check-lists.ts";
import { type ConfirmedReport, confirmedReports } from "./confirmed-reports.ts";
import type { GatewayApi } from "./gateway-api.ts";
import { type NetworkFacts, networkFacts } from "./network-facts.ts";

/** A report that the network has confirmed and left out. */
export interface Omission {
  report: ConfirmedReport;
  kind: Contradiction["kind"];
  /** The file that shows it (`verify-epoch --evidence`). */
  evidence: Uint8Array;
}

export interface AuditResult {
  /** Reports in receipts; of these: */
  confirmed: number;
  /** … came after their index was judged, so no list can be asked for them; */
  late: number;
  /** … are in their index's root; */
  inRoots: number;
  /** … are in their epoch's bundle, in time. */
  inBundles: number;
  /** What the gateway does not show, or not so that it can be compared: a sentence each. */
  problems: string[];
  omissions: Omission[];
}

const epochsPage = z.object({ epochs: z.array(z.object({ epoch: z.int().min(0) })) });

/**
 * Looks for every report that the network has confirmed in what it has signed since. Files of receipts whose reports are
 * all in their bundles, or cannot be, are deleted: nothing more can be shown with them.
 *
 * @throws {Error} when the gateway does not answer, or is not the network's
 */
export async function audit(
  receipts: ReceiptFiles,
  api: GatewayApi,
  network: { name: string; publicKey: Uint8Array },
): Promise<AuditResult> {
  const facts = await networkFacts(api, network);
  const { epochs } = epochsPage.parse((await api.json("/api/v1/epochs?limit=1")) ?? { epochs: [] });
  const newestEpoch = epochs[0]?.epoch ?? -1;
  // From now on nothing is added to the files that are looked at.
  receipts.seal();
  const reports = confirmedReports(receipts, facts);
  const due = reports.filter(({ isLate }) => !isLate);
  const found = new Findings(facts);
  const epochOf = ({ entropyIndex }: ConfirmedReport) =>
    Math.floor(entropyIndex / facts.parameters.epochPeriods);
  const settled = new Set(reports.filter(({ isLate }) => isLate).map(({ id }) => id));
  let inRoots = 0;
  for (const [index, own] of Map.groupBy(due, ({ entropyIndex }) => entropyIndex)) {
    inRoots += found.add(own, await tried(checkIndexRoot(index, own, api, facts))).length;
  }
  for (const [epoch, own] of Map.groupBy(due, epochOf)) {
    const there = found.add(own, await tried(checkBundle(epoch, own, newestEpoch, api, facts)));
    for (const { id } of there) settled.add(id);
  }
  const { omissions, problems } = found;
  const inBundles = settled.size - (reports.length - due.length);
  dropSettled(
    receipts,
    reports,
    (id) => settled.has(id) && !omissions.some(({ report }) => report.id === id),
  );
  return {
    confirmed: reports.length,
    late: reports.length - due.length,
    inRoots,
    inBundles,
    problems,
    omissions,
  };
}

const tried = (check: Promise<ListCheck>): Promise<ListCheck> =>
  check.catch((error: unknown) => ({ state: "unclear", why: errorText(error) }));

class Findings {
  readonly problems: string[] = [];
  readonly omissions: Omission[] = [];
  readonly #facts: NetworkFacts;

  constructor(facts: NetworkFacts) {
    this.#facts = facts;
  }

  /** @returns those that are in the list */
  add(reports: readonly ConfirmedReport[], check: ListCheck): ConfirmedReport[] {
    if (check.state === "unclear") this.problems.push(check.why);
    if (check.state !== "there") return [];
    const { missing, contradiction } = check;
    if (contradiction === undefined) return [...reports];
    const { network, keyDocuments: keys, signedParameters: parameters } = this.#facts;
    for (const report of missing) {
      const { confirmation, packet } = report;
      const evidence = encodeEvidence({ network, confirmation, packet, parameters, keys, contradiction });
      this.omissions.push({ report, kind: contradiction.kind, evidence });
    }
    return reports.filter((report) => !missing.includes(report));
  }
}

function dropSettled(
  receipts: ReceiptFiles,
  reports: readonly ConfirmedReport[],
  isSettled: (id: string) => boolean,
): void {
  const open = new Set(reports.filter(({ id }) => !isSettled(id)).map(({ file }) => file));
  const seen = new Set(reports.map(({ file }) => file));
  for (const file of receipts.files()) if (seen.has(file) && !open.has(file)) receipts.remove(file);
}
