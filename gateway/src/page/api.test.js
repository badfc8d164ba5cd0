import { afterEach, beforeAll, describe, expect, test } from "bun:test";
import { usePage } from "../testing/test-page.js";

const page = usePage();
/** Imported when there is a document. */
let api;
beforeAll(async () => {
  api = await import("./api.js");
});

const ofPage = {};
function answering(answers) {
  ofPage.fetch ??= globalThis.fetch;
  const asked = [];
  globalThis.fetch = async (path) => {
    asked.push(path);
    const { status = 200, body, headers = {} } = answers(path);
    return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
  };
  return asked;
}
afterEach(() => {
  if (ofPage.fetch !== undefined) globalThis.fetch = ofPage.fetch;
  delete ofPage.fetch;
});

describe("a list", () => {
  /** So many entries, in pages of 500. */
  const list = (total) =>
    answering((path) => {
      const after = Number(new URL(path, page.window.location.href).searchParams.get("after") ?? 0);
      const end = Math.min(total, after + 500);
      const things = Array.from({ length: end - after }, (_, i) => after + i);
      return { body: { things, next: end < total ? String(end) : null } };
    });

  test("is read page by page to its end", async () => {
    const asked = list(1200);
    expect(await api.getAll("things", "things")).toEqual(Array.from({ length: 1200 }, (_, i) => i));
    const first = "/api/v1/things?limit=500";
    expect(asked).toEqual([first, `${first}&after=500`, `${first}&after=1000`]);
  });

  test("of any length is read only so far", async () => {
    const asked = list(1_000_000);
    expect(await api.getAll("things", "things", 1500)).toHaveLength(1500);
    expect(asked).toHaveLength(3);
  });
});

test("what the gateway refuses is said in its words, whatever came in their place by number", async () => {
  const failing = async (answer) => {
    answering(() => answer);
    return api.get("x").then(
      () => "answered",
      ({ code, message }) => [code, message],
    );
  };
  const error = { code: "not_found", message: "No such thing" };
  expect(await failing({ status: 404, body: { error } })).toEqual(["not_found", "No such thing"]);
  expect(await failing({ status: 502, body: "<html>" })).toEqual(["failed", "The gateway answered 502."]);
  expect(await failing({ status: 500, body: {} })).toEqual(["failed", "The gateway answered 500."]);
  expect(await failing({ body: { a: 1 } })).toBe("answered");
});

test("an answer waits while something is pressed, or its click would lose its target, but not for ever", async () => {
  const point = (type) => page.window.document.dispatchEvent(new page.window.Event(type));
  answering(() => ({ body: { a: 1 } }));
  const asking = () => {
    const state = { isAnswered: false };
    void api.get("x").then(() => {
      state.isAnswered = true;
    });
    return state;
  };
  point("pointerdown");
  const released = asking();
  await page.advance(999);
  await page.settled();
  expect(released.isAnswered).toBe(false);
  point("pointerup");
  await page.advance(0);
  await page.settled();
  expect(released.isAnswered).toBe(true);
  point("pointerdown");
  const held = asking();
  await page.settled();
  await page.advance(1000);
  expect(held.isAnswered).toBe(true);
  point("pointercancel");
  const free = asking();
  await page.settled();
  expect(free.isAnswered).toBe(true);
});
