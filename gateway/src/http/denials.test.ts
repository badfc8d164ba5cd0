import { afterEach, beforeEach, expect, test } from "bun:test";
import { denialMessage, hotspotId, signerFromSeed } from "@earshot/protocol";
import { FLEET_PARAMETERS, NETWORK_SIGNER } from "../testing/seeded-fleet.ts";
import { type TestApp, testApp, withAdmin } from "../testing/test-app.ts";

const TOKEN = "correct-horse-battery-staple";
const STRANGER = hotspotId(signerFromSeed(new Uint8Array(32).fill(77)).publicKey);

let t: TestApp;
let [a, b]: string[] = [];
beforeEach(async () => {
  t = withAdmin(await testApp(), { token: TOKEN, add: async () => ({ ok: true }) });
  [a, b] = t.fleet.members.map(({ hotspot }) => hotspot.id);
});
afterEach(() => t[Symbol.asyncDispose]());

const send = (method: string, body?: unknown, token = TOKEN): RequestInit => ({
  method,
  headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});
const deny = (changes: object = {}) =>
  t.json("/api/v1/denials", send("POST", { hotspot: a, reason: "spoofed", evidence: "case 7", ...changes }));

test("the operator denies a hotspot; anybody sees it, as signed", async () => {
  const { status, body } = await deny({ epochs: 3 });
  expect(status).toBe(201);
  const { body: list } = await t.json("/api/v1/denials");
  expect(list.denials).toEqual([body]);
  const fromEpoch = Number(list.epoch) + 1;
  const said = { hotspot: a, peer: null, reason: "spoofed", evidence: "case 7", state: "waiting" };
  expect(body).toMatchObject({ position: 1, ...said, fromEpoch, untilEpoch: fromEpoch + 3 });
  const opened = denialMessage.open(
    Uint8Array.fromBase64(String(body.message)),
    FLEET_PARAMETERS.network,
    NETWORK_SIGNER.publicKey,
  );
  expect(opened).toMatchObject({ ok: true, value: { reason: "spoofed", fromEpoch } });
  const { body: detail } = await t.json(`/api/v1/hotspots/${a}`);
  expect(detail.denials).toEqual([body]);
  const { body: other } = await t.json(`/api/v1/hotspots/${b}`);
  expect(other.denials).toEqual([]);
});

test("its state follows the epochs", async () => {
  await deny({ epochs: 1 });
  const states: unknown[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    const { body } = await t.json("/api/v1/denials");
    states.push((body.denials as { state: string }[])[0]?.state);
    await t.clock.advance(FLEET_PARAMETERS.epochPeriods * FLEET_PARAMETERS.entropyPeriodMs);
  }
  expect(states).toEqual(["waiting", "in_force", "ended"]);
});

test("an edge is denied and taken back, whichever end is named first", async () => {
  expect((await deny({ peer: b })).status).toBe(201);
  const taken = await t.json(`/api/v1/denials/${b}?peer=${a}`, send("DELETE"));
  expect(taken).toMatchObject({ status: 200, body: { position: 2, state: "taken_back" } });
  const { body } = await t.json(`/api/v1/denials?hotspot=${b}`);
  expect((body.denials as { state: string }[]).map(({ state }) => state)).toEqual(["taken_back", "replaced"]);
  const again = await t.json(`/api/v1/denials/${a}?peer=${b}`, send("DELETE"));
  expect(again).toMatchObject({ status: 404, body: { error: { code: "not_denied" } } });
});

test("the list comes in pages, newest first, or about one hotspot", async () => {
  for (const hotspot of [a, b, STRANGER]) await deny({ hotspot });
  const { body: first } = await t.json("/api/v1/denials?limit=2");
  expect((first.denials as { hotspot: string }[]).map(({ hotspot }) => hotspot)).toEqual([
    STRANGER,
    b as string,
  ]);
  const { body: second } = await t.json(`/api/v1/denials?limit=2&after=${first.next}`);
  expect(second).toMatchObject({ denials: [{ hotspot: a }], next: null });
  const { body: own } = await t.json(`/api/v1/denials?hotspot=${b}`);
  expect(own.denials).toMatchObject([{ hotspot: b }]);
});

test("nobody else denies, and nothing wrong is signed", async () => {
  for (const [method, path] of [
    ["POST", "/api/v1/denials"],
    ["DELETE", `/api/v1/denials/${a}`],
  ] as const) {
    expect((await t.json(path, send(method, undefined, "wrong"))).status).toBe(401);
  }
  const cases: [object, string, RegExp][] = [
    [{ hotspot: "z6Mk" }, "hotspot", /is "z6Mk"; .*base58/],
    [{ reason: "" }, "reason", /1 to 80 bytes/],
    [{ reason: "é".repeat(41) }, "reason", /1 to 80 bytes/],
    [{ evidence: undefined }, "evidence", /is missing; .*200/],
    [{ epochs: 0 }, "epochs", /is 0; .*1 to 10000/],
    [{ peer: "x" }, "peer", /is "x"/],
    [{ until: 9 }, "until", /no such parameter/],
  ];
  for (const [changes, parameter, message] of cases) {
    const { status, body } = await deny(changes);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "invalid_parameter", parameter });
    expect((body.error as { message: string }).message).toMatch(message);
  }
  expect((await deny({ peer: a })).body.error).toMatchObject({ code: "same_hotspot" });
  expect(t.deps.denials.all).toEqual([]);
});
