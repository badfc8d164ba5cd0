import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono } from "hono";
import { PAGE_FILES } from "../page/files.ts";
import { noneMatchFits } from "./conditional-requests.ts";
import { routeContext } from "./context.ts";
import type { AppDeps } from "./deps.ts";
import { handleErrors, refuseInvalid } from "./errors.ts";
import { EventFeed } from "./event-feed.ts";
import { ResponseCache } from "./response-cache.ts";
import { beaconRoutes } from "./routes/beacons.ts";
import { bundleRoutes } from "./routes/bundles.ts";
import { denialRoutes } from "./routes/denials.ts";
import { epochRoutes } from "./routes/epochs.ts";
import { eventRoutes } from "./routes/events.ts";
import { evidenceRoutes } from "./routes/evidence.ts";
import { hotspotRoutes } from "./routes/hotspots.ts";
import { indexRootRoutes } from "./routes/index-roots.ts";
import { keyChangeRoutes } from "./routes/key-changes.ts";
import { logRoutes } from "./routes/log.ts";
import { mapRoutes } from "./routes/map.ts";
import { mqttAccessRoutes } from "./routes/mqtt-access.ts";
import { keyRoutes, networkRoutes, parameterRoutes } from "./routes/network.ts";
import { operationRoutes } from "./routes/operations.ts";
import { readingRoutes } from "./routes/readings.ts";
import { registrationRoutes } from "./routes/registration.ts";
import { protect } from "./security.ts";

const OPENAPI_PATH = "/api/v1/openapi.json";

/** API, health, metrics and fleet page. Answers requests; opens no port and starts no work of its own. */
export function createApp(deps: AppDeps): Hono {
  const app = new OpenAPIHono({ defaultHook: refuseInvalid, strict: false });
  const context = routeContext(deps);
  const feed = new EventFeed(deps);
  protect(app);
  const cache = new ResponseCache(deps);
  for (const path of ["/api/v1/*", "/log/*"]) app.use(path, cache.middleware);
  handleErrors(app, deps.log);
  operationRoutes(app, context, () => feed.followers);
  networkRoutes(app, context);
  parameterRoutes(app, context);
  keyRoutes(app, context);
  hotspotRoutes(app, context);
  evidenceRoutes(app, context);
  readingRoutes(app, context);
  registrationRoutes(app, context);
  keyChangeRoutes(app, context);
  denialRoutes(app, context);
  beaconRoutes(app, context);
  epochRoutes(app, context);
  bundleRoutes(app, context);
  logRoutes(app, context);
  indexRootRoutes(app, context);
  mapRoutes(app, context);
  eventRoutes(app, context, feed);
  mqttAccessRoutes(app, context);
  pageRoutes(app);
  const about = {
    openapi: "3.1.0",
    info: {
      title: "Earshot gateway",
      version: "1",
      description:
        "Hotspots, judged beacons and paid epochs of one network. Nothing about a beacon is published before its report deadline has passed.",
      license: { name: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
  };
  // Made once: it takes as long as a hundred answers.
  let document: ReturnType<typeof app.getOpenAPI31Document> | undefined;
  app.get(OPENAPI_PATH, (c) => {
    document ??= app.getOpenAPI31Document(about);
    return c.json(document);
  });
  return app as unknown as Hono;
}

/** The fleet page: files that are part of the program, so that it needs neither a folder nor the internet. */
function pageRoutes(app: OpenAPIHono): void {
  for (const [path, { type, text }] of Object.entries(PAGE_FILES)) {
    const etag = `"${new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 32)}"`;
    app.get(path, (c) => {
      c.header("ETag", etag);
      c.header("Cache-Control", "no-cache");
      if (noneMatchFits(c.req.header("if-none-match"), etag)) return c.body(null, 304);
      return c.body(text, 200, { "Content-Type": type, "Content-Length": String(Buffer.byteLength(text)) });
    });
  }
}
