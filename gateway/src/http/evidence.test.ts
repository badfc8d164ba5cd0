import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  changedHotspot,
  formatParameters,
  parametersHash,
  parametersMessage,
  parseParameters,
  readEvidence,
} from "@earshot/protocol";
import { FLEET_PARAMETERS, NETWORK_SIGNER } from "../testing/seeded-fleet.ts";
import { type TestApp, testApp } from "../testing/test-app.ts";

let t: TestApp;
beforeAll(async () => {
  t = await testApp();
});
afterAll(() => t[Symbol.asyncDispose]());

const idOf = (member: number): string => t.fleet.members[member]?.hotspot.id ?? "";

test("the registry shows who signed what, and what follows from it", async () => {
  for (const [member, signedBy] of [
    [0, "operator"],
    [1, "owner"],
  ] as const) {
    const { body } = await t.json(`/api/v1/hotspots/${idOf(member)}/registry`);
    const hotspot = t.fleet.members[member]?.hotspot;
    const [change] = body.changes as { evidence: string; atMs: number; fromEpoch: number }[];
    if (change === undefined) throw new TypeError("No change is listed");
    expect(change).toMatchObject({ signedBy, fromEpoch: 0, relocatedAtMs: null, region: "EU868" });
    const bytes = Uint8Array.fromBase64(change.evidence);
    const evidence = readEvidence(bytes, FLEET_PARAMETERS.network, NETWORK_SIGNER.publicKey);
    expect(evidence?.by).toBe(signedBy);
    if (evidence === undefined) continue;
    const known = { atMs: change.atMs, fromEpoch: change.fromEpoch, evidence: bytes };
    expect(changedHotspot(undefined, known, evidence)).toEqual(hotspot);
  }
});

test("edges add up over the epochs of the window, both ways", async () => {
  const id = idOf(1);
  const stored = await t.store.edgesOf(id);
  const { body } = await t.json(`/api/v1/hotspots/${id}/edges`);
  expect(body).toMatchObject({ hotspotId: id, windowEpochs: 30, fromEpoch: stored[0]?.epoch });
  const edges = body.edges as { heard: { heard: number } | null; heardBy: { heard: number } | null }[];
  const sum = edges.reduce(
    (total, { heard, heardBy }) => total + (heard?.heard ?? 0) + (heardBy?.heard ?? 0),
    0,
  );
  expect(sum).toBe(stored.reduce((total, { heard }) => total + heard, 0));
  expect(sum).toBeGreaterThan(3);
});

test("an edge's level is that of all epochs together", async () => {
  const [witness = "", beaconer = ""] = [idOf(2), idOf(3)];
  const levels = { rssiSumDbm: -210, rssiSumSquares: 22_082, rssiMinDbm: -106, rssiMaxDbm: -104, heard: 2 };
  const latest = await t.store.latestEpoch();
  if (latest === undefined) throw new TypeError("No epoch is closed");
  for (const after of [1, 2]) {
    const epoch = { ...latest, epoch: latest.epoch + after };
    await t.store.addEpoch(epoch, [], [{ beaconer, witness, ...levels }], latest.epoch + 1);
  }
  const { body } = await t.json(`/api/v1/hotspots/${witness}/edges`);
  expect(body.edges).toMatchObject([
    {
      peer: beaconer,
      heard: { heard: 4, rssiMeanDbm: -105, rssiDeviationDb: 4, rssiMinDbm: -106, rssiMaxDbm: -104 },
      heardBy: null,
    },
  ]);
  const { body: other } = await t.json(`/api/v1/hotspots/${beaconer}/edges`);
  expect(other.edges).toMatchObject([{ peer: witness, heard: null, heardBy: { heard: 4 } }]);
});

test("a hotspot that nobody registered has neither", async () => {
  const stranger = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
  for (const what of ["registry", "edges"]) {
    const { status, body } = await t.json(`/api/v1/hotspots/${stranger}/${what}`);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "unknown_hotspot" });
  }
});

test("every version of the parameters is published as signed, and the network names the one in force", async () => {
  const { body } = await t.json("/api/v1/parameters");
  const [version] = body.versions as { message: string; parameters: object; parametersHash: string }[];
  const opened = parametersMessage.open(
    Uint8Array.fromBase64(version?.message ?? ""),
    FLEET_PARAMETERS.network,
    NETWORK_SIGNER.publicKey,
  );
  expect(opened).toMatchObject({ ok: true });
  if (!opened.ok) return;
  expect(parseParameters(version?.parameters)).toEqual(opened.value);
  expect(version?.parametersHash).toBe(parametersHash(opened.value).toHex());
  const { body: network } = await t.json("/api/v1/network");
  expect(network).toMatchObject({
    parameters: formatParameters(opened.value),
    parametersHash: version?.parametersHash,
    next: null,
  });
});
