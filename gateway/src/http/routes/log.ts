import { parseTilePath } from "@earshot/protocol/tlog";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cors } from "hono/cors";
import type { LogKind } from "../../store/records.ts";
import type { RouteContext } from "../context.ts";
import { failure } from "../errors.ts";

/** What never changes may be kept for ever. */
const FOR_EVER = "public, max-age=31536000, immutable";
const TEXT = "text/plain; charset=utf-8";

/** Entries that a proof can be asked for, by their name in the address. */
const PROVEN: Readonly<Record<string, LogKind>> = {
  entropy: "entropy",
  "index-root": "index",
  manifest: "manifest",
};

/**
 * The network's log, as c2sp.org/tlog-tiles describes it: outside of /api, since other programs read it too. Beside it
 * the proofs of its numbered entries (c2sp.org/tlog-proof).
 */
export function logRoutes(app: OpenAPIHono, { publicLog }: RouteContext): void {
  app.use("/log/*", cors({ origin: "*", allowMethods: ["GET", "HEAD"], allowHeaders: [], maxAge: 3600 }));
  app.get("/log/checkpoint", (c) => {
    const { checkpoint } = publicLog;
    c.header("Cache-Control", "no-cache");
    return checkpoint === undefined ? c.json(notYet, 404) : c.body(checkpoint, 200, { "Content-Type": TEXT });
  });
  app.get("/log/key", (c) => {
    c.header("Cache-Control", "no-cache");
    return c.body(`${publicLog.verifierKeys.join("\n")}\n`, 200, { "Content-Type": TEXT });
  });
  app.get("/log/tile/*", async (c) => {
    const name = parseTilePath(c.req.path.slice("/log/".length));
    const bytes = name && (await publicLog.tile(name));
    if (bytes === undefined)
      return missing(c, "tile/LEVEL/N or tile/entries/N, with .p/WIDTH where it is partial");
    c.header("Cache-Control", FOR_EVER);
    return c.body(new Uint8Array(bytes), 200, { "Content-Type": "application/octet-stream" });
  });
  app.get("/log/proof/:kind/:number", async (c) => {
    const { kind, number } = c.req.param();
    const known = Object.hasOwn(PROVEN, kind) ? PROVEN[kind] : undefined;
    const isNumber = /^\d{1,10}$/.test(number);
    const proof = known && isNumber ? await publicLog.prove(known, Number(number)) : undefined;
    if (proof === undefined)
      return missing(c, `${Object.keys(PROVEN).join(", ")}, and a number that is logged`);
    // A later checkpoint has more cosignatures.
    c.header("Cache-Control", "no-cache");
    return c.body(proof, 200, { "Content-Type": TEXT });
  });
}

const notYet = failure("no_checkpoint", "The log has no checkpoint yet");

const missing = (c: Context, allowed: string) =>
  c.json(failure("not_in_the_log", `There is no ${c.req.path} in the log`, { allowed }), 404);
