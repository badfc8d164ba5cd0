import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { type TestApp, testApp } from "../testing/test-app.ts";

let t: TestApp;
beforeAll(async () => {
  t = await testApp();
});
afterAll(() => t[Symbol.asyncDispose]());

test("a wrong parameter is named with its value and what is allowed", async () => {
  const id = t.fleet.members[0]?.hotspot.id;
  const cases: [string, string, string, string][] = [
    ["hotspots?limit=0", "limit", '"0"', "a whole number from 1 to 1000"],
    ["hotspots?limit=1e2", "limit", '"1e2"', "a whole number from 1 to 1000"],
    ["hotspots?after=x", "after", '"x"', "the `next` of the page before"],
    ["hotspots?colour=red", "colour", '"red"', "no such parameter"],
    ["hotspots/nobody", "id", '"nobody"', "a hotspot id: z6Mk and 44 more base58 characters"],
    [`hotspots/${id}/verdicts?limit=201`, "limit", '"201"', "a whole number from 1 to 200"],
    [`hotspots/${id}/verdicts?after=1.2`, "after", '"1.2"', "the `next` of the page before"],
    ["beacons/XYZ", "key", '"XYZ"', "24 lower-case hex digits: entropy index and short id of the beacon"],
    ["verdicts/12", "packetId", '"12"', "64 lower-case hex digits"],
    ["epochs/-1", "epoch", '"-1"', "a whole number from 0 to 999999999999"],
    [`epochs/1/claims/${id}x`, "hotspot", `"${id}x"`, "a hotspot id: z6Mk and 44 more base58 characters"],
    ["links?hotspot=me", "hotspot", '"me"', "a hotspot id: z6Mk and 44 more base58 characters"],
  ];
  for (const [path, parameter, value, allowed] of cases) {
    const { status, body } = await t.json(`/api/v1/${path}`);
    expect(status).toBe(400);
    const message = `${parameter} is ${value}; allowed is: ${allowed}`;
    expect(body.error).toEqual({ code: "invalid_parameter", message, parameter, value, allowed });
  }
});

test("long input is not echoed in full", async () => {
  const { body } = await t.json(`/api/v1/hotspots/${"x".repeat(5000)}`);
  expect(JSON.stringify(body).length).toBeLessThan(500);
});

test("an unknown route below /api is a 404 in JSON, elsewhere in words", async () => {
  for (const path of ["/api", "/api/v1", "/api/v1/nothing", "/api/v2/network"]) {
    const { status, body } = await t.json(path);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "unknown_route" });
  }
  const elsewhere = await t.app.request("/favicon.png");
  expect(elsewhere.status).toBe(404);
});

test("a failing store is a 500 that tells nothing, and a line in the log", async () => {
  const store = { ...t.store, judgedThrough: () => Promise.reject(new Error("disk I/O error /var/lib")) };
  await using other = await testApp({ store });
  const { status, body } = await other.json("/api/v1/network");
  expect(status).toBe(500);
  expect(body.error).toMatchObject({ code: "internal" });
  expect(JSON.stringify(body)).not.toContain("disk");
  expect(other.logged).toEqual(["error Request failed"]);
});

test("no path and query makes the app fail", async () => {
  const lists = [
    "hotspots",
    "beacons",
    "epochs",
    "links",
    "cells",
    "verdicts",
    "epochs/1/bundle",
    "events/x",
  ];
  const anything = fc.record({
    list: fc.constantFrom(...lists),
    rest: fc.string({ unit: "binary", maxLength: 20 }),
    name: fc.constantFrom("limit", "after", "hotspot", "__proto__"),
    value: fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constant("9".repeat(30))),
  });
  await fc.assert(
    fc.asyncProperty(anything, async ({ list, rest, name, value }) => {
      const path = rest === "" ? list : `${list}/${encodeURIComponent(rest)}`;
      const response = await t.app.request(`/api/v1/${path}?${name}=${encodeURIComponent(value)}`);
      await response.body?.cancel();
      expect(response.status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
});
