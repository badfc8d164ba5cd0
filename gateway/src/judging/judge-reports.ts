import { groupReports, type JudgingWorld, judgeGroup, verifySignature } from "@earshot/protocol";
import type { DenialLog } from "../denials/denial-log.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Registry } from "../registry/registry.ts";
import type { Store, StoredBeacon, StoredContact, StoredPacket, StoredVerdict } from "../store/store.ts";
import { reportOf, worldOf } from "./world.ts";

/** A verdict, and when the report came. */
export interface JudgedReport extends StoredVerdict {
  receivedAtMs: number;
}

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
  /** Where signatures are checked elsewhere. */
  holds?: JudgingWorld["holds"];
}

/** Judges reports about one entropy index, filed under one epoch. */
export async function judgeReports(
  { entropyIndex, epoch, packets }: { entropyIndex: number; epoch: number; packets: readonly StoredPacket[] },
  judgedAtMs: number,
  { parameters, registry, denials, store, holds = verifySignature }: JudgeReportsDeps,
): Promise<Judgement> {
  const reports = packets.map(reportOf);
  const facts = {
    parameters: parameters.inForce(epoch).parameters,
    hotspots: await registry.hotspotsById(
      reports.map(({ hotspotId }) => hotspotId),
      epoch,
    ),
    denials: denials.inForce(epoch),
    holds,
  };
  const world = await worldOf({ entropyIndex, epoch, reports }, facts, store);
  const receivedAtMs = new Map(packets.map((packet) => [packet.id, packet.receivedAtMs]));
  const judgements = groupReports(reports).map((group) => judgeGroup(group, world));
  return {
    verdicts: judgements.flatMap(({ verdicts }) =>
      verdicts.map((verdict) => ({
        ...verdict,
        ...{ epoch, entropyIndex, judgedAtMs },
        receivedAtMs: receivedAtMs.get(verdict.packetId) ?? judgedAtMs,
      })),
    ),
    proven: judgements.flatMap(({ proven }) =>
      proven === undefined ? [] : [{ ...proven, epoch, entropyIndex }],
    ),
    contacts: judgements.flatMap(({ contacts }) => contacts.map((contact) => ({ ...contact, epoch }))),
  };
}
