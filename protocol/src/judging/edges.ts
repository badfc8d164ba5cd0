import { packetBeaconKey } from "./group.ts";
import type { ReceivedReport, Verdict } from "./types.ts";

/**
 * What one hotspot validly heard of another in one epoch, for checks of the graph later: how often, and how far the
 * levels spread. Counts and sums, so that epochs can be added.
 */
export interface EdgeEvidence {
  beaconer: string;
  witness: string;
  /** Beacons of the beaconer that the witness validly heard. */
  heard: number;
  /** Sum and sum of squares of the RSSI in dBm. */
  rssiSumDbm: number;
  rssiSumSquares: number;
  rssiMinDbm: number;
  rssiMaxDbm: number;
}

/** Edges of an epoch, in order of beaconer, then witness: of every witness report that no rule refused. */
export function edgesOfEpoch(
  reports: readonly ReceivedReport[],
  verdicts: readonly Pick<Verdict, "packetId" | "outcome">[],
): EdgeEvidence[] {
  const refused = new Set(
    verdicts.filter(({ outcome }) => outcome === "refused").map(({ packetId }) => packetId),
  );
  const beaconers = new Map<string, string>();
  for (const report of reports) {
    if (report.packet.type === "beacon" && !refused.has(report.id)) {
      beaconers.set(packetBeaconKey(report), report.hotspotId);
    }
  }
  const edges = new Map<string, EdgeEvidence>();
  for (const report of reports) {
    const beaconer = beaconers.get(packetBeaconKey(report));
    if (report.packet.type !== "witness" || refused.has(report.id) || beaconer === undefined) continue;
    const key = `${beaconer} ${report.hotspotId}`;
    const heard = levelOf(beaconer, report.hotspotId, report.packet.rssiDbm);
    const known = edges.get(key);
    edges.set(key, known === undefined ? heard : addEdges(known, heard));
  }
  return [...edges].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, edge]) => edge);
}

/** The sum of the same edge over two times. */
export const addEdges = (a: EdgeEvidence, b: EdgeEvidence): EdgeEvidence => ({
  beaconer: a.beaconer,
  witness: a.witness,
  heard: a.heard + b.heard,
  rssiSumDbm: a.rssiSumDbm + b.rssiSumDbm,
  rssiSumSquares: a.rssiSumSquares + b.rssiSumSquares,
  rssiMinDbm: Math.min(a.rssiMinDbm, b.rssiMinDbm),
  rssiMaxDbm: Math.max(a.rssiMaxDbm, b.rssiMaxDbm),
});

/** Mean and standard deviation of an edge's RSSI. */
export function edgeLevel({ heard, rssiSumDbm, rssiSumSquares }: EdgeEvidence): {
  meanDbm: number;
  deviationDb: number;
} {
  const meanDbm = rssiSumDbm / heard;
  return { meanDbm, deviationDb: Math.sqrt(Math.max(0, rssiSumSquares / heard - meanDbm * meanDbm)) };
}

const levelOf = (beaconer: string, witness: string, rssiDbm: number): EdgeEvidence => ({
  beaconer,
  witness,
  heard: 1,
  rssiSumDbm: rssiDbm,
  rssiSumSquares: rssiDbm * rssiDbm,
  rssiMinDbm: rssiDbm,
  rssiMaxDbm: rssiDbm,
});
