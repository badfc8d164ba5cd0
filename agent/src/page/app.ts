import type { Clock } from "@earshot/protocol/hotspot";
import { Hono } from "hono";
import type { AgentStatus } from "../board/agent-status.ts";
import type { StartStatus } from "../board/start-board.ts";
import type { StatusBoard } from "../board/status-board.ts";
import { type Assessment, assess } from "../health/assess.ts";
import { refusalOf } from "./allowed-hosts.ts";
import { startPage, statusPage } from "./page-html.ts";

/** What `/status.json` answers. */
export type StatusDocument = AgentStatus & Assessment;

/** What it answers before the agent runs: parts too, but few facts. */
export type StartDocument = StartStatus & Assessment;

/** Gives what the page shows now. */
export type PageSource = () => StatusDocument | StartDocument;

/** The page of a running agent, from its board. */
export const boardSource =
  (board: StatusBoard, clock: Clock): PageSource =>
  () => {
    const status = board.snapshot(clock);
    return { ...status, ...assess(status) };
  };

export const isRunning = (document: StatusDocument | StartDocument): document is StatusDocument =>
  "radio" in document;

const HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  // Nothing is loaded and no script runs, whatever text a device or a broker sends.
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
 * @param isOwnName whether a Host header names this machine; requests with another are refused
 */
export function createPage(source: PageSource, isOwnName: (host: string) => boolean): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const why = refusalOf(c.req.header("host"), c.req.header("origin"), isOwnName);
    if (why === undefined) await next();
    else c.res = c.text(why, 421);
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
  });
  app.get("/", (c) => {
    const document = source();
    return c.html(isRunning(document) ? statusPage(document, document) : startPage(document));
  });
  app.get("/status.json", (c) => c.json(source()));
  return app;
}
