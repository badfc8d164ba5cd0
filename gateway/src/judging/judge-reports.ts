import {
  type ChainChecker,
  groupReports,
  isTimely,
  type JudgingContext,
  judgeGroup,
  type NetworkParameters,
  type ReceivedReport,
} from "@earshot/protocol";
import type { DenialLog } from "../denials/denial-log.ts";
import type { JudgedReport } from "../downlink/notices.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Registry } from "../registry/registry.ts";
import type { StoredBeacon, StoredContact, StoredPacket } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { judgingContextOf, type ReportsOfIndex, reportOf } from "./judging-context.ts";

export interface Judgement {
  verdicts: JudgedReport[];
  proven: StoredBeacon[];
  contacts: StoredContact[];
}

/** What reports are judged by, as it was in their epoch. */
export interface JudgeReportsDeps {
  parameters: Pick<ParametersLog, "inForce">;
  registry: Pick<Registry, "hotspotsById">;
  denials: Pick<DenialLog, "inForce">;
  store: Store;
  /** Remembers the values that beacons revealed. */
  chains: ChainChecker;
  /** Lets other work have its turn. */
  pause(): Promise<void>;
}

/** Reports that are judged before other work gets its turn. */
const PORTION = 256;

/**
 * Judges reports about one entropy index, filed under one epoch. Of those that came too late nothing else is asked, so
 * nothing is fetched for them.
 */
export async function judgeReports(
  { entropyIndex, epoch, packets }: { entropyIndex: number; epoch: number; packets: readonly StoredPacket[] },
  judgedAtMs: number,
  deps: JudgeReportsDeps,
): Promise<Judgement> {
  const reports: ReceivedReport[] = [];
  for (const packet of packets) {
    if (reports.length % PORTION === PORTION - 1) await deps.pause();
    reports.push(reportOf(packet));
  }
  const { parameters, rules } = inForce(epoch, deps);
  const context = await contextFor({ entropyIndex, epoch, reports }, parameters, deps);
  const receivedAtMs = new Map(packets.map((packet) => [packet.id, packet.receivedAtMs]));
  const all: Judgement = { verdicts: [], proven: [], contacts: [] };
  let sincePause = 0;
  for (const group of groupReports(reports)) {
    const { verdicts, proven, contacts } = judgeGroup(group, context, rules);
    for (const verdict of verdicts) {
      const ofReport = receivedAtMs.get(verdict.packetId) ?? judgedAtMs;
      all.verdicts.push({ ...verdict, epoch, entropyIndex, judgedAtMs, receivedAtMs: ofReport });
    }
    if (proven !== undefined) all.proven.push({ ...proven, epoch, entropyIndex });
    for (const contact of contacts) all.contacts.push({ ...contact, epoch });
    sincePause += verdicts.length;
    if (sincePause < PORTION) continue;
    sincePause = 0;
    await deps.pause();
  }
  return all;
}

/** @throws {RangeError} if this program does not have the epoch's rules */
function inForce(epoch: number, { parameters: log }: Pick<JudgeReportsDeps, "parameters">) {
  const { parameters, rules } = log.inForce(epoch);
  if (!rules.ok) throw new RangeError(`Cannot judge epoch ${epoch}: ${rules.problem}`);
  return { parameters, rules: rules.rules.rules };
}

async function contextFor(
  { entropyIndex, epoch, reports }: ReportsOfIndex,
  inForce: NetworkParameters,
  { registry, denials, store, chains }: JudgeReportsDeps,
): Promise<JudgingContext> {
  const timely = reports.filter((report) => isTimely(report, inForce));
  const hotspotsById = (ids: Iterable<string>) => registry.hotspotsById(ids, epoch);
  const hotspots = await hotspotsById(timely.map(({ hotspotId }) => hotspotId));
  const asOfEpoch = { parameters: inForce, hotspots, hotspotsById, denials: denials.inForce(epoch) };
  const facts = { ...asOfEpoch, chains };
  return judgingContextOf({ entropyIndex, epoch, reports: timely }, facts, store);
}
