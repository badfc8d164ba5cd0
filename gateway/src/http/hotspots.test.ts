import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { hotspotId, signerFromSeed } from "@earshot/protocol";
import { statusOf } from "../testing/seeded-fleet.ts";
import { appOver, type TestApp, testApp } from "../testing/test-app.ts";
import { missingIn } from "./hotspot-detail.ts";
import { ONLINE_WITHIN_MS } from "./presence.ts";

let t: TestApp;
beforeAll(async () => {
  t = await testApp();
});
afterAll(() => t[Symbol.asyncDispose]());

const idOf = (index: number): string => t.fleet.members[index]?.hotspot.id ?? "";

interface View {
  id: string;
  name: string;
  latitude: number;
  online: boolean;
  lastSeenAtMs: number | null;
  recent: { judged: number; paid: number };
}

async function listed(query = ""): Promise<{ hotspots: View[]; next: string | null }> {
  const { body } = await t.json(`/api/v1/hotspots${query}`);
  return body as unknown as { hotspots: View[]; next: string | null };
}

describe("list of hotspots", () => {
  test("goes through all of them in pages, by ascending id", async () => {
    const seen: string[] = [];
    for (let query = "?limit=5"; query !== ""; ) {
      const { hotspots, next } = await listed(query);
      seen.push(...hotspots.map(({ id }) => id));
      query = next === null ? "" : `?limit=5&after=${next}`;
    }
    expect(seen).toEqual(t.fleet.members.map(({ hotspot }) => hotspot.id).sort());
  });

  test("says who is online, and since when silent ones are", async () => {
    const { hotspots } = await listed();
    const view = (id: string) => hotspots.find((hotspot) => hotspot.id === id);
    expect(view(idOf(0))).toMatchObject({ online: true, lastSeenAtMs: t.clock.now() });
    expect(view(idOf(5))).toMatchObject({ online: false, lastSeenAtMs: null });
    expect(view(idOf(6))).toMatchObject({ online: false, lastSeenAtMs: t.clock.now() - 24_000 });
  });

  test("takes a hotspot for offline once its status is old", async () => {
    const { hotspot } = t.fleet.members[0] ?? { hotspot: undefined };
    if (hotspot === undefined) throw new Error("no hotspot");
    await using other = await testApp();
    await other.clock.advance(ONLINE_WITHIN_MS);
    const before = await other.json(`/api/v1/hotspots/${hotspot.id}`);
    expect(before.body.hotspot).toMatchObject({ online: true });
    await other.clock.advance(1);
    const after = await appOver(other.deps).json(`/api/v1/hotspots/${hotspot.id}`);
    expect(after.body.hotspot).toMatchObject({
      online: false,
      lastSeenAtMs: other.clock.now() - ONLINE_WITHIN_MS - 1,
    });
  });

  test("believes a connection that came or went after the last status", async () => {
    await using other = await testApp();
    const atMs = other.clock.now();
    other.deps.events.emit({ kind: "hotspot", hotspotId: idOf(5), online: true, atMs });
    other.deps.events.emit({ kind: "hotspot", hotspotId: idOf(1), online: false, atMs });
    const five = await other.json(`/api/v1/hotspots/${idOf(5)}`);
    const one = await other.json(`/api/v1/hotspots/${idOf(1)}`);
    expect(five.body.hotspot).toMatchObject({ online: true, lastSeenAtMs: atMs });
    expect(one.body.hotspot).toMatchObject({ online: false, lastSeenAtMs: atMs });
  });

  test("counts the newest judged reports", async () => {
    const { hotspots } = await listed();
    const verdicts = await t.store.verdictsOfHotspot(idOf(0), { limit: 50 });
    const paid = verdicts.filter(({ outcome }) => outcome === "paid").length;
    const view = hotspots.find(({ id }) => id === idOf(0));
    expect(view?.recent).toMatchObject({ judged: verdicts.length, paid });
    expect(paid).toBeGreaterThan(0);
  });

  test("counts again after the next judging run", async () => {
    await using other = await testApp();
    const path = `/api/v1/hotspots/${idOf(0)}`;
    const { body: before } = await other.json(path);
    const [newest] = await other.store.verdictsOfHotspot(idOf(0), { limit: 1 });
    if (newest === undefined) throw new Error("no verdict");
    const refused = { ...newest, packetId: "f".repeat(64), outcome: "refused" as const, reason: "too_far" };
    const entropyIndex = other.fleet.judgedThrough + 1;
    await other.store.addJudgement(entropyIndex, [refused], [], []);
    other.deps.events.emit({ kind: "verdicts", entropyIndex, verdicts: [refused] });
    const { body: after } = await other.json(path);
    const reasons = (body: typeof before) =>
      (body.hotspot as { recent: { refusedByReason: Record<string, number> } }).recent.refusedByReason;
    expect(reasons(before).too_far).toBeUndefined();
    expect(reasons(after).too_far).toBe(1);
  });
});

describe("one hotspot", () => {
  test("shows status, sequence gaps and earnings, but no counts of frames", async () => {
    const { hotspot } = t.fleet.members[1] ?? {};
    if (hotspot === undefined) throw new Error("no hotspot");
    const stored = (sequence: number) => ({
      id: sequence.toString(16).padStart(64, "0"),
      hotspotId: hotspot.id,
      type: "status" as const,
      sequence,
      receivedAtMs: t.clock.now(),
      bytes: Uint8Array.of(sequence),
      entropyIndex: null,
      beaconKey: null,
      epoch: 1,
      isLate: false,
    });
    await t.store.addPackets([1, 2, 3, 7, 8, 12].map(stored));
    await t.store.putStatus(hotspot.id, statusOf(hotspot, t.clock.now(), "online"), t.clock.now());
    const { body } = await t.json(`/api/v1/hotspots/${hotspot.id}`);
    expect(body.sequence).toEqual({
      ranges: [
        { first: 1, last: 3 },
        { first: 7, last: 8 },
        { first: 12, last: 12 },
      ],
      missing: 6,
    });
    expect(body.status).toMatchObject({
      radio: { ackPermille: 987, temperatureC: 41.2, channels: 8, spreadingFactors: 6 },
      gnss: {
        fixMode: 3,
        satellitesUsed: 11,
        latitude: hotspot.latE7 / 1e7,
        longitude: hotspot.lonE7 / 1e7,
        altitudeM: 214,
        horizontalErrorM: 2.3,
        integrityFlags: 0,
      },
      machine: { cpuTemperatureC: 51.2, load: 0.14, diskUsedPermille: 384, underVoltage: false },
      outboxQueued: 3,
    });
    expect(JSON.stringify(body)).not.toMatch(/4711|1234|rxOk|transmitted/);
    const latest = await t.store.latestEpoch();
    const payments = await t.store.payments(latest?.epoch ?? 0);
    const payment = payments.find(({ hotspotId: id }) => id === hotspot.id);
    expect(body.earned).toEqual({
      epoch: latest?.epoch,
      cumulative: payment?.cumulative.toString(),
      delta: payment?.delta.toString(),
    });
  });

  test("that nobody registered is a 404 that names it", async () => {
    const id = hotspotId(signerFromSeed(new Uint8Array(32).fill(77)).publicKey);
    for (const path of [`hotspots/${id}`, `hotspots/${id}/verdicts`, `links?hotspot=${id}`]) {
      const { status, body } = await t.json(`/api/v1/${path}`);
      expect(status).toBe(404);
      expect(body.error).toMatchObject({ code: "unknown_hotspot", parameter: "id", value: id });
    }
  });

  test("missing numbers lie between ranges only", () => {
    expect(missingIn([])).toBe(0);
    expect(missingIn([{ first: 5, last: 9 }])).toBe(0);
    expect(
      missingIn([
        { first: 1, last: 1 },
        { first: 3, last: 3 },
      ]),
    ).toBe(1);
  });
});

test("verdicts come newest first, in pages, each with its sentence and numbers", async () => {
  const all = await t.store.verdictsOfHotspot(idOf(0), { limit: 200 });
  const seen: { packetId: string; sentence: string; reason: string; measurements: object[] }[] = [];
  for (let after = ""; ; ) {
    const { body } = await t.json(`/api/v1/hotspots/${idOf(0)}/verdicts?limit=20${after}`);
    seen.push(...(body.verdicts as typeof seen));
    if (body.next === null) break;
    after = `&after=${body.next}`;
  }
  expect(seen.map(({ packetId }) => packetId)).toEqual(all.map(({ packetId }) => packetId));
  const stronger = seen.find(({ reason }) => reason === "rssi_above_free_space");
  expect(stronger?.sentence).toContain(
    "RSSI -41 dBm with SNR 9 dB means a signal 16 dB stronger than free space allows at 508 m",
  );
  expect(stronger?.measurements).toContainEqual({ name: "distanceM", value: 508 });
});
