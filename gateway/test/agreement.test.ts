import { expect, test } from "bun:test";
import { encodePacket, formatEvmAddress, type PacketToSign, type Random } from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/testing";
import { registeredStore, startTestGateway, type TestGateway } from "../src/testing/test-gateway.ts";
import {
  beaconOf,
  FIRST_EPOCH,
  HOTSPOTS,
  idOf,
  type Name,
  PARAMETERS,
  type SentPacket,
  signers,
  statusPacket,
  witnessOf,
} from "../src/testing/test-network.ts";
import { bundlePaths } from "../src/verify/bundle-source.ts";
import { runVerifyEpoch } from "../src/verify/verify-command.ts";

/*
 * Judging goes index by index while packets still arrive; `verify-epoch` judges a whole bundle at once. Whatever
 * happens, they must agree to the last verdict.
 */

const ADMIN_TOKEN = "correct-horse-battery-staple";
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
const EPOCHS = 4;
const startMs = FIRST_EPOCH * 8000;
const names = ["a", "b", "c", "near", "stranger"] as const;
const pick = <T>(random: Random, choices: readonly T[]): T =>
  choices[Math.floor(random() * choices.length)] as T;

/** Packets as nobody would send them: numbers used twice, reports late and repeated, positions that wander. */
function mess(random: Random): SentPacket[] {
  const sent: SentPacket[] = [];
  const send = (name: Name, packet: PacketToSign, atMs: number) =>
    sent.push({
      bytes: encodePacket(packet, signers[name], PARAMETERS.network),
      receivedAtMs: Math.max(startMs + 20, Math.round(atMs)),
    });
  // Few numbers, so that they meet.
  const number = () => 1 + Math.floor(random() * 60);
  for (let epoch = FIRST_EPOCH; epoch < FIRST_EPOCH + EPOCHS; epoch++) {
    for (const name of names) {
      if (random() < 0.4) {
        const atMs = Math.round(epoch * 8000 + random() * 8000);
        send(name, statusOf(name, number(), atMs, random), atMs);
      }
      const beacon = beaconOf(name, epoch, number());
      const delayMs = () => (random() < 0.9 ? random() * 4000 : random() * 20_000);
      const revealMs = () => (random() < 0.9 ? 4000 + random() * 2000 : random() * 20_000);
      for (let copy = 0; copy <= Number(random() < 0.2); copy++) {
        const tmstUs = counter(random, beacon.packet.tmstUs);
        send(name, { ...beacon.packet, sequence: number(), tmstUs }, beacon.index * 2000 + revealMs());
      }
      if (random() < 0.3) {
        // Claimed for another period of the window: it spoils the true one only where it came in time.
        const entropyIndex = epoch * 4 + Math.floor(random() * 4);
        send(name, { ...beacon.packet, sequence: number(), entropyIndex }, entropyIndex * 2000 + revealMs());
      }
      for (let i = 0; i < 5; i++) {
        const rssiDbm = pick(random, [-110, -110, -110, -30]);
        const witness = witnessOf(beacon, number(), { rssiDbm });
        const tmstUs = counter(random, witness.tmstUs);
        send(pick(random, names), { ...witness, tmstUs }, beacon.index * 2000 + delayMs());
      }
    }
  }
  return sent;
}

/** The concentrator's counter as it should be; now and then restarted, or not reported. */
const counter = (random: Random, tmstUs: number | null): number | null =>
  random() < 0.8 ? tmstUs : pick(random, [null, 5_000_000]);

/** What the operator does beside: moves and pays hotspots as it likes, denies and takes back, hotspots and edges. */
async function meddle(run: TestGateway, random: Random): Promise<void> {
  if (random() < 0.5) await register(run, random);
  const [hotspot, peer] = [pick(random, names), pick(random, names)].map(idOf);
  const isEdge = random() < 0.5 && hotspot !== peer;
  const denial = { hotspot, reason: "a test", evidence: "none", epochs: 1 + Math.floor(random() * 2) };
  const body = JSON.stringify(isEdge ? { ...denial, peer } : denial);
  const { status } = await run.gateway.app.request("/api/v1/denials", {
    method: "POST",
    headers: ADMIN,
    body,
  });
  expect(status).toBe(201);
  if (random() < 0.7) return;
  const path = `/api/v1/denials/${hotspot}${isEdge ? `?peer=${peer}` : ""}`;
  expect((await run.gateway.app.request(path, { method: "DELETE", headers: ADMIN })).status).toBe(200);
}

async function register(run: TestGateway, random: Random): Promise<void> {
  const stands = pick(random, HOTSPOTS);
  const place = {
    latitude: (stands.latE7 + Math.floor(random() * 2) * 50_000) / 1e7,
    longitude: stands.lonE7 / 1e7,
  };
  const { id, elevationM, region } = stands;
  const payee = pick(random, [null, stands.payee && formatEvmAddress(stands.payee)]);
  const body = JSON.stringify({ id, ...place, elevationM, antennaGainDbi: 1.2, region, payee });
  const { status } = await run.gateway.app.request("/api/v1/hotspots", {
    method: "POST",
    headers: ADMIN,
    body,
  });
  expect([201, 409]).toContain(status);
  registered.set(status, (registered.get(status) ?? 0) + 1);
}

/** How often the operator's word was taken, and how often not. */
const registered = new Map<number, number>();

/** Rules that an operator may change while the network runs. */
const changedRules = (random: Random) => ({
  ...PARAMETERS,
  maxPaidWitnesses: pick(random, [1, 1, 1, 2]),
  minDistanceM: pick(random, [100, 300, 900]),
  tmstToleranceMs: pick(random, [0, 1000, 86_400_000]),
  relocationCooldownMs: pick(random, [0, 5000, 86_400_000]),
  reciprocityPeriods: pick(random, [0, 2, 6, 40]),
  clockSkewMs: pick(random, [0, 2000, 2000]),
  poolPerEpoch: BigInt(Math.floor(random() * 1_000_000)),
});

/** By clocks that are right, a little off, or far off; late from an outbox; with payees that come and go. */
function statusOf(name: Name, sequence: number, atMs: number, random: Random): PacketToSign {
  const stands = HOTSPOTS.find(({ id }) => id === idOf(name)) ?? HOTSPOTS[0];
  if (stands === undefined) throw new TypeError("The test network has no hotspots");
  const { lonE7, elevationM, antennaGainDdbi, region } = stands;
  const payee = pick(random, [stands.payee, stands.payee, null, new Uint8Array(20).fill(9)]);
  const latE7 = stands.latE7 + Math.floor(random() * 3) * 50_000;
  const position = { latE7, lonE7, elevationM, antennaGainDdbi, region, payee };
  const strayMs = pick(random, [0, 0, 0, 0, 0, 1500, -1500, 2001, 60_000, -60_000, -4_000_000]);
  return statusPacket(sequence, atMs + strayMs, position);
}

const reasonsSeen = new Set<string>();
let rulesSeen = 0;

const seeds = Array.from({ length: 18 }, (_, i) => i + 1);
test.each(seeds)("gateway and verify-epoch agree on seed %d", async (seed) => {
  const random = seededRandom(seed);
  const packets = mess(random).sort((a, b) => a.receivedAtMs - b.receivedAtMs);
  const endMs = startMs + (EPOCHS + 3) * 8000;
  const restarts = [random(), random()].map((share) => startMs + share * (endMs - startMs)).sort();
  const parameters = changedRules(seededRandom(100 + seed));
  await using run = await startTestGateway(startMs + 10, {
    ...{ parameters, adminToken: ADMIN_TOKEN, store: await registeredStore() },
  });
  let fromMs = startMs;
  for (const untilMs of [...restarts.map(Math.round), endMs]) {
    const due = packets.filter(({ receivedAtMs: atMs }) => atMs > fromMs && atMs <= untilMs);
    await run.play(due, untilMs);
    for (let i = 0; i < 3; i++) await meddle(run, random);
    await run.restart({ parameters: changedRules(random) });
    fromMs = untilMs;
  }
  const alone = bundlePaths(run.bundlesDir);
  for (const path of [run.bundlesDir, ...alone]) {
    const text: string[] = [];
    const say = (line: string) => void text.push(line);
    const code = await runVerifyEpoch([path], { out: say, err: say, isTerminal: false });
    expect({ seed, code, said: code === 0 ? "" : text.join("") }).toEqual({ seed, code: 0, said: "" });
  }
  const epochs = await run.store.epochs({ limit: 20 });
  expect(epochs.length).toBeGreaterThan(EPOCHS);
  const verdicts = await Promise.all(epochs.map(({ epoch }) => run.store.verdictsOfEpoch(epoch)));
  for (const { reason } of verdicts.flat()) reasonsSeen.add(reason);
  rulesSeen = Math.max(rulesSeen, new Set(epochs.map(({ parametersHash }) => parametersHash.toHex())).size);
});

test("the seeds reach what is hard to agree on", () => {
  for (const reason of [
    "ok",
    "report_late",
    "sequence_reused",
    "unknown_hotspot",
    "window_used",
    "too_close",
    "not_drawn",
    "counter_mismatch",
    "denied",
    "edge_denied",
    "in_cooldown",
    "not_witnessing",
    "not_heard_lately",
  ]) {
    expect(reasonsSeen).toContain(reason);
  }
  expect(rulesSeen).toBeGreaterThan(1);
  expect(registered.get(201)).toBeGreaterThan(3);
  expect(registered.get(409)).toBeGreaterThan(3);
});
