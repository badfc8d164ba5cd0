import { expect, test } from "bun:test";
import { testApp } from "../testing/test-app.ts";
import { isBearer } from "./security.ts";

test("every answer carries the headers that keep a browser from harm", async () => {
  await using t = await testApp();
  for (const path of ["/", "/api/v1/network", "/api/v1/nothing", "/metrics"]) {
    const { headers } = await t.app.request(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|http/);
  }
});

test("other pages may read the API and nothing more", async () => {
  await using t = await testApp();
  const origin = { origin: "https://elsewhere.example" };
  const read = await t.app.request("/api/v1/network", { headers: origin });
  expect(read.headers.get("access-control-allow-origin")).toBe("*");
  expect(read.headers.get("access-control-allow-credentials")).toBeNull();
  const preflight = await t.app.request("/api/v1/hotspots", {
    method: "OPTIONS",
    headers: { ...origin, "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-methods")).toBe("GET,HEAD");
  const page = await t.app.request("/", { headers: origin });
  expect(page.headers.get("access-control-allow-origin")).toBeNull();
});

test("a bearer token is compared whole", () => {
  expect(isBearer("Bearer abc", "abc")).toBe(true);
  for (const header of [
    undefined,
    "",
    "abc",
    "Bearer",
    "Bearer ",
    "bearer abc",
    "Bearer ab",
    "Bearer abcd",
  ]) {
    expect(isBearer(header, "abc")).toBe(false);
  }
  expect(isBearer("Bearer ", "")).toBe(false);
});
