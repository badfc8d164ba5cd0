import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { errorSchema, failure } from "../errors.ts";
import type { EventFeed } from "../event-feed.ts";
import { eventStream } from "../event-stream.ts";
import { json } from "../schemas/common.ts";
import type { RequestEnvironment } from "../serve.ts";

/** Each costs a connection and up to `MAX_QUEUED_CHUNKS` messages. */
const MAX_STREAMS = 500;
/** Of one address: a few people with a few tabs each. */
export const MAX_STREAMS_PER_CLIENT = 16;

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
    429: json("Too many from one address", errorSchema),
    503: json("Too many in all", errorSchema),
  },
});

export function eventRoutes(app: OpenAPIHono, context: RouteContext, feed: EventFeed): void {
  const { clock, maxEventStreams = MAX_STREAMS, signal: stopped } = context;
  const ofClient = new Map<string, number>();
  app.openAPIRegistry.registerPath(events);
  app.get(events.path, (c) => {
    if (feed.followers >= maxEventStreams) {
      return c.json(failure("too_many_followers", `${maxEventStreams} follow already; try again later`), 503);
    }
    const { clientGroup: client } = (c.env ?? {}) as Partial<RequestEnvironment>;
    const count = client === undefined ? 0 : (ofClient.get(client) ?? 0);
    if (count >= MAX_STREAMS_PER_CLIENT) {
      const message = `${MAX_STREAMS_PER_CLIENT} event streams are open from this address; close one`;
      return c.json(failure("too_many_streams", message), 429);
    }
    const signals = stopped === undefined ? [] : [stopped];
    const signal = AbortSignal.any([c.req.raw.signal, ...signals]);
    c.header("Content-Type", "text/event-stream; charset=utf-8");
    c.header("Cache-Control", "no-store");
    // nginx would otherwise collect events before it passes them on.
    c.header("X-Accel-Buffering", "no");
    if (c.req.method === "HEAD") return c.body(null);
    if (client !== undefined) ofClient.set(client, count + 1);
    return c.body(eventStream(feed, { clock, signal, onEnd: () => leave(client) }));
  });

  function leave(client: string | undefined): void {
    if (client === undefined) return;
    const left = (ofClient.get(client) ?? 0) - 1;
    if (left > 0) ofClient.set(client, left);
    else ofClient.delete(client);
  }
}
