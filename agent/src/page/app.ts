import type { Clock } from "@earshot/protocol";
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
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

/** The technician's page: `/` for people, `/status.json` for programs. Read only. */
export function createPage(board: StatusBoard, clock: Clock): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  });
  app.get("/", (c) => {
    const status = board.snapshot(clock.now());
    return c.html(view(status, assess(status)));
  });
  app.get("/status.json", (c) => {
    const status = board.snapshot(clock.now());
    const document: StatusDocument = { ...status, ...assess(status) };
    return c.json(document);
  });
  return app;
}
