import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { indexRootMessage, packetsRoot, signerFromSeed } from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/testing";
import type { OpenAPIHono, RouteConfig, z } from "@hono/zod-openapi";
import fc from "fast-check";
import { FLEET_PARAMETERS, type FleetMember } from "../testing/seeded-fleet.ts";
import { type TestApp, testApp, withAdmin, writeTestBundle } from "../testing/test-app.ts";
import { airReadings, filedReadings } from "../testing/test-readings.ts";
import { errorSchema } from "./errors.ts";

/** What holds for every route, taken from what the routes themselves declare (`createRoute` in routes/). */

const TOKEN = "a-token-of-the-operator";
const AUTHORIZED = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

let t: TestApp;
let routes: readonly RouteConfig[];
/** A value of each parameter with which a route answers 200. */
let known: Readonly<Record<string, string>>;

beforeAll(async () => {
  t = withAdmin(await testApp(), { token: TOKEN, add: async () => ({ ok: true }) });
  const { definitions } = (t.app as unknown as OpenAPIHono).openAPIRegistry;
  routes = definitions.flatMap((definition) => (definition.type === "route" ? [definition.route] : []));
  known = await knownValues(t);
});
afterAll(() => t[Symbol.asyncDispose]());

async function knownValues(app: TestApp): Promise<Record<string, string>> {
  const { store, fleet, clock } = app;
  const { epoch } = await writeTestBundle(app);
  const [payment] = await store.payments(epoch);
  const [beacon] = await store.recentBeacons({ limit: 1 });
  const [verdict] = await store.verdictsOfBeacon(beacon?.beaconKey ?? "");
  const { hotspot, signer } = fleet.members[0] as FleetMember;
  const hour = { untilMs: clock.now() - 60_000, periods: 12, periodMs: 300_000 };
  const readings = airReadings(hour, seededRandom(1), 1);
  await store.addPackets(filedReadings(readings, signer, FLEET_PARAMETERS.network));
  const index = (await store.nextIndex(-1)) ?? 0;
  await putIndexRoot(app, index);
  return {
    id: hotspot.id,
    hotspot: payment?.hotspotId ?? "",
    epoch: String(epoch),
    index: String(index),
    key: beacon?.beaconKey ?? "",
    packetId: verdict?.packetId ?? "",
    source: "air",
    file: "leaves.jsonl",
  };
}

/** As judging leaves it in the log. */
async function putIndexRoot({ store, clock }: TestApp, index: number): Promise<void> {
  const { network } = FLEET_PARAMETERS;
  const ids = (await store.reportsOfIndex(index)).map(({ id }) => Uint8Array.fromHex(id));
  const root = { network, index, atMs: clock.now(), count: ids.length, root: packetsRoot(ids) };
  const message = indexRootMessage.seal(root, signerFromSeed(new Uint8Array(32).fill(1)), network);
  const entries = [{ kind: "index" as const, number: index, message }];
  await store.addToLog({ position: 0, entries, hashes: [], through: { index }, note: "" });
}

const isStream = ({ path }: RouteConfig) => path === "/api/v1/events";
const gets = () => routes.filter((route) => route.method === "get" && !isStream(route));
const pathOf = ({ path }: RouteConfig, values: Readonly<Record<string, string>>) =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
const nameOf = ({ method, path }: RouteConfig) => `${method.toUpperCase()} ${path}`;

function declaredContent(route: RouteConfig, status: number): Record<string, { schema: z.ZodType }> {
  const declared = route.responses[status] as { content?: Record<string, { schema: z.ZodType }> } | undefined;
  return declared?.content ?? {};
}

/** Undeclared fields are a fault as well: `z.object` would drop them silently. */
function expectDeclared(route: RouteConfig, status: number, body: unknown): void {
  const schema = declaredContent(route, status)["application/json"]?.schema;
  if (schema === undefined) throw new Error(`${nameOf(route)} answers an undeclared ${status}`);
  expect(schema.parse(body) as unknown).toEqual(body);
}

const isJson = (response: Response) =>
  /^application\/json(;|$)/.test(response.headers.get("content-type") ?? "");

test("every GET answers 200 with what it declares", async () => {
  expect(gets().length).toBeGreaterThan(18);
  for (const route of gets()) {
    const response = await t.app.request(pathOf(route, known));
    expect([nameOf(route), response.status]).toEqual([nameOf(route), 200]);
    if (isJson(response)) expectDeclared(route, 200, await response.json());
    else
      expect(Object.keys(declaredContent(route, 200))).toContain(
        response.headers.get("content-type")?.split(";")[0] ?? "",
      );
  }
});

test("HEAD tells what GET would send, and sends nothing (RFC 9110 §9.3.2)", async () => {
  for (const path of [
    ...gets().map((route) => pathOf(route, known)),
    "/",
    "/main.js",
    "/api/v1/openapi.json",
  ]) {
    const head = await t.app.request(path, { method: "HEAD" });
    const get = await t.app.request(path);
    expect([path, head.status]).toEqual([path, get.status]);
    expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
    const told = head.headers.get("content-length");
    const { byteLength } = await get.arrayBuffer();
    if (told !== null) expect([path, told]).toEqual([path, String(byteLength)]);
    if (path.startsWith("/api/v1/")) expect(told).not.toBeNull();
    expect((await head.arrayBuffer()).byteLength).toBe(0);
  }
});

test("a method that a route does not declare is 405 with those that it does (RFC 9110 §15.5.6)", async () => {
  const paths = [...new Set(routes.map(({ path }) => path))];
  for (const path of [...paths, "/", "/main.js", "/api/v1/openapi.json"]) {
    const own = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    const declared = own.length === 0 ? ["GET"] : own;
    const allowed = declared.includes("GET") ? [...declared, "HEAD"] : declared;
    for (const method of METHODS.filter((each) => !allowed.includes(each))) {
      const response = await t.app.request(
        path.replace(/\{(\w+)\}/g, (_, name) => known[name] ?? ""),
        { method },
      );
      expect([path, method, response.status]).toEqual([path, method, method === "OPTIONS" ? 204 : 405]);
      expect(response.headers.get("allow")?.split(", ").sort()).toEqual(allowed.sort());
    }
  }
  expect((await t.app.request("/api/v1/nothing", { method: "PUT" })).status).toBe(404);
});

describe("entity tags", () => {
  test("of the API fit again, weak or not, alone or in a list, and * fits any (RFC 9110 §13.1.2)", async () => {
    for (const route of gets()) {
      const path = pathOf(route, known);
      const etag = (await t.app.request(path)).headers.get("etag");
      if (etag === null) {
        expect(path).toBeOneOf(["/healthz", "/metrics"]);
        continue;
      }
      const strong = etag.replace("W/", "");
      for (const header of [etag, strong, `W/${strong}`, `"x", ${etag}`, "*"]) {
        const again = await t.app.request(path, { headers: { "if-none-match": header } });
        expect([path, header, again.status]).toEqual([path, header, 304]);
        expect(await again.text()).toBe("");
        expect(again.headers.get("etag")).toBe(etag);
      }
      const other = await t.app.request(path, { headers: { "if-none-match": '"x", W/"y"' } });
      expect([path, other.status]).toEqual([path, 200]);
    }
  });
});

const HOSTILE = [
  "",
  " ",
  "%00",
  "%0a",
  "%zz",
  "%ff%fe",
  "%c0%ae%c0%ae",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "..",
  ".",
  "*",
  "-1",
  "+1",
  "1e9",
  "0x1",
  "01",
  "1.5",
  "NaN",
  "Infinity",
  "9".repeat(15),
  "9".repeat(16),
  "9".repeat(4000),
  "x".repeat(9000),
  "null",
  "undefined",
  "true",
  "[]",
  "{}",
  "__proto__",
  "constructor",
  "toString",
  "'%20OR%201=1--",
  "%F0%9F%9C%81",
  "%E2%80%AEabc",
  "a%26b=c",
  "%3Cscript%3E",
  "z6Mk",
  `z6Mk${"1".repeat(44)}`,
  `z6Mk${"0".repeat(44)}`,
  "A".repeat(64),
  "f".repeat(64),
  "0".repeat(24),
  `${"0".repeat(24)}%0a`,
];

/** Asks and holds the answer to what is declared; a value may also lead to no route at all. */
async function ask(route: RouteConfig, path: string, init: RequestInit = {}): Promise<number> {
  const method = route.method.toUpperCase();
  const response = await t.app.request(path, { method, ...init });
  const { status } = response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = response.headers.get("content-encoding") === "gzip" ? Bun.gunzipSync(bytes) : bytes;
  const body = isJson(response) && text.length > 0 ? JSON.parse(new TextDecoder().decode(text)) : undefined;
  if (status >= 500) throw new Error(`${method} ${path.slice(0, 200)} answers ${status}`);
  if (status < 400) return status;
  const { error } = errorSchema.parse(body);
  expect(JSON.stringify(body).length).toBeLessThan(1000);
  if (error.code !== "unknown_route" && error.code !== "method_not_allowed")
    expectDeclared(route, status, body);
  return status;
}

describe("whatever is asked, the answer is one that is declared", () => {
  test("each path parameter, each hostile value", async () => {
    for (const route of routes.filter((each) => !isStream(each))) {
      for (const [, name = ""] of route.path.matchAll(/\{(\w+)\}/g)) {
        for (const value of HOSTILE)
          await ask(route, pathOf(route, { ...known, [name]: value }), { headers: AUTHORIZED });
      }
    }
  });

  test("each query parameter: hostile, empty, twice, unknown", async () => {
    for (const route of gets()) {
      const query = route.request?.query as z.ZodObject | undefined;
      for (const name of [...Object.keys(query?.shape ?? {}), "unknown", "__proto__", "limit[]"]) {
        const path = pathOf(route, known);
        for (const value of HOSTILE) await ask(route, `${path}?${name}=${value}`);
        const twice = await ask(route, `${path}?${name}=1&${name}=2`);
        if (query !== undefined) expect([path, name, twice]).toEqual([path, name, 400]);
      }
    }
  });

  test("anything anywhere", async () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    const piece = fc.oneof(fc.constantFrom(...HOSTILE), text.map(encodeURIComponent));
    const asked = fc.record({
      route: fc.nat(),
      values: fc.dictionary(fc.constantFrom(...Object.keys(known)), piece, { maxKeys: 2 }),
      query: fc.array(fc.tuple(fc.constantFrom("limit", "after", "hotspot", "peer", "from", "to"), piece), {
        maxLength: 3,
      }),
      headers: fc.dictionary(
        fc.constantFrom(
          "range",
          "if-range",
          "if-none-match",
          "accept-encoding",
          "accept",
          "content-type",
          "x-forwarded-for",
        ),
        fc.string({ maxLength: 40 }).map((each) => each.replace(/[^\x21-\x7e]/g, "")),
      ),
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ route: i, values, query, headers }) => {
        const all = routes.filter((each) => !isStream(each));
        const route = all[i % all.length] as RouteConfig;
        const search = query.map(([name, value]) => `${name}=${value}`).join("&");
        await ask(route, `${pathOf(route, { ...known, ...values })}?${search}`, { headers });
      }),
      { numRuns: 500 },
    );
  });
});

describe("a body that is not what is declared", () => {
  const posts = () => routes.filter(({ method }) => method === "post");
  const BODIES: (string | undefined)[] = [
    undefined,
    "",
    " ",
    "null",
    "[]",
    "1",
    '"x"',
    "{",
    "{}",
    '{"id":1}',
    `{"a":${"[".repeat(4000)}${"]".repeat(4000)}}`,
    '{"__proto__":{"id":"x"}}',
    '{"hotspot":"x","reason":"","evidence":[],"epochs":1e99}',
    "\u0000",
    "{}{}",
    '{"id":"z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK","latitude":"1","longitude":[],"region":{},"payee":7}',
    "x".repeat(17_000),
  ];

  test("is 400, 413 or 415", async () => {
    expect(posts().length).toBeGreaterThan(1);
    for (const route of posts()) {
      for (const body of BODIES) {
        const status = await ask(route, route.path, {
          headers: AUTHORIZED,
          ...(body !== undefined && { body }),
        });
        expect(status).toBeOneOf([400, 413]);
      }
      for (const type of [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonl",
      ]) {
        const headers = { ...AUTHORIZED, "content-type": type };
        expect([type, await ask(route, route.path, { headers, body: "{}" })]).toEqual([type, 415]);
      }
      const none = await ask(route, route.path, { headers: { authorization: AUTHORIZED.authorization } });
      expect(none).toBe(415);
    }
  });

  test("is not even looked at without the token, where one is asked for", async () => {
    for (const route of posts().filter(({ security }) => security !== undefined)) {
      for (const body of BODIES)
        expect(await ask(route, route.path, { ...(body !== undefined && { body }) })).toBeOneOf([401, 413]);
    }
  });
});

test("every id in a path has its form in the document", async () => {
  const { body } = await t.json("/api/v1/openapi.json");
  const paths = body.paths as Record<
    string,
    Record<string, { parameters?: { in: string; name: string; schema: object }[] }>
  >;
  for (const [path, operations] of Object.entries(paths)) {
    for (const { parameters = [] } of Object.values(operations)) {
      for (const { name, schema, ...parameter } of parameters.filter((each) => each.in === "path")) {
        void parameter;
        const form = schema as { pattern?: string; type: string; maximum?: number };
        if (form.type === "integer")
          expect([path, name, form.maximum]).toEqual([path, name, expect.any(Number)]);
        else {
          const pattern = new RegExp(form.pattern ?? "", "u");
          expect([path, name, form.pattern !== undefined && pattern.test(known[name] ?? "")]).toEqual([
            path,
            name,
            true,
          ]);
          expect([name, pattern.test("x/y\u0000")]).toEqual([name, false]);
        }
      }
    }
  }
});
