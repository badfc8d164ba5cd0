import { addEdges, type EdgeEvidence, edgeLevel, hotspotName } from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import type { StoredEdge } from "../store/store.ts";
import type { edgesSchema } from "./schemas/hotspot.ts";

type Edges = z.infer<typeof edgesSchema>;
type Heard = NonNullable<Edges["edges"][number]["heard"]>;

/** A hotspot's edges of several epochs as one entry for each peer, both ways; the best connected first. */
export function edgeViews(
  id: string,
  edges: readonly StoredEdge[],
): Pick<Edges, "fromEpoch" | "toEpoch" | "edges"> {
  const peers = new Map<string, { heard?: EdgeEvidence; heardBy?: EdgeEvidence }>();
  for (const edge of edges) {
    const way = edge.witness === id ? "heard" : "heardBy";
    const peer = way === "heard" ? edge.beaconer : edge.witness;
    const ways = peers.get(peer) ?? {};
    const known = ways[way];
    ways[way] = known === undefined ? edge : addEdges(known, edge);
    peers.set(peer, ways);
  }
  const total = ({ heard, heardBy }: { heard?: EdgeEvidence; heardBy?: EdgeEvidence }) =>
    (heard?.heard ?? 0) + (heardBy?.heard ?? 0);
  return {
    fromEpoch: edges[0]?.epoch ?? null,
    toEpoch: edges.at(-1)?.epoch ?? null,
    edges: [...peers]
      .sort(([a, x], [b, y]) => total(y) - total(x) || (a < b ? -1 : 1))
      .map(([peer, { heard, heardBy }]) => ({
        peer,
        peerName: hotspotName(peer),
        heard: heard === undefined ? null : heardView(heard),
        heardBy: heardBy === undefined ? null : heardView(heardBy),
      })),
  };
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

function heardView(edge: EdgeEvidence): Heard {
  const { meanDbm, deviationDb } = edgeLevel(edge);
  return {
    heard: edge.heard,
    rssiMeanDbm: tenths(meanDbm),
    rssiDeviationDb: tenths(deviationDb),
    rssiMinDbm: edge.rssiMinDbm,
    rssiMaxDbm: edge.rssiMaxDbm,
  };
}
