import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { currentEpoch } from "../denial-views.ts";
import { edgeViews } from "../edge-views.ts";
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
