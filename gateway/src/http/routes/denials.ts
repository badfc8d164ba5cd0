import { publicKeyOf } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { currentEpoch, denialViews } from "../denial-views.ts";
import { type ErrorBody, errorSchema, failure } from "../errors.ts";
import { hotspotIdText, invalid, json, missing, pageQuery } from "../schemas/common.ts";
import { denialPageSchema, denialRequestSchema, denialSchema } from "../schemas/denial.ts";
import { adminResponses, adminSecurity, requireAdmin, requireJson } from "../security.ts";
import { nextAfter, pageOf } from "./paging.ts";

const list = createRoute({
  method: "get",
  path: "/api/v1/denials",
  operationId: "listDenials",
  summary: "Hotspots and edges that the network does not pay, newest first, each as signed",
  tags: ["denials"],
  request: {
    query: pageQuery("denial", 500, 100).extend({
      hotspot: hotspotIdText.optional().openapi({ description: "Only those that this hotspot is part of" }),
    }),
  },
  responses: { 200: json("One page", denialPageSchema), ...invalid },
});

const deny = createRoute({
  method: "post",
  path: "/api/v1/denials",
  operationId: "denyPayment",
  summary: "Denies payment to a hotspot, or for what two hotspots report of each other",
  description:
    "For the operator. In force from the next epoch on, so that no epoch is judged by two sets of rules; replaces an earlier denial of the same hotspot or edge.",
  tags: ["denials"],
  security: adminSecurity,
  request: { body: { required: true, content: { "application/json": { schema: denialRequestSchema } } } },
  responses: {
    201: json("Signed and published", denialSchema),
    ...invalid,
    ...adminResponses,
    409: json("The two ends are one hotspot", errorSchema),
  },
});

const revoke = createRoute({
  method: "delete",
  path: "/api/v1/denials/{hotspot}",
  operationId: "takeBackDenial",
  summary: "Ends a denial with the current epoch",
  description:
    "For the operator. The denial itself stays in the list, and in the epochs in which it was in force.",
  tags: ["denials"],
  security: adminSecurity,
  request: {
    params: z.object({ hotspot: hotspotIdText }),
    query: z.strictObject({
      peer: hotspotIdText.optional().openapi({ description: "Other end of the edge, for the denial of one" }),
    }),
  },
  responses: {
    200: json("What was signed to end it", denialSchema),
    ...invalid,
    ...missing,
    ...adminResponses,
  },
});

export function denialRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { clock, denials } = context;
  const admin = requireAdmin(context);
  app.post("/api/v1/denials", admin, requireJson);
  app.delete("/api/v1/denials/:hotspot", admin);
  app.openapi(list, async (c) => {
    const { hotspot, ...asked } = c.req.valid("query");
    const page = pageOf(asked, 100);
    const below = page.after === undefined ? Number.POSITIVE_INFINITY : Number(page.after);
    const about = denialViews(context, hotspot === undefined ? undefined : [hotspot]);
    const found = about.filter(({ position }) => position < below).slice(0, page.limit);
    const next = nextAfter(found, found, page, ({ position }) => String(position));
    return c.json({ nowMs: clock.now(), epoch: currentEpoch(context), denials: found, next }, 200);
  });
  app.openapi(deny, async (c) => {
    const { hotspot, peer, epochs, reason, evidence } = c.req.valid("json");
    if (hotspot === peer) return c.json(sameEnds(peer), 409);
    await denials.deny({ ...keysOf(hotspot, peer), reason, evidence }, epochs);
    return c.json(newestOf(context), 201);
  });
  app.openapi(revoke, async (c) => {
    const { hotspot } = c.req.valid("param");
    const { peer = null } = c.req.valid("query");
    if ((await denials.revoke(keysOf(hotspot, peer))) !== undefined) return c.json(newestOf(context), 200);
    return c.json(notDenied(hotspot), 404);
  });
}

function newestOf(context: RouteContext) {
  const [newest] = denialViews(context);
  if (newest === undefined) throw new TypeError("A denial was signed, but is not there");
  return newest;
}

function keysOf(hotspot: string, peer: string | null) {
  const key = publicKeyOf(hotspot);
  const other = peer === null ? null : publicKeyOf(peer);
  if (key === undefined || other === undefined) throw new TypeError(`${hotspot} passed validation`);
  return { hotspot: key, peer: other };
}

const sameEnds = (peer: string): ErrorBody =>
  failure("same_hotspot", "peer is the hotspot itself", {
    parameter: "peer",
    value: peer,
    allowed: "another hotspot, or none",
  });

const notDenied = (hotspot: string): ErrorBody =>
  failure("not_denied", `No denial of ${hotspot} is in force after the current epoch`, {
    parameter: "hotspot",
    value: hotspot,
    allowed: "what GET /api/v1/denials lists as waiting or in_force",
  });
