import { ContactHistory, type ContactKind, type LatestContacts } from "./contacts.ts";
import { type EpochInputs, epochContext } from "./epoch-context.ts";
import { groupReports, isReport } from "./group.ts";
import { judgeGroup } from "./judge.ts";
import type { ProvenBeacon } from "./proven-beacon.ts";
import type { RuleLists } from "./rule-lists.ts";
import type { ReceivedPacket, Verdict } from "./types.ts";

export interface EpochJudgement {
  /** Sorted by packet id. */
  verdicts: Verdict[];
  /** Sorted by beacon key. */
  proven: ProvenBeacon[];
  /** Latest contacts after the epoch, per hotspot in order of id: for the epochs that follow. */
  contacts: Map<string, LatestContacts>;
}

/** Judges a whole epoch from its inputs alone, by the rules of a set. */
export function judgeEpoch(inputs: EpochInputs, rules: RuleLists): EpochJudgement {
  const packets = unique(inputs.packets);
  const history = new ContactHistory(inputs.contactsBefore);
  const contact = (id: string, kind: ContactKind, index: number) => history.latestBefore(id, kind, index);
  const judging = epochContext(inputs, packets, contact);
  // In order of index: a group's key begins with it.
  const judgements = groupReports(packets.filter(isReport)).map((group) => {
    const judgement = judgeGroup(group, judging, rules);
    for (const made of judgement.contacts) history.add(made);
    return judgement;
  });
  return {
    verdicts: judgements
      .flatMap((judgement) => judgement.verdicts)
      .sort((a, b) => (a.packetId < b.packetId ? -1 : 1)),
    proven: judgements.flatMap(({ proven }) => (proven === undefined ? [] : [proven])),
    contacts: history.latest(),
  };
}

/** A packet that arrived twice counts once, as received when it came first. */
function unique(packets: readonly ReceivedPacket[]): ReceivedPacket[] {
  const first = new Map<string, ReceivedPacket>();
  for (const packet of packets) {
    const known = first.get(packet.id);
    if (known === undefined || packet.receivedAtMs < known.receivedAtMs) first.set(packet.id, packet);
  }
  return [...first.values()];
}
