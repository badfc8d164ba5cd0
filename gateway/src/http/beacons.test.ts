import { afterAll, beforeAll, expect, test } from "bun:test";
import { storeReception } from "../testing/seeded-fleet.ts";
import { type TestApp, testApp } from "../testing/test-app.ts";

let t: TestApp;
beforeAll(async () => {
  t = await testApp();
});
afterAll(() => t[Symbol.asyncDispose]());

test("beacons come newest first, in pages", async () => {
  const all = await t.store.recentBeacons({ limit: 200 });
  const keys: string[] = [];
  for (let after = ""; ; ) {
    const { body } = await t.json(`/api/v1/beacons?limit=50${after}`);
    keys.push(...(body.beacons as { key: string }[]).map(({ key }) => key));
    if (body.next === null) break;
    after = `&after=${body.next}`;
  }
  expect(keys).toEqual(all.map(({ beaconKey }) => beaconKey));
});

test("a beacon shows its beaconer and every witness with the verdict", async () => {
  const [beacon] = await t.store.recentBeacons({ limit: 1 });
  if (beacon === undefined) throw new Error("no beacon");
  const { body } = await t.json(`/api/v1/beacons/${beacon.beaconKey}`);
  expect(body).toMatchObject({ beaconer: beacon.beaconer, entropyIndex: beacon.entropyIndex });
  const reports = body.witnessReports as { hotspotId: string; outcome: string }[];
  const paid = reports.filter(({ outcome }) => outcome === "paid").map(({ hotspotId }) => hotspotId);
  expect(paid.sort()).toEqual(beacon.witnesses);
  expect(body.beaconReports).toHaveLength(1);
});

test("a witness report shows what the radio told of the frame, where its packet is kept", async () => {
  const [, beacon] = await t.store.recentBeacons({ limit: 2 });
  const verdicts = await t.store.verdictsOfBeacon(beacon?.beaconKey ?? "");
  const [verdict, other] = verdicts.filter(({ type }) => type === "witness");
  if (verdict === undefined || other === undefined) throw new Error("no two witnesses");
  const packet = await storeReception(t.store, verdict);
  const { body } = await t.json(`/api/v1/beacons/${beacon?.beaconKey}`);
  const reports = body.witnessReports as { packetId: string; reception: unknown }[];
  const receptionOf = (id: string) => reports.find(({ packetId }) => packetId === id)?.reception;
  expect(receptionOf(verdict.packetId)).toEqual({
    ...{ atMs: packet.atMs, rssiDbm: -112, rssiKind: "signal", snrDb: -7.5, freqOffsetHz: -1203 },
    ...{ fineTimeNs: 123_456_789, fineTimeEncrypted: false, concentrator: "aa555a0000000001", antenna: 0 },
  });
  expect(receptionOf(other.packetId)).toBeNull();
});

test("a verdict is found by the packet's id", async () => {
  const [beacon] = await t.store.recentBeacons({ limit: 1 });
  const [verdict] = await t.store.verdictsOfBeacon(beacon?.beaconKey ?? "");
  if (verdict === undefined) throw new Error("no verdict");
  const { body } = await t.json(`/api/v1/verdicts/${verdict.packetId}`);
  expect(body).toMatchObject({ packetId: verdict.packetId, beaconer: beacon?.beaconer });
  const unknown = await t.json(`/api/v1/verdicts/${"0".repeat(64)}`);
  expect(unknown.status).toBe(404);
});

test("links count what each pair's newest reports came to", async () => {
  const { body } = await t.json("/api/v1/links");
  const links = body.links as {
    beaconer: string;
    witness: string;
    paid: number;
    unpaid: number;
    refused: number;
  }[];
  expect(links.length).toBeGreaterThan(5);
  const witness = links[0]?.witness ?? "";
  const recent = await t.store.verdictsOfHotspot(witness, { limit: 50 });
  const witnessed = recent.filter(({ type }) => type === "witness");
  const counted = links.filter((link) => link.witness === witness);
  const sum = counted.reduce((total, { paid, unpaid, refused }) => total + paid + unpaid + refused, 0);
  expect(sum).toBe(witnessed.length);
});

test("links are limited to the newest", async () => {
  const all = (await t.json("/api/v1/links")).body.links as { lastAtMs: number }[];
  const { body } = await t.json("/api/v1/links?limit=7");
  const times = (body.links as { lastAtMs: number }[]).map(({ lastAtMs }) => lastAtMs);
  expect(body.total).toBe(all.length);
  expect(times).toEqual(
    all
      .map(({ lastAtMs }) => lastAtMs)
      .sort((a, b) => b - a)
      .slice(0, 7),
  );
});

test("one hotspot's links include who heard it", async () => {
  const [beacon] = await t.store.recentBeacons({ limit: 1 });
  const beaconer = beacon?.beaconer ?? "";
  const { body } = await t.json(`/api/v1/links?hotspot=${beaconer}`);
  const links = body.links as { beaconer: string; witness: string }[];
  for (const witness of beacon?.witnesses ?? []) {
    expect(links.some((link) => link.beaconer === beaconer && link.witness === witness)).toBe(true);
  }
  expect(links.every((link) => link.beaconer === beaconer || link.witness === beaconer)).toBe(true);
});

test("cells hold every hotspot once and outline a hexagon", async () => {
  const { body } = await t.json("/api/v1/cells");
  const cells = body.cells as { boundary: number[][]; state: string; hotspots: string[] }[];
  const ids = cells.flatMap(({ hotspots }) => hotspots).sort();
  expect(ids).toEqual(t.fleet.members.map(({ hotspot }) => hotspot.id).sort());
  expect(cells.every(({ boundary }) => boundary.length >= 5)).toBe(true);
  expect(new Set(cells.map(({ state }) => state))).toEqual(new Set(["proven", "offline"]));
});

test("a cell shows the best that one of its hotspots shows, whichever comes first", async () => {
  type Cells = { cells: { state: string; hotspots: string[] }[] };
  const { cells } = (await t.json("/api/v1/cells")).body as unknown as Cells;
  const proven = cells.find(({ state }) => state === "proven")?.hotspots[0];
  const there = t.fleet.members.find(({ hotspot }) => hotspot.id === proven)?.hotspot;
  if (there === undefined) throw new Error("no proven cell");
  for (const id of ["z6Mk0", "z6Mkz"]) {
    await using own = await testApp();
    await own.store.putHotspot({ ...there, id });
    const now = (await own.json("/api/v1/cells")).body as unknown as Cells;
    const shared = now.cells.find(({ hotspots }) => hotspots.includes(id));
    expect(shared?.hotspots).toContain(there.id);
    expect(shared?.state).toBe("proven");
  }
});

test("the network tells its rules, key and clock", async () => {
  const { body } = await t.json("/api/v1/network");
  expect(body).toMatchObject({
    network: "test",
    publicKey: t.deps.keys().root.toHex(),
    registration: "listed",
    entropy: { ageMs: 20_000 },
    judgedThrough: { index: t.fleet.judgedThrough },
  });
  expect((body.parameters as Record<string, unknown>).poolPerEpoch).toBe("1000000000000");
});
