import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { failure } from "../errors.ts";
import { hotspotDetail } from "../hotspot-detail.ts";
import { hotspotIdText, invalid, json, missing, pageQuery } from "../schemas/common.ts";
import { hotspotDetailSchema, hotspotListSchema } from "../schemas/hotspot.ts";
import { verdictPageSchema } from "../schemas/verdict.ts";
import { agentOf, hotspotView } from "../views.ts";
import { nextAfter, nextVerdict, pageOf } from "./paging.ts";

export const hotspotParams = z.object({ id: hotspotIdText });

export const unknownHotspot = (id: string) =>
  failure("unknown_hotspot", `No hotspot ${id} is registered in this network`, {
    parameter: "id",
    value: id,
    allowed: "a registered hotspot: GET /api/v1/hotspots lists them",
  });

const list = createRoute({
  method: "get",
  path: "/api/v1/hotspots",
  operationId: "listHotspots",
  summary: "All registered hotspots, by ascending id",
  tags: ["hotspots"],
  request: { query: pageQuery("hotspot", 1000, 200) },
  responses: { 200: json("One page", hotspotListSchema), ...invalid },
});

const one = createRoute({
  method: "get",
  path: "/api/v1/hotspots/{id}",
  operationId: "getHotspot",
  summary: "One hotspot: status, sequence numbers, denials, earnings",
  tags: ["hotspots"],
  request: { params: hotspotParams },
  responses: { 200: json("The hotspot", hotspotDetailSchema), ...invalid, ...missing },
});

const verdicts = createRoute({
  method: "get",
  path: "/api/v1/hotspots/{id}/verdicts",
  operationId: "listHotspotVerdicts",
  summary: "What became of a hotspot's reports, newest first",
  tags: ["hotspots"],
  request: { params: hotspotParams, query: pageQuery("verdict", 200, 50) },
  responses: { 200: json("One page", verdictPageSchema), ...invalid, ...missing },
});

export function hotspotRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, clock } = context;
  app.openapi(list, async (c) => {
    const page = pageOf(c.req.valid("query"), 200);
    const hotspots = await store.hotspotPage(page);
    const ids = hotspots.map(({ id }) => id);
    const [statuses, activity] = await Promise.all([store.statuses(ids), context.activity.of(ids)]);
    const nowMs = clock.now();
    const views = hotspots.flatMap((hotspot) => {
      const recent = activity.get(hotspot.id);
      const seen = statuses.get(hotspot.id);
      const presence = { ...context.presence.of(hotspot.id, seen), ...agentOf(seen) };
      return recent === undefined ? [] : [hotspotView(hotspot, presence, recent)];
    });
    const next = nextAfter(hotspots, hotspots, page, ({ id }) => id);
    return c.json({ nowMs, hotspots: views, next }, 200);
  });
  app.openapi(one, async (c) => {
    const { id } = c.req.valid("param");
    const hotspot = await store.hotspot(id);
    if (hotspot === undefined) return c.json(unknownHotspot(id), 404);
    return c.json(await hotspotDetail(hotspot, context), 200);
  });
  app.openapi(verdicts, async (c) => {
    const { id } = c.req.valid("param");
    if ((await store.hotspot(id)) === undefined) return c.json(unknownHotspot(id), 404);
    const page = pageOf(c.req.valid("query"), 50);
    const found = await store.verdictsOfHotspot(id, page);
    const visible = context.published(found);
    const views = await context.verdictViews(visible);
    return c.json({ nowMs: clock.now(), verdicts: views, next: nextVerdict(found, visible, page) }, 200);
  });
}
