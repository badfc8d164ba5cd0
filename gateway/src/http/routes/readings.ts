import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { CLOCK_AHEAD_MS, QUALITY_WINDOW_MS, QualityBoard } from "../../readings/quality-board.ts";
import type { StoredReading } from "../../store/records.ts";
import type { RouteContext } from "../context.ts";
import { failure } from "../errors.ts";
import { seriesViews, sourceView } from "../reading-views.ts";
import { invalid, json, missing } from "../schemas/common.ts";
import { readingSeriesSchema, readingSourcesSchema, seriesQuery, sourceText } from "../schemas/reading.ts";
import { hotspotParams, unknownHotspot } from "./hotspots.ts";

const DEFAULT_RANGE_MS = 24 * 3_600_000;
const DEFAULT_LIMIT = 500;

const sources = createRoute({
  method: "get",
  path: "/api/v1/hotspots/{id}/readings",
  operationId: "listReadingSources",
  summary: "What each device of a hotspot measured last, and how far that can be relied on",
  description: "Scored over the last 48 h from the signed reading packets alone; the README has the formula.",
  tags: ["readings"],
  request: { params: hotspotParams },
  responses: { 200: json("The devices, by name", readingSourcesSchema), ...invalid, ...missing },
});

const series = createRoute({
  method: "get",
  path: "/api/v1/hotspots/{id}/readings/{source}",
  operationId: "getReadingSeries",
  summary: "What one device measured over a range of time: smallest, mean and largest of each period",
  tags: ["readings"],
  request: { params: hotspotParams.extend({ source: sourceText }), query: seriesQuery },
  responses: { 200: json("One series for each quantity", readingSeriesSchema), ...invalid, ...missing },
});

const unknownSource = (source: string) =>
  failure("unknown_source", `The hotspot has sent no reading of ${source}`, {
    parameter: "source",
    value: source,
    allowed: "a device that it has sent readings of: GET /api/v1/hotspots/{id}/readings lists them",
  });

const endsBefore = (fromMs: number, toMs: number) =>
  failure("invalid_parameter", `from is ${fromMs}; allowed is: a time up to the end of the range, ${toMs}`, {
    parameter: "from",
    value: String(fromMs),
    allowed: `a time up to the end of the range, ${toMs}`,
  });

export function readingRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, clock } = context;
  const board = new QualityBoard(context);
  app.openapi(sources, async (c) => {
    const { id } = c.req.valid("param");
    if ((await store.hotspot(id)) === undefined) return c.json(unknownHotspot(id), 404);
    const found = await board.of(id);
    const nowMs = clock.now();
    const views = found.map((source) => sourceView(source, nowMs));
    return c.json({ nowMs, hotspotId: id, windowMs: QUALITY_WINDOW_MS, sources: views }, 200);
  });
  app.openapi(series, async (c) => {
    const { id, source } = c.req.valid("param");
    if ((await store.hotspot(id)) === undefined) return c.json(unknownHotspot(id), 404);
    const { from, to, limit = DEFAULT_LIMIT } = c.req.valid("query");
    const nowMs = clock.now();
    const toMs = to ?? nowMs + CLOCK_AHEAD_MS;
    const fromMs = from ?? Math.max(0, toMs - DEFAULT_RANGE_MS);
    if (fromMs > toMs) return c.json(endsBefore(fromMs, toMs), 400);
    const found = await store.readingsOf(id, source, { fromMs, toMs, limit });
    if (found.length === 0 && !(await isKnown(id, source))) return c.json(unknownSource(source), 404);
    const range = {
      fromMs,
      toMs,
      quantities: seriesViews(found),
      earlier: earlierThan(found, fromMs, limit),
    };
    return c.json({ nowMs, hotspotId: id, source, ...range }, 200);
  });

  async function isKnown(id: string, source: string): Promise<boolean> {
    const ever = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1 };
    return (await store.readingsOf(id, source, ever)).length > 0;
  }
}

/** A full answer may have left older ones out. */
function earlierThan(found: readonly StoredReading[], fromMs: number, limit: number): number | null {
  const [oldest] = found;
  return oldest === undefined || found.length < limit || oldest.atMs <= fromMs ? null : oldest.atMs - 1;
}
