import type { Clock } from "@earshot/protocol/hotspot";
import { Hono } from "hono";
import type { AgentStatus } from "../board/facts.ts";
import type { StatusBoard } from "../board/status-board.ts";
import { type Assessment, assess } from "../health/assess.ts";
import { view } from "./view.ts";

/** What `/status.json` answers. */
export type StatusDocument = AgentStatus & Assessment;

const HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  // Nothing is loaded and no script runs, whatever a device or a broker put into a text.
  "Content-Security-Policy":
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Frame-Options": "DENY",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/**
 * The technician's page: `/` for people, `/status.json` for programs. Read only.
 *
 * @param isOwnName whether a Host header names this machine; others get nothing
 */
export function createPage(board: StatusBoard, clock: Clock, isOwnName: (host: string) => boolean): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const why = refusalOf(c.req.header("host"), c.req.header("origin"), isOwnName);
    if (why === undefined) await next();
    else c.res = c.text(why, 421);
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  });
  app.get("/", (c) => {
    const status = board.snapshot(clock);
    return c.html(view(status, assess(status)));
  });
  app.get("/status.json", (c) => {
    const status = board.snapshot(clock);
    const document: StatusDocument = { ...status, ...assess(status) };
    return c.json(document);
  });
  return app;
}

/** A browser sends both of any web page; what runs on this machine or asks by its name may see it. */
function refusalOf(
  host: string | undefined,
  origin: string | undefined,
  isOwnName: (host: string) => boolean,
): string | undefined {
  if (host !== undefined && !isOwnName(host)) {
    return `This page does not answer to ${JSON.stringify(host.slice(0, 100))}: use this machine's address or host name, or add the name to [page] names\n`;
  }
  if (origin !== undefined && origin !== `http://${host}`) return "This page answers no other web page\n";
  return undefined;
}
