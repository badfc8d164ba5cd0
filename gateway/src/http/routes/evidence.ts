import { addEdges, type EdgeEvidence, edgeLevel, hotspotName } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import type { StoredEdge } from "../../store/records.ts";
import type { RouteContext } from "../context.ts";
import { currentEpoch } from "../denial-views.ts";
import { invalid, json, missing } from "../schemas/common.ts";
import { edgesSchema, registryHistorySchema } from "../schemas/hotspot.ts";
import { changeView } from "../views.ts";
import { hotspotParams, unknownHotspot } from "./hotspots.ts";

const registry = createRoute({
  method: "get",
  path: "/api/v1/hotspots/{id}/registry",
  operationId: "listRegistryChanges",
  summary: "What was known of a hotspot from which epoch on, each change with its signed evidence",
  tags: ["hotspots"],
  request: { params: hotspotParams },
  responses: { 200: json("The changes, oldest first", registryHistorySchema), ...invalid, ...missing },
});

const edges = createRoute({
  method: "get",
  path: "/api/v1/hotspots/{id}/edges",
  operationId: "listEdges",
  summary: "Whom a hotspot validly heard and who heard it, how often and how strong, over the rolling window",
  description: "From closed epochs; the window is a parameter of the network (edgeWindowEpochs).",
  tags: ["hotspots"],
  request: { params: hotspotParams },
  responses: { 200: json("One entry for each peer", edgesSchema), ...invalid, ...missing },
});

/** What speaks for a hotspot: who signed its registration, and who hears it. */
export function evidenceRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { clock, store, versions } = context;
  app.openapi(registry, async (c) => {
    const { id } = c.req.valid("param");
    const history = await store.hotspotHistory(id);
    if (history.length === 0) return c.json(unknownHotspot(id), 404);
    return c.json({ nowMs: clock.now(), hotspotId: id, changes: history.map(changeView) }, 200);
  });
  app.openapi(edges, async (c) => {
    const { id } = c.req.valid("param");
    if ((await store.hotspot(id)) === undefined) return c.json(unknownHotspot(id), 404);
    const { edgeWindowEpochs: windowEpochs } = versions.inForce(currentEpoch(context)).parameters;
    const found = edgeViews(id, await store.edgesOf(id));
    return c.json({ nowMs: clock.now(), hotspotId: id, windowEpochs, ...found }, 200);
  });
}

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
