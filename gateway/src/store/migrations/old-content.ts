import { expect } from "bun:test";
import type { StoredPacket } from "../records.ts";
import type { Store } from "../store.ts";
import { OLD_EPOCH, OLD_HOTSPOTS, OLD_ROWS } from "./old-schemas.ts";

const [A, B] = OLD_HOTSPOTS;
const EPOCH = OLD_EPOCH;
const INDEX = EPOCH * 1440;
const AT_MS = INDEX * 60_000;
const id = (n: number) => n.toString(16).repeat(32);

/** What the rows of every old schema mean, whichever way they are stored now. */
export async function expectOldContent(store: Store, schema: string): Promise<void> {
  const packets = [
    ...(await store.packetsBySequence(A, [1])),
    ...(await store.packetsBySequence(B, [1, 2, 3, 7])),
  ];
  expect(packets.map(shortly).sort()).toEqual([
    `${id(0xa1)} ${A} beacon 1 ${AT_MS + 1} 90 ${INDEX} ${EPOCH} false`,
    `${id(0xb1)} ${B} witness 1 ${AT_MS + 1} 90 ${INDEX} ${EPOCH} false`,
    `${id(0xb2)} ${B} witness 1 ${AT_MS + 2} 80 ${INDEX} ${EPOCH} false`,
    `${id(0xb3)} ${B} witness 2 ${AT_MS + 600_001} 90 ${INDEX} ${EPOCH} true`,
    `${id(0xb4)} ${B} status 3 ${AT_MS + 3} 90 null null false`,
    `${id(0xb5)} ${B} reading 7 ${AT_MS + 7} 90 null null false`,
  ]);
  expect(packets.every(({ bytes, id }) => bytes.every((byte) => id.startsWith(byte.toString(16))))).toBe(
    true,
  );
  expect((await store.reportsOfIndex(INDEX)).map(({ id }) => id.slice(0, 2))).toEqual([
    "a1",
    "b1",
    "b2",
    "b3",
  ]);
  expect(await store.reusedNumbers(INDEX, EPOCH)).toEqual(new Set([id(0xb2)]));
  expect(await store.sequenceRanges(B)).toEqual([
    { first: 1, last: 3 },
    { first: 7, last: 7 },
  ]);
  expect(await store.readingSources(B, AT_MS, 9)).toEqual([
    { source: "gps", firstAtMs: AT_MS - 3, latestAtMs: AT_MS - 3 },
  ]);
  const verdicts = await store.verdictsOfEpoch(EPOCH);
  expect(verdicts.map(({ packetId, reason }) => `${packetId.slice(0, 2)} ${reason}`)).toEqual([
    "a1 too_close",
    "b1 no_beacon",
    "b3 report_late",
  ]);
  expect(await store.verdict(id(0xb1))).toMatchObject({
    ...{ hotspotId: B, outcome: "refused", measurements: [{ name: "distanceM", value: 120 }] },
    ...{ entropyIndex: INDEX, judgedAtMs: AT_MS + 660_000 },
  });
  const [beacon] = await store.recentBeacons({ limit: 9 });
  expect(beacon).toMatchObject({ beaconer: A, witnesses: [B], entropyIndex: INDEX });
  expect(await store.verdictsOfBeacon(beacon?.beaconKey ?? "")).toHaveLength(3);
  expect(await store.judgedThrough()).toBe(INDEX);
  expect(await store.contactsBefore([A, B], INDEX + 1)).toEqual(
    new Map([
      [A, { beaconed: INDEX - 1440, witnessed: null }],
      [B, { beaconed: null, witnessed: INDEX }],
    ]),
  );
  await expectOldRegistry(store, schema);
  expect(await store.payment(EPOCH - 1, A)).toMatchObject({ cumulative: 2n ** 90n, delta: 999n });
  expect(await store.latestEpoch()).toMatchObject({
    ...{ epoch: EPOCH - 1, paid: 999n, root: new Uint8Array(32).fill(10), bundle: `epoch-${EPOCH - 1}` },
    registryHash: new Uint8Array(32).fill(schema === "6" ? 0 : 13),
  });
  expect(await store.edgesOf(B)).toMatchObject([{ beaconer: A, witness: B, heard: 2, rssiMaxDbm: -99 }]);
  expect((await store.statuses([B])).get(B)).toMatchObject({
    receivedAtMs: AT_MS + 1,
    status: { sequence: 3 },
  });
  const entropy = await store.latestEntropy();
  expect(entropy?.entropy).toMatchObject({ index: INDEX, windowPeriods: 360 });
  expect(entropy?.message).toEqual(new Uint8Array(120).fill(8));
}

async function expectOldRegistry(store: Store, schema: string): Promise<void> {
  expect((await store.hotspotHistory(A)).map(({ change }) => change.fromEpoch)).toEqual([
    EPOCH - 3,
    EPOCH - 1,
  ]);
  const [first, second] = [A, B].sort();
  const [next] = await store.hotspotPage({ limit: 1, after: first ?? "" });
  const short = new Map(
    [...(await store.hotspotsByShortId([A, B].map(shortOf)))].map(([key, { id }]) => [id, key]),
  );
  expect([next?.id, short.get(A), short.get(B)]).toEqual([second, shortOf(A), shortOf(B)]);
  expect(await store.shownSince([A, B])).toEqual(schema === "6" ? new Map() : new Map([[A, EPOCH - 1]]));
  expect(await store.denials()).toMatchObject([{ denial: { evidence: "case 1", fromEpoch: EPOCH + 1 } }]);
  expect(await store.parametersVersions()).toMatchObject([{ message: new Uint8Array(100).fill(7) }]);
}

/** Of `OLD_ROWS`: what the tables say of it. */
const shortOf = (hotspot: string) =>
  String(OLD_ROWS.hotspots?.find((row) => row.id === hotspot)?.short_id ?? "none");

const shortly = (packet: StoredPacket) =>
  [packet.id, packet.hotspotId, packet.type, packet.sequence, packet.receivedAtMs, packet.bytes.length]
    .concat([String(packet.entropyIndex), String(packet.epoch), String(packet.isLate)])
    .join(" ");
