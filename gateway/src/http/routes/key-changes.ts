import { epochSpanMs } from "@earshot/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { errorSchema, failure } from "../errors.ts";
import { invalid, json } from "../schemas/common.ts";
import { keyChangeRequestSchema, keyChangeSchema } from "../schemas/hotspot.ts";
import { requireJson } from "../security.ts";

const change = createRoute({
  method: "post",
  path: "/api/v1/key-changes",
  operationId: "changeHotspotKey",
  summary: "Takes in that a hotspot's key was replaced by another, or revoked",
  description:
    "From anybody: the message is signed by the key that it is about, and by the one that takes its place (`earshot-agent key` makes it, without a network if need be). It counts from the next epoch on, and for ever.",
  tags: ["hotspots"],
  request: { body: { required: true, content: { "application/json": { schema: keyChangeRequestSchema } } } },
  responses: {
    201: json("Taken in", keyChangeSchema),
    ...invalid,
    403: json("This gateway takes no changes of keys", errorSchema),
    409: json("The message changes nothing", errorSchema),
    413: json("The body is too large", errorSchema),
    415: json("The body is not application/json", errorSchema),
  },
});

export function keyChangeRoutes(app: OpenAPIHono, { changeKey, parameters }: RouteContext): void {
  app.post("/api/v1/key-changes", requireJson);
  app.openapi(change, async (c) => {
    const { message } = c.req.valid("json");
    if (changeKey === undefined)
      return c.json(failure("read_only", "This gateway takes no changes of keys"), 403);
    const changed = await changeKey(Uint8Array.fromBase64(message));
    if (!changed.ok) return c.json(failure(changed.code, changed.message), 409);
    const { hotspotId, successor, fromEpoch } = changed;
    const { fromMs } = epochSpanMs(fromEpoch, parameters);
    return c.json({ hotspotId, successor, fromEpoch, fromMs }, 201);
  });
}
