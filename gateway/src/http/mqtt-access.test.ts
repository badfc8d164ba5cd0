import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  allUpFilter,
  downFilter,
  downTopic,
  entropyTopic,
  keysTopic,
  makeLoginToken,
  upTopic,
} from "@earshot/protocol";
import { startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { FIRST_EPOCH, idOf, PARAMETERS, signers } from "../testing/test-network.ts";

const { network } = PARAMETERS;
const [a, b] = [idOf("a"), idOf("b")];
const START_MS = FIRST_EPOCH * 8000;
const ACCOUNT = { clientId: "earshot-gateway-x", username: "gateway", password: "secret" };

let run: TestGateway;
beforeEach(async () => {
  run = await startTestGateway(START_MS, { brokerAccount: ACCOUNT });
});
afterEach(() => run[Symbol.asyncDispose]());

type Answer = { status: number; body: unknown };
const ALLOW: Answer = { status: 200, body: { ok: true, result: "allow" } };
const DENY: Answer = { status: 403, body: { ok: false, result: "deny" } };

async function ask(
  path: string,
  body: string,
  headers: Record<string, string>,
  peer = "127.0.0.1",
): Promise<Answer> {
  const request = new Request(`http://gateway${path}`, { method: "POST", body, headers });
  const response = await run.gateway.app.fetch(request, { peer, clientGroup: peer });
  return { status: response.status, body: await response.json() };
}
const JSON_TYPE = { "content-type": "application/json" };
const FORM_TYPE = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
const asJson = (path: string, fields: object) => ask(path, JSON.stringify(fields), JSON_TYPE);
const asForm = (path: string, fields: Record<string, string>) =>
  ask(path, new URLSearchParams(fields).toString(), FORM_TYPE);

const token = () => makeLoginToken(signers.a, network, run.clock.now());
const login = (changes: object = {}) => ({ clientid: a, username: a, password: token(), ...changes });

describe("POST /mqtt/auth", () => {
  test("lets a hotspot in that has its token, as JSON, as form, and by other plugins' names", async () => {
    expect(await asJson("/mqtt/auth", login())).toEqual(ALLOW);
    expect(await asForm("/mqtt/auth", login() as Record<string, string>)).toEqual(ALLOW);
    expect(await asForm("/mqtt/auth", { client_id: a, username: a, password: token() })).toEqual(ALLOW);
  });

  const refused: Record<string, () => object> = {
    "another's client id": () => login({ clientid: b }),
    "another's name": () => login({ clientid: b, username: b }),
    "no client id": () => login({ clientid: "" }),
    "a token of another network": () =>
      login({ password: makeLoginToken(signers.a, "other", run.clock.now()) }),
    "a stale token": () => login({ password: makeLoginToken(signers.a, network, START_MS - 3_600_000) }),
    "no password": () => ({ clientid: a, username: a }),
    "a name that is no id": () => login({ clientid: "admin", username: "admin" }),
    "the gateway's name with a hotspot's token": () => login({ clientid: "gateway", username: "gateway" }),
    "nested fields": () => login({ username: { $ne: "" } }),
    "a list": () => [a],
  };
  for (const [what, fields] of Object.entries(refused)) {
    test(`refuses ${what}, and does not say why`, async () => {
      expect(await asJson("/mqtt/auth", fields())).toEqual(DENY);
    });
  }

  test("lets the gateway's own account in, with its own client id only", async () => {
    const { clientId: clientid, username, password } = ACCOUNT;
    expect(await asJson("/mqtt/auth", { clientid, username, password })).toEqual(ALLOW);
    expect(await asJson("/mqtt/auth", { clientid, username, password: "guess" })).toEqual(DENY);
    expect(await asJson("/mqtt/auth", { clientid: a, username, password })).toEqual(DENY);
  });

  test("refuses what is neither JSON nor a form, or too long", async () => {
    expect(await ask("/mqtt/auth", "{", JSON_TYPE)).toEqual(DENY);
    expect(await ask("/mqtt/auth", "a", { "content-type": "text/plain" })).toEqual(DENY);
    expect((await ask("/mqtt/auth", "x".repeat(20_000), FORM_TYPE)).status).toBe(413);
  });

  test("one hotspot may log in so often; others are not held up by it", async () => {
    const answers = [];
    for (let i = 0; i < 300; i++) answers.push((await asJson("/mqtt/auth", login())).status);
    expect(answers.filter((status) => status === 200)).toHaveLength(256);
    const other = makeLoginToken(signers.b, network, run.clock.now());
    expect(await asJson("/mqtt/auth", { clientid: b, username: b, password: other })).toEqual(ALLOW);
    expect(run.gateway.metrics.loginsRefused.get("too_often")).toBe(44);
  });

  test("so many logins a second are looked at, and no more", async () => {
    const wrong = { clientid: a, username: a, password: "x" };
    for (let i = 0; i < 2100; i++) await asJson("/mqtt/auth", wrong);
    const refused = [...run.gateway.metrics.loginsRefused.values()].reduce((sum, count) => sum + count, 0);
    expect(refused).toBe(2000);
    await run.clock.advance(1000);
    expect(await asJson("/mqtt/auth", login())).toEqual(ALLOW);
  });

  test.each([
    ["another machine", "192.0.2.7", {}],
    ["this machine's own reverse proxy", "127.0.0.1", { "x-forwarded-for": "127.0.0.1" }],
    ["nobody knows whom", "", {}],
  ])("answers %s nothing but no", async (_who, peer, headers) => {
    expect(await ask("/mqtt/auth", JSON.stringify(login()), { ...JSON_TYPE, ...headers }, peer)).toEqual(
      DENY,
    );
    const fields = { clientid: a, username: a, topic: entropyTopic(network), access: 1 };
    expect(await ask("/mqtt/acl", JSON.stringify(fields), { ...JSON_TYPE, ...headers }, peer)).toEqual(DENY);
    expect(run.gateway.metrics.loginsRefused.size).toBe(0);
  });

  test("answers the brokers that the configuration names, and no others", async () => {
    await run.restart({ api: { brokerAddresses: ["192.0.2.0/24"] } });
    const body = JSON.stringify(login());
    expect(await ask("/mqtt/auth", body, JSON_TYPE, "::ffff:192.0.2.7")).toEqual(ALLOW);
    expect(await ask("/mqtt/auth", body, JSON_TYPE, "127.0.0.1")).toEqual(DENY);
  });
});

describe("POST /mqtt/acl", () => {
  const own = upTopic(network, a, "witness");
  const cases: [topic: string, access: number | string, isAllowed: boolean][] = [
    [own, 2, true],
    [own, "publish", true],
    [own, "2", true],
    [own, 1, false],
    [own, 4, false],
    [own, 3, false],
    [upTopic(network, b, "witness"), 2, false],
    [upTopic("other", a, "witness"), 2, false],
    [keysTopic(network), 4, true],
    [keysTopic(network), 1, true],
    [keysTopic(network), 2, false],
    [entropyTopic(network), 4, true],
    [entropyTopic(network), 1, true],
    [entropyTopic(network), 2, false],
    [downFilter(network, a), "subscribe", true],
    [downTopic(network, a, "verdict"), 1, true],
    [downTopic(network, a, "verdict"), 2, false],
    [downFilter(network, b), 4, false],
    [allUpFilter(network), 4, false],
    ["#", 4, false],
    ["$SYS/#", 4, false],
    [entropyTopic(network), 9, false],
    [entropyTopic(network), "", false],
  ];
  test.each(cases)("a hotspot, %s, access %s: %p", async (topic, access, isAllowed) => {
    const fields = { username: a, topic };
    const expected = isAllowed ? ALLOW : DENY;
    expect(await asJson("/mqtt/acl", { ...fields, clientid: a, access })).toEqual(expected);
    expect(await asForm("/mqtt/acl", { ...fields, client_id: a, acc: String(access) })).toEqual(expected);
    expect(await asJson("/mqtt/acl", { ...fields, clientid: b, access })).toEqual(DENY);
  });

  const gateways: [topic: string, access: number, isAllowed: boolean][] = [
    [allUpFilter(network), 4, true],
    [own, 1, true],
    [own, 2, false],
    [entropyTopic(network), 2, true],
    [keysTopic(network), 2, true],
    [keysTopic("other"), 2, false],
    [downTopic(network, b, "verdict"), 2, true],
    [`earshot/1/${network}/${b}/down/#`, 2, false],
    [downTopic("other", b, "verdict"), 2, false],
    ["#", 4, false],
  ];
  test.each(gateways)("the gateway, %s, access %d: %p", async (topic, access, isAllowed) => {
    const fields = { clientid: ACCOUNT.clientId, username: ACCOUNT.username, topic, access };
    expect(await asJson("/mqtt/acl", fields)).toEqual(isAllowed ? ALLOW : DENY);
  });
});

test("other methods are refused", async () => {
  const response = await run.gateway.app.request("/mqtt/auth");
  expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
});
