import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { healthOf } from "../health.ts";
import { gatewayFamilies } from "../metrics.ts";
import { PROMETHEUS_CONTENT_TYPE, prometheusText } from "../prometheus.ts";
import { json } from "../schemas/common.ts";
import { healthSchema } from "../schemas/network.ts";

const health = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "getHealth",
  summary: "Whether the gateway does its work",
  tags: ["operations"],
  responses: {
    200: json("The store answers and entropy is fresh", healthSchema),
    503: json("Something is wrong; `problems` says what", healthSchema),
  },
});

const metrics = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  summary: "Counters for Prometheus",
  tags: ["operations"],
  responses: {
    200: { description: "Text format 0.0.4", content: { "text/plain": { schema: z.string() } } },
  },
});

export function operationRoutes(app: OpenAPIHono, context: RouteContext, followers: () => number): void {
  app.openapi(health, async (c) => {
    const found = await healthOf(context);
    c.header("Cache-Control", "no-store");
    return c.json(found, found.ok ? 200 : 503);
  });
  app.openapi(metrics, async (c) => {
    const families = gatewayFamilies(context.metrics, await healthOf(context), followers());
    return c.text(prometheusText(families), 200, { "Content-Type": PROMETHEUS_CONTENT_TYPE });
  });
}
