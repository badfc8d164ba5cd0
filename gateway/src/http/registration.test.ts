import { expect, test } from "bun:test";
import {
  changedHotspot,
  distanceM,
  formatEvmAddress,
  hotspotId,
  registrationMessage,
  signerFromSeed,
} from "@earshot/protocol";
import type { OperatorRegistration } from "../registry/assertion.ts";
import { NETWORK_SIGNER } from "../testing/seeded-fleet.ts";
import { type TestApp, testApp, withAdmin } from "../testing/test-app.ts";

const TOKEN = "correct-horse-battery-staple";
const NEW_ID = hotspotId(signerFromSeed(new Uint8Array(32).fill(42)).publicKey);
const ORIGIN = { latE7: 0, lonE7: 0 };
const PAYEE = formatEvmAddress(new Uint8Array(20).fill(0xab));
const BODY = {
  id: NEW_ID,
  latitude: 45.1885,
  longitude: -5.7245001,
  elevationM: 12,
  antennaGainDbi: 2.6,
  region: "EU868",
  payee: PAYEE,
};

async function adminApp(refuse = false): Promise<TestApp> {
  const t = await testApp();
  const add = async ({ publicKey, ...assertion }: OperatorRegistration) => {
    if (refuse) return { ok: false, code: "inadmissible_key", message: "The key is not admissible" } as const;
    const atMs = t.clock.now();
    const evidence = registrationMessage.seal({ publicKey, atMs, ...assertion }, NETWORK_SIGNER, "test");
    const change = { atMs, fromEpoch: 0, evidence };
    const hotspot = changedHotspot(undefined, change, { publicKey, assertion });
    if (hotspot !== undefined) await t.store.putHotspot(hotspot);
    return { ok: true } as const;
  };
  return withAdmin(t, { token: TOKEN, add });
}

const post = (body: unknown, token: string | undefined = TOKEN): RequestInit => ({
  method: "POST",
  headers: {
    "content-type": "application/json",
    ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
  },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

test("the operator lists a hotspot", async () => {
  await using t = await adminApp();
  const { status, body } = await t.json("/api/v1/hotspots", post(BODY));
  expect(status).toBe(201);
  expect(body.hotspot).toMatchObject({
    id: NEW_ID,
    payee: PAYEE,
    registeredBy: "operator",
  });
  const stored = await t.store.hotspot(NEW_ID);
  expect(stored).toMatchObject({ antennaGainDdbi: 26, registeredAtMs: t.clock.now() });
  // The centre of its cell, which is some 19 m across.
  expect(distanceM(stored ?? ORIGIN, { latE7: 451_885_000, lonE7: -57_245_001 })).toBeLessThan(12);
  expect(body.hotspot).toMatchObject({ latitude: (stored?.latE7 ?? 0) / 1e7, positionCell: stored?.cell });
});

test("without the right token nothing is looked at, let alone changed", async () => {
  await using t = await adminApp();
  for (const token of ["", "wrong", `${TOKEN}x`, TOKEN.slice(1), "ünïcode"]) {
    const { status, body } = await t.json("/api/v1/hotspots", post("not even JSON", token));
    expect(status).toBe(401);
    expect(body.error).toMatchObject({ code: "unauthorized" });
  }
  expect(await t.store.hotspot(NEW_ID)).toBeUndefined();
});

test("a gateway without an admin token takes none", async () => {
  await using t = await testApp();
  const { status, body } = await t.json("/api/v1/hotspots", post(BODY));
  expect(status).toBe(403);
  expect(body.error).toMatchObject({ code: "read_only" });
});

test("the registry's own refusal is passed on", async () => {
  await using t = await adminApp(true);
  const { status, body } = await t.json("/api/v1/hotspots", post(BODY));
  expect(status).toBe(409);
  expect(body.error).toMatchObject({ code: "inadmissible_key" });
});

test("each wrong field is named with its value and what is allowed", async () => {
  await using t = await adminApp();
  const cases: [object | string, string, RegExp][] = [
    [{ ...BODY, latitude: 91 }, "latitude", /is 91; .*-90 to 90/],
    [{ ...BODY, longitude: "5.7" }, "longitude", /is "5.7"; .*-180 to 180/],
    [{ ...BODY, region: "EU999" }, "region", /is "EU999"; .*EU868/],
    [{ ...BODY, id: "z6Mk" }, "id", /is "z6Mk"; .*base58/],
    [{ ...BODY, antennaGainDbi: 31 }, "antennaGainDbi", /is 31; .*30/],
    [{ ...BODY, latitude: undefined }, "latitude", /is missing; .*-90 to 90/],
    [{ ...BODY, colour: "red" }, "colour", /is "red"; .*no such parameter/],
    [{ ...BODY, payee: PAYEE.toUpperCase() }, "payee", /not an EVM address/],
    [{ ...BODY, payee: PAYEE.replace("b", "c") }, "payee", /typing mistake/],
    [[], "body", /an object with id/],
  ];
  for (const [body, parameter, message] of cases) {
    const answer = await t.json("/api/v1/hotspots", post(body));
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: "invalid_parameter", parameter });
    expect((answer.body.error as { message: string }).message).toMatch(message);
  }
  expect(await t.store.hotspot(NEW_ID)).toBeUndefined();
});

test("a body that is no JSON, of another type or too large is refused in the same form", async () => {
  await using t = await adminApp();
  const broken = await t.json("/api/v1/hotspots", post("{"));
  expect(broken.status).toBe(400);
  const untyped = {
    ...post(BODY),
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "text/plain" },
  };
  const other = await t.json("/api/v1/hotspots", untyped);
  expect(other).toMatchObject({ status: 415, body: { error: { code: "unsupported_media_type" } } });
  const large = await t.json("/api/v1/hotspots", post({ ...BODY, payee: "x".repeat(20_000) }));
  expect(large).toMatchObject({ status: 413, body: { error: { code: "too_large" } } });
});
