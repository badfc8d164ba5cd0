import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { errorSchema } from "../errors.ts";
import { healthOf } from "../health.ts";
import { gatewayFamilies, PROMETHEUS_CONTENT_TYPE, prometheusText } from "../prometheus.ts";
import { json } from "../schemas/common.ts";
import { healthSchema } from "../schemas/network.ts";
import { askForToken, isBearer } from "../security.ts";

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
  description: "Not served where the operator has switched them off.",
  tags: ["operations"],
  responses: {
    200: { description: "Text format 0.0.4", content: { "text/plain": { schema: z.string() } } },
    401: json("The metrics token is missing or wrong", errorSchema),
  },
});

export function operationRoutes(app: OpenAPIHono, context: RouteContext, followers: () => number): void {
  app.openapi(health, async (c) => {
    const found = await healthOf(context);
    c.header("Cache-Control", "no-store");
    return c.json(found, found.ok ? 200 : 503);
  });
  const { metricsAccess: access } = context;
  if (access === "off") return;
  app.openapi(metrics, async (c) => {
    if (typeof access === "object" && !isBearer(c.req.header("authorization"), access.token)) {
      return askForToken(c);
    }
    const families = gatewayFamilies(context.metrics, await healthOf(context), followers());
    return c.text(prometheusText(families), 200, { "Content-Type": PROMETHEUS_CONTENT_TYPE });
  });
}
