import type { OpenAPIHono } from "@hono/zod-openapi";
import { PAGE_FILES } from "../../page/files.ts";
import { noneMatchFits } from "../conditional-requests.ts";

/** The fleet page: files that are part of the program, so that it needs neither a folder nor the internet. */
export function pageRoutes(app: OpenAPIHono): void {
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
