import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { errorSchema, failure } from "../errors.ts";
import type { EventFeed } from "../event-feed.ts";
import { eventStream } from "../event-stream.ts";
import { json } from "../schemas/common.ts";

/** Each costs a socket and up to `MAX_QUEUED_CHUNKS` messages. */
const MAX_FOLLOWERS = 500;

const events = createRoute({
  method: "get",
  path: "/api/v1/events",
  operationId: "followEvents",
  summary: "What happens, as it happens (server-sent events)",
  description:
    "Events: hello, heartbeat (every 15 s), entropy, hotspot (came or went), verdicts (a period was judged), epoch (closed). A follower that falls far behind is disconnected.",
  tags: ["network"],
  responses: {
    200: { description: "An endless stream", content: { "text/event-stream": { schema: z.string() } } },
    503: json("Too many followers", errorSchema),
  },
});

export function eventRoutes(app: OpenAPIHono, context: RouteContext, feed: EventFeed): void {
  app.openAPIRegistry.registerPath(events);
  app.get(events.path, (c) => {
    if (feed.followers >= MAX_FOLLOWERS) {
      return c.json(failure("too_many_followers", `${MAX_FOLLOWERS} follow already; try again later`), 503);
    }
    const signals = context.signal === undefined ? [] : [context.signal];
    const signal = AbortSignal.any([c.req.raw.signal, ...signals]);
    c.header("Content-Type", "text/event-stream; charset=utf-8");
    c.header("Cache-Control", "no-store");
    // nginx would otherwise collect events before it passes them on.
    c.header("X-Accel-Buffering", "no");
    return c.body(eventStream(feed, context.clock, signal));
  });
}
