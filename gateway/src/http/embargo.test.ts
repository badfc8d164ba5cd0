import { expect, test } from "bun:test";
import {
  BeaconChains,
  type DecodedPacket,
  decodePacket,
  deriveBeacon,
  encodePacket,
  NO_DETAILS,
  type PacketToSign,
  packetBeaconKey,
  REGIONS,
  revealDeadlineMs,
  type Signer,
  windowOf,
} from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/testing";
import type { StoredPacket, StoredVerdict } from "../store/records.ts";
import { entropyAt, FLEET_PARAMETERS, type FleetMember, member } from "../testing/seeded-fleet.ts";
import { type TestApp, testApp } from "../testing/test-app.ts";

const { network } = FLEET_PARAMETERS;

interface Secret {
  beaconer: FleetMember;
  witnesses: FleetMember[];
  entropyIndex: number;
  key: string;
  packets: StoredPacket[];
  /** All byte strings that would betray the beacon. */
  betraying: Uint8Array[];
}

function decoded(packet: PacketToSign, signer: Signer): DecodedPacket {
  const result = decodePacket(encodePacket(packet, signer, network));
  if (!result.ok) throw new Error(result.code);
  return result.decoded;
}

/** A beacon sent just now by a hotspot without history, and the reports of two such that heard it. */
async function fileSecret(t: TestApp): Promise<Secret> {
  const random = seededRandom(99);
  const [beaconer, ...witnesses] = [100, 101, 102].map((seed) => member(seed, random)) as [
    FleetMember,
    ...FleetMember[],
  ];
  for (const { hotspot } of [beaconer, ...witnesses]) await t.store.putHotspot(hotspot);
  const atMs = t.clock.now();
  const entropyIndex = Math.floor(atMs / FLEET_PARAMETERS.entropyPeriodMs);
  const { value } = entropyAt(entropyIndex, FLEET_PARAMETERS);
  const window = windowOf(entropyIndex, FLEET_PARAMETERS.windowPeriods);
  const revealed = new BeaconChains(beaconer.signer, network).valueOf(window);
  const { frame, freqHz, spreadingFactor, bandwidthHz } = deriveBeacon(
    beaconer.signer.publicKey,
    { network, window, value: revealed },
    { index: entropyIndex, value },
    REGIONS.EU868,
  );
  const radio = { atMs, freqHz, spreadingFactor, bandwidthHz, tmstUs: 7, gnss: null };
  const beacon = decoded(
    {
      type: "beacon",
      sequence: 5,
      entropyIndex,
      value: revealed,
      powerDbm: 14,
      ...radio,
    },
    beaconer.signer,
  );
  const heard = witnesses.map(({ signer }) =>
    decoded(
      { type: "witness", sequence: 9, frame, rssiDbm: -101, snrDdb: 55, ...radio, ...NO_DETAILS },
      signer,
    ),
  );
  const reports = [beacon, ...heard];
  const key = packetBeaconKey({ packet: beacon.packet as never, publicKey: beacon.publicKey });
  const senders = [beaconer, ...witnesses];
  const packets = reports.map(
    ({ id, bytes, packet }, i): StoredPacket => ({
      id: id.toHex(),
      hotspotId: senders[i]?.hotspot.id ?? "",
      type: packet.type,
      sequence: packet.sequence,
      receivedAtMs: atMs + 1000,
      bytes,
      entropyIndex,
      epoch: Math.floor(entropyIndex / FLEET_PARAMETERS.epochPeriods),
      isLate: false,
    }),
  );
  await t.store.addPackets(packets);
  const betraying = [
    frame,
    frame.slice(-16),
    revealed,
    ...heard.map(({ packet }) => (packet.type === "witness" ? packet.claim : revealed)),
    Uint8Array.fromHex(key),
    ...reports.flatMap(({ id, bytes, signature }) => [id, bytes, signature]),
  ];
  return { beaconer, witnesses, entropyIndex, key, packets, betraying };
}

/** Every GET endpoint of the OpenAPI document, its parameters filled with all that exists. */
async function crawl(t: TestApp): Promise<Map<string, string>> {
  const document = (await t.json("/api/v1/openapi.json")).body as { paths: Record<string, object> };
  const hotspots = (await t.store.hotspots()).map(({ id }) => id);
  const latest = (await t.store.latestEpoch())?.epoch ?? 0;
  const values: Record<string, string[]> = {
    id: hotspots,
    hotspot: hotspots,
    epoch: [latest - 1, latest, latest + 1].map(String),
    key: (await t.store.recentBeacons({ limit: 200 })).map(({ beaconKey }) => beaconKey),
    packetId: (await t.store.verdictsOfHotspot(hotspots[0] ?? "", { limit: 10 })).map((v) => v.packetId),
    file: ["manifest.cbor"],
    source: ["meter"],
  };
  const paths = Object.keys(document.paths).filter((path) => "get" in (document.paths[path] ?? {}));
  const filled = paths.flatMap((path) => fill(path, values));
  const lists = filled.filter((path) => /(verdicts|beacons|epochs)$/.test(path));
  const queries = [
    ...hotspots.map((id) => `/api/v1/links?hotspot=${id}`),
    ...lists.map((path) => `${path}?limit=1`),
  ];
  const texts = new Map<string, string>();
  for (const path of ["/", ...filled, ...queries]) {
    if (path.endsWith("/events")) continue;
    texts.set(path, await (await t.app.request(path)).text());
  }
  return texts;
}

function fill(path: string, values: Record<string, string[]>): string[] {
  const name = /\{(\w+)\}/.exec(path)?.[1];
  if (name === undefined) return [path];
  return (values[name] ?? []).flatMap((value) => fill(path.replace(`{${name}}`, value), values));
}

/** Hex and both base64s of what must not be told, as found in a text. */
function betrayals(text: string, secret: Secret): string[] {
  const forms = secret.betraying.flatMap((bytes) => [
    bytes.toHex(),
    bytes.toBase64().replaceAll("=", ""),
    bytes.toBase64({ alphabet: "base64url", omitPadding: true }),
  ]);
  return forms.filter((form) => text.toLowerCase().includes(form.toLowerCase()));
}

const secretVerdicts = (t: TestApp, { packets, entropyIndex, key }: Secret): StoredVerdict[] =>
  packets.map(({ id, hotspotId, type, epoch }) => ({
    packetId: id,
    hotspotId,
    beaconKey: key,
    type: type as "beacon" | "witness",
    outcome: "paid",
    reason: "ok",
    measurements: [],
    epoch: epoch ?? 0,
    entropyIndex,
    judgedAtMs: t.clock.now(),
  }));

const judge = (t: TestApp, secret: Secret): Promise<void> => {
  const { entropyIndex, key, beaconer, witnesses } = secret;
  const proven = {
    beaconKey: key,
    beaconer: beaconer.hotspot.id,
    witnesses: witnesses.map(({ hotspot }) => hotspot.id).sort(),
    epoch: Math.floor(entropyIndex / FLEET_PARAMETERS.epochPeriods),
    entropyIndex,
  };
  return t.store.addJudgement(entropyIndex, secretVerdicts(t, secret), [proven], []);
};

async function expectSilence(t: TestApp, secret: Secret): Promise<void> {
  const texts = await crawl(t);
  expect(texts.size).toBeGreaterThan(50);
  for (const [path, text] of texts) {
    // Asked for by its key or id, the answer repeats what the asker knew.
    const told = path === "/" ? text : text.replaceAll(path.split("/").at(-1) ?? "", "");
    expect({ path, betrayed: betrayals(told, secret) }).toEqual({ path, betrayed: [] });
  }
  const { body } = await t.json("/api/v1/links");
  const ids = new Set([secret.beaconer, ...secret.witnesses].map(({ hotspot }) => hotspot.id));
  const links = body.links as { beaconer: string; witness: string }[];
  expect(links.filter(({ beaconer, witness }) => ids.has(beaconer) || ids.has(witness))).toEqual([]);
  for (const id of ids) {
    const { body: detail } = await t.json(`/api/v1/hotspots/${id}`);
    expect((detail.hotspot as { recent: object }).recent).toEqual({
      judged: 0,
      paid: 0,
      unpaid: 0,
      refusedByReason: {},
    });
  }
}

test("before the deadline no endpoint betrays anything of a reported beacon", async () => {
  await using t = await testApp();
  const secret = await fileSecret(t);
  await expectSilence(t, secret);
});

test("who guesses a key or a packet id learns nothing from the answer", async () => {
  await using t = await testApp();
  const secret = await fileSecret(t);
  const pairs = [
    ["beacons", secret.key, "0".repeat(24)],
    ["verdicts", secret.packets[0]?.id ?? "", "0".repeat(64)],
  ] as const;
  for (const [list, real, invented] of pairs) {
    const known = await t.json(`/api/v1/${list}/${real}`);
    const unknown = await t.json(`/api/v1/${list}/${invented}`);
    expect(known.status).toBe(404);
    expect(JSON.stringify(known).replaceAll(real, invented)).toBe(JSON.stringify(unknown));
  }
});

test("even a judgement made too early stays locked, in answers and in the stream", async () => {
  await using t = await testApp();
  const secret = await fileSecret(t);
  const response = await t.app.request("/api/v1/events");
  const reader = response.body?.getReader();
  await reader?.read();
  await judge(t, secret);
  const verdicts = secretVerdicts(t, secret);
  t.deps.events.emit({ kind: "verdicts", entropyIndex: secret.entropyIndex, verdicts });
  t.deps.events.emit({ kind: "verdicts", entropyIndex: secret.entropyIndex - 30, verdicts });
  t.deps.events.emit({ kind: "entropy", index: 1, atMs: 1 });
  const streamed: string[] = [];
  while (!streamed.at(-1)?.includes("event: entropy")) {
    streamed.push(new TextDecoder().decode((await reader?.read())?.value));
  }
  expect(betrayals(streamed.join(""), secret)).toEqual([]);
  await reader?.cancel();
  await expectSilence(t, secret);
});

test("at the deadline it is still locked; a millisecond later it is open", async () => {
  await using t = await testApp();
  const secret = await fileSecret(t);
  const deadlineMs = revealDeadlineMs(secret.entropyIndex, FLEET_PARAMETERS);
  await judge(t, secret);
  await t.clock.advance(deadlineMs - t.clock.now());
  await expectSilence(t, secret);
  await t.clock.advance(1);
  const { status, body } = await t.json(`/api/v1/beacons/${secret.key}`);
  expect(status).toBe(200);
  expect(body.witnessReports).toHaveLength(2);
  const told = [...(await crawl(t)).values()].join("\n");
  expect(told).toContain(secret.key);
  for (const { id } of secret.packets) expect(told).toContain(id);
});
