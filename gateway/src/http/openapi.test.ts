import { afterAll, beforeAll, expect, test } from "bun:test";
import { type TestApp, testApp } from "../testing/test-app.ts";

interface Operation {
  operationId: string;
  summary: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[];
  responses: Record<string, { description: string; content?: object }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let t: TestApp;
let document: Document;
beforeAll(async () => {
  t = await testApp();
  document = (await t.json("/api/v1/openapi.json")).body as unknown as Document;
});
afterAll(() => t[Symbol.asyncDispose]());

const operations = (): [string, string, Operation][] =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
      method,
      path,
      operation,
    ]),
  );

test("every route of the API is in the document, and nothing else", () => {
  const isApi = (path: string) => path.startsWith("/api/") || path === "/healthz" || path === "/metrics";
  const served = t.app.routes
    .filter(({ method, path }) => method !== "ALL" && isApi(path) && !path.endsWith("openapi.json"))
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  const described = operations().map(([method, path]) => `${method.toUpperCase()} ${path}`);
  expect([...new Set(served)].sort()).toEqual(described.sort());
  expect(described.length).toBeGreaterThan(15);
});

test("operations have an id of their own, a summary and described responses", () => {
  const ids = operations().map(([, , { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, , { operationId, summary, responses }] of operations()) {
    expect(operationId).toMatch(/^[a-z][A-Za-z]+$/);
    expect(summary.length).toBeGreaterThan(10);
    for (const { description } of Object.values(responses)) expect(description).not.toBe("");
  }
});

test("path parameters are declared, required and typed", () => {
  for (const [, path, { parameters = [] }] of operations()) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
    const declared = parameters.filter((parameter) => parameter.in === "path");
    expect(declared.map(({ name }) => name).sort()).toEqual(named as string[]);
    for (const { required, schema } of declared) {
      expect(required).toBe(true);
      expect(schema).toHaveProperty("type");
    }
  }
});

test("it is OpenAPI 3.1 whose references all lead somewhere", () => {
  expect(document.openapi).toBe("3.1.0");
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(references.length).toBeGreaterThan(10);
  for (const name of references) expect(document.components.schemas).toHaveProperty(name ?? "");
  // 3.0's way of saying null, which 3.1 does not know.
  expect(text).not.toContain('"nullable"');
});

test("what is answered is what is described", async () => {
  const id = t.fleet.members[0]?.hotspot.id;
  const answers: [string, string][] = [
    ["/api/v1/network", "Network"],
    ["/api/v1/hotspots", "HotspotList"],
    [`/api/v1/hotspots/${id}`, "HotspotDetail"],
    [`/api/v1/hotspots/${id}/verdicts`, "VerdictPage"],
    [`/api/v1/hotspots/${id}/readings`, "ReadingSources"],
    ["/api/v1/epochs", "EpochPage"],
    ["/api/v1/links", "Links"],
  ];
  for (const [path, name] of answers) {
    const schema = document.components.schemas[name] as { properties: object; required: string[] };
    const { body } = await t.json(path);
    expect(Object.keys(body).sort()).toEqual(Object.keys(schema.properties).sort());
    expect(Object.keys(body)).toEqual(expect.arrayContaining(schema.required));
  }
});
