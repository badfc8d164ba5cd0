import { expect, test } from "bun:test";
import { testApp } from "../testing/test-app.ts";

test("the page and its parts are served with their types and can be kept", async () => {
  await using t = await testApp();
  const types = {
    "/": "text/html",
    "/main.js": "text/javascript",
    "/base.css": "text/css",
    "/icon.svg": "image/svg",
  };
  for (const [path, type] of Object.entries(types)) {
    const response = await t.app.request(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith(type);
    const etag = response.headers.get("etag") ?? "";
    const again = await t.app.request(path, { headers: { "if-none-match": etag } });
    expect(again.status).toBe(304);
    const other = await t.app.request(path, { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  }
});
