import type { EpochJudgement } from "../judging/epoch.ts";
import type { EpochInputs } from "../judging/epoch-context.ts";
import { isBeacon, isWitness, packetBeaconKey } from "../judging/group.ts";
import type { ProvenBeacon } from "../judging/proven-beacon.ts";
import type { ReceivedBeacon, ReceivedReport, ReceivedWitness, Verdict } from "../judging/types.ts";
import { isOfFrame } from "../judging/witness-context.ts";
import { denialsInForce, edgeSubject } from "../network/denial.ts";
import { entropyTimeMs } from "../time/schedule.ts";
import {
  byReceiveTime,
  type HeliumHistory,
  type HeliumJudgement,
  heliumHistory,
  judgeHeliumBeacon,
  record,
} from "./judge.ts";
import { NOT_HEARD, STALE, UNSELECTED } from "./order.ts";
import {
  expectedBeacon,
  firstReceived,
  heliumBeaconReport,
  heliumHotspot,
  heliumSettings,
  heliumWitnessReport,
} from "./packets.ts";
import type { HeliumContext, HeliumDenylist } from "./types.ts";

interface HeliumEpochJudgement extends EpochJudgement {
  /** Input for the next epoch. */
  history: HeliumHistory;
}

/**
 * Judges an epoch's packets by Helium's rules, beacon by beacon in order of entropy, receive time and id (Helium too went
 * by entropy, with races within it). Receive times decide who is paid; the order of the packets does not matter.
 * @param inputs `history` is that of the epochs before; without it nobody has beaconed or witnessed yet, so each hotspot's
 *   first beacons of the epoch are refused for reciprocity
 */
export function judgeHeliumEpoch(inputs: EpochInputs & { history?: HeliumHistory }): HeliumEpochJudgement {
  const packets = firstReceived(inputs.packets);
  const beacons = packets.filter(isBeacon).toSorted(byIndexAndReceiveTime);
  const heard = Map.groupBy(packets.filter(isWitness), packetBeaconKey);
  const values = new Map(inputs.entropy.map(({ index, value }) => [index, value]));
  const history = heliumHistory(inputs.history);
  const judging = contextOf(inputs, beacons, values, history);
  const verdicts: Verdict[] = [];
  const proven: ProvenBeacon[] = [];
  for (const beacon of beacons) {
    const value = values.get(beacon.packet.entropyIndex);
    if (value === undefined) {
      verdicts.push(verdictOf(beacon, "refused", STALE));
      continue;
    }
    const report = heliumBeaconReport(beacon, value, inputs.parameters);
    const { data } = report;
    const { own: witnesses = [], other = [] } = Object.groupBy(
      heard.get(packetBeaconKey(beacon)) ?? [],
      (witness) => (isOfFrame(witness, data) ? "own" : "other"),
    );
    heard.set(packetBeaconKey(beacon), other);
    const heardReports = witnesses.map((witness) => heliumWitnessReport(witness, data));
    const judgement = judgeHeliumBeacon(report, heardReports, judging);
    record(history, judgement);
    verdicts.push(beaconVerdict(beacon, judgement), ...witnessVerdicts(witnesses, judgement));
    proven.push(...provenBy(beacon, judgement));
  }
  for (const witness of [...heard.values()].flat()) verdicts.push(verdictOf(witness, "refused", STALE));
  return { verdicts: verdicts.sort(byPacketId), proven: proven.sort(byKey), contacts: new Map(), history };
}

const byIndexAndReceiveTime = (a: ReceivedBeacon, b: ReceivedBeacon): number =>
  a.packet.entropyIndex - b.packet.entropyIndex || byReceiveTime(a, b);
const byPacketId = (a: Verdict, b: Verdict): number => (a.packetId < b.packetId ? -1 : 1);
const byKey = (a: ProvenBeacon, b: ProvenBeacon): number =>
  a.beaconKey < b.beaconKey ? -1 : a.beaconKey > b.beaconKey ? 1 : 0;

function contextOf(
  inputs: EpochInputs,
  beacons: readonly ReceivedBeacon[],
  values: ReadonlyMap<number, Uint8Array>,
  history: HeliumHistory,
): HeliumContext {
  const { parameters } = inputs;
  const hotspots = new Map(inputs.hotspots.map((hotspot) => [hotspot.id, hotspot]));
  const beaconOf = new Map(beacons.map((beacon) => [beacon.id, beacon]));
  return {
    settings: heliumSettings(parameters),
    denylist: denylistOf(inputs),
    hotspot(key) {
      const hotspot = hotspots.get(key);
      return hotspot && heliumHotspot(hotspot, parameters);
    },
    entropyTimeMs: ({ id }) => entropyTimeMs(beaconOf.get(id)?.packet.entropyIndex ?? 0, parameters),
    expectedBeacon({ id, hotspotKey }) {
      const [beacon, hotspot] = [beaconOf.get(id), hotspots.get(hotspotKey)];
      const entropy = beacon && values.get(beacon.packet.entropyIndex);
      return beacon && hotspot && entropy && expectedBeacon(beacon, entropy, parameters, hotspot.region);
    },
    lastBeaconMs: (key) => history.lastBeaconMs.get(key),
    lastWitnessedBeaconMs: (key) => history.lastWitnessedBeaconMs.get(key),
    lastWitnessMs: (key) => history.lastWitnessMs.get(key),
  };
}

/** Denials in force. Unlike Helium's, an empty list denies nobody: it cannot have failed to load. */
function denylistOf({ denials, epoch, hotspots }: EpochInputs): HeliumDenylist {
  const inForce = denialsInForce(denials, epoch);
  const keys = new Map(hotspots.map(({ id, publicKey }) => [id, publicKey]));
  return {
    deniesHotspot(id) {
      const key = keys.get(id);
      return key !== undefined && inForce.has(key.toHex());
    },
    deniesEdge(a, b) {
      const [from, to] = [keys.get(a), keys.get(b)];
      return from !== undefined && to !== undefined && inForce.has(edgeSubject(from, to));
    },
  };
}

function beaconVerdict(beacon: ReceivedBeacon, { invalid, witnesses }: HeliumJudgement): Verdict {
  if (invalid !== undefined) return verdictOf(beacon, "refused", invalid.reason, invalid.measurements);
  const isPaid = witnesses.some(({ status }) => status === "selected");
  return isPaid ? verdictOf(beacon, "paid", "ok") : verdictOf(beacon, "unpaid", NOT_HEARD);
}

function witnessVerdicts(received: readonly ReceivedWitness[], { witnesses }: HeliumJudgement): Verdict[] {
  const byId = new Map(received.map((witness) => [witness.id, witness]));
  return witnesses.flatMap(({ report, status, invalid, side }) => {
    const witness = byId.get(report.id);
    if (witness === undefined) return [];
    if (status === "selected") return [verdictOf(witness, "paid", "ok")];
    if (status === "unselected") return [verdictOf(witness, "unpaid", UNSELECTED)];
    const blame = side === "beaconer" ? [{ name: "byBeaconer", value: 1 }] : [];
    return [
      verdictOf(witness, "refused", invalid?.reason ?? "", [...(invalid?.measurements ?? []), ...blame]),
    ];
  });
}

function provenBy(beacon: ReceivedBeacon, { witnesses }: HeliumJudgement): ProvenBeacon[] {
  const paid = witnesses.filter(({ status }) => status === "selected");
  if (paid.length === 0) return [];
  const names = paid.map(({ report }) => report.hotspotKey).sort();
  return [{ beaconKey: packetBeaconKey(beacon), beaconer: beacon.hotspotId, witnesses: names }];
}

const verdictOf = (
  report: ReceivedReport,
  outcome: Verdict["outcome"],
  reason: string,
  measurements: Verdict["measurements"] = [],
): Verdict => ({
  packetId: report.id,
  hotspotId: report.hotspotId,
  beaconKey: packetBeaconKey(report),
  type: report.packet.type,
  outcome,
  reason,
  measurements,
});
