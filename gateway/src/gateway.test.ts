import { describe, expect, test } from "bun:test";
import {
  downTopic,
  encodeBeaconFrame,
  entropyMessage,
  entropyTopic,
  NETWORK_FORMATS,
  parametersHash,
  publicKeyOf,
  receiptMessage,
  revealDeadlineMs,
  verdictMessage,
} from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/testing";
import manifest from "../package.json" with { type: "json" };
import { createGateway } from "./gateway.ts";
import type { IngestOutcome } from "./ingest/ingest.ts";
import type { GatewayEvent } from "./monitoring/events.ts";
import { openStore } from "./store/open-store.ts";
import { StoreLostError } from "./store/owner.ts";
import type { Store } from "./store/store.ts";
import { assertions, registeredStore, startTestGateway, type TestGateway } from "./testing/test-gateway.ts";
import {
  beaconOf,
  epochPackets,
  FIRST_EPOCH,
  idOf,
  networkSigner,
  PARAMETERS,
  type SentPacket,
  witnessOf,
} from "./testing/test-network.ts";
import { runVerifyEpoch } from "./verify/verify-command.ts";

const { network } = PARAMETERS;
const startMs = FIRST_EPOCH * 8000;
/** Both epochs are closed by then: the last index's draw is five periods after it. */
const endMs = startMs + 26_000;
const twoEpochs: readonly SentPacket[] = [
  ...assertions(startMs + 20),
  ...epochPackets(FIRST_EPOCH),
  ...epochPackets(FIRST_EPOCH + 1),
];

/** What `verify-epoch` says of all bundles that the gateway wrote. */
async function verified({ bundlesDir }: TestGateway): Promise<{ code: number; text: string }> {
  const text: string[] = [];
  const say = (line: string) => void text.push(line);
  const code = await runVerifyEpoch([bundlesDir], { out: say, err: say, isTerminal: false });
  return { code, text: text.join("") };
}

async function results({ store }: TestGateway) {
  const epochs = (await store.epochs({ limit: 10 })).map(({ epoch, root, paid }) => [
    epoch,
    root.toHex(),
    paid,
  ]);
  const verdicts = await Promise.all([0, 1, 2].map((i) => store.verdictsOfEpoch(FIRST_EPOCH + i)));
  const reasons = verdicts.flat().map(({ packetId, epoch, reason }) => [packetId, epoch, reason]);
  return { epochs, reasons: reasons.sort() };
}

test("two epochs come out as verify-epoch recomputes them", async () => {
  await using run = await startTestGateway(startMs + 10, { store: await registeredStore() });
  await run.play(twoEpochs, endMs);
  const epochs = await run.store.epochs({ limit: 10 });
  expect(epochs.map(({ epoch, paid }) => [epoch, paid > 0n])).toEqual([
    [FIRST_EPOCH + 1, true],
    [FIRST_EPOCH, true],
  ]);
  expect(await verified(run)).toMatchObject({ code: 0 });
  const reasons = (await run.store.verdictsOfEpoch(FIRST_EPOCH + 1)).map(({ reason }) => reason);
  expect(reasons).toContain("ok");
  expect(reasons).toContain("report_late");
  expect(reasons).toContain("too_close");
  expect(run.gateway.metrics).toMatchObject({ closedEpoch: FIRST_EPOCH + 1, downlinkFailures: 0 });
});

test("a report about the time before the network began spoils nothing", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.clock.advance(5);
  // Its deadline has not passed, but its own epoch was never open.
  const early = { ...beaconOf("stranger", FIRST_EPOCH - 1, 3).packet, entropyIndex: FIRST_EPOCH * 4 - 1 };
  expect(await run.sendAs("stranger", early)).toMatchObject({ ok: true });
  await run.play(twoEpochs, endMs);
  expect(await verified(run)).toMatchObject({ code: 0 });
});

describe("however it is interrupted, the same comes out", () => {
  test.each([2500, 5100, 7700, 9100, 12_300, 15_900, 18_100, 21_000])("restart after %d ms", async (ms) => {
    await using whole = await startTestGateway(startMs + 10);
    await whole.play(twoEpochs, endMs);
    await using broken = await startTestGateway(startMs + 10);
    const before = twoEpochs.filter(({ receivedAtMs }) => receivedAtMs <= startMs + ms);
    await broken.play(before, startMs + ms);
    await broken.restart();
    await broken.play(
      twoEpochs.filter((packet) => !before.includes(packet)),
      endMs,
    );
    expect(await results(broken)).toEqual(await results(whole));
    expect(await verified(broken)).toMatchObject({ code: 0 });
  });

  test("packets that come twice, the second time much later", async () => {
    await using once = await startTestGateway(startMs + 10);
    await once.play(twoEpochs, endMs);
    await using twice = await startTestGateway(startMs + 10);
    const again = twoEpochs.map(({ bytes }, i) => ({ bytes, receivedAtMs: startMs + 20_000 + i }));
    await twice.play([...twoEpochs, ...again], endMs);
    expect(await results(twice)).toEqual(await results(once));
    expect(twice.gateway.metrics.duplicates).toBeGreaterThan(20);
  });
});

describe("a late report", () => {
  const beacon = beaconOf("a", FIRST_EPOCH, 500);
  const late = witnessOf(beacon, 500);

  test("is refused at once when its beacon has been judged, and is in a bundle", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play(twoEpochs, startMs + 17_000);
    expect(await run.store.judgedThrough()).toBeGreaterThanOrEqual(beacon.index);
    const sent = run.sent.length;
    const outcome = await run.sendAs("b", late);
    await run.clock.advance(0);
    expect(await run.store.verdict(outcome.packetId)).toMatchObject({
      reason: "report_late",
      outcome: "refused",
      entropyIndex: beacon.index,
    });
    expect(run.sent.slice(sent).map(({ topic }) => topic)).toEqual([
      downTopic(network, idOf("b"), "verdict"),
    ]);
    await run.play([], startMs + 36_000);
    expect((await run.store.epochs({ limit: 10 })).length).toBeGreaterThanOrEqual(3);
    expect(await verified(run)).toMatchObject({ code: 0 });
  });

  test("whose verdict was lost to a crash gets it after the restart", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play(twoEpochs, startMs + 17_000);
    const { addLateVerdicts } = run.store;
    run.store.addLateVerdicts = () => Promise.reject(new Error("killed"));
    const { packetId } = await run.sendAs("b", late);
    await run.clock.advance(0);
    expect(await run.store.verdict(packetId)).toBeUndefined();
    run.store.addLateVerdicts = addLateVerdicts;
    await run.restart();
    await run.clock.advance(0);
    expect(await run.store.verdict(packetId)).toMatchObject({ reason: "report_late" });
  });
});

test("an epoch in which the network was down is skipped, and the chain of bundles still holds", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.play(
    twoEpochs.filter(({ receivedAtMs }) => receivedAtMs < startMs + 8000),
    startMs + 8100,
  );
  await run.stop();
  await run.clock.advance(40_000);
  await run.restart();
  const epoch = FIRST_EPOCH + 7;
  const packets = epochPackets(epoch).filter(({ receivedAtMs }) => receivedAtMs > run.clock.now());
  await run.play(packets, (epoch + 3) * 8000);
  const closed = (await run.store.epochs({ limit: 10 })).map((stored) => stored.epoch);
  expect(closed).toContain(FIRST_EPOCH);
  expect(closed).toContain(epoch);
  expect(closed).not.toContain(FIRST_EPOCH + 3);
  expect(await verified(run)).toMatchObject({ code: 0 });
});

test("nothing about a beacon leaves the gateway before its report deadline", async () => {
  await using run = await startTestGateway(startMs + 10);
  const told: { entropyIndex: number; atMs: number }[] = [];
  run.gateway.events.listen((event: GatewayEvent) => {
    if (event.kind === "verdicts") told.push({ entropyIndex: event.entropyIndex, atMs: run.clock.now() });
  });
  await run.play(twoEpochs, endMs);
  for (const { topic, bytes, atMs } of run.sent.filter((message) => message.topic.endsWith("/verdict"))) {
    const opened = verdictMessage.open(bytes, network);
    if (!opened.ok) throw new Error(`${topic}: ${opened.code}`);
    for (const { packetId } of opened.value.verdicts) {
      const verdict = await run.store.verdict(packetId.toHex());
      if (verdict !== undefined) told.push({ entropyIndex: verdict.entropyIndex, atMs });
    }
  }
  expect(told.length).toBeGreaterThan(20);
  const early = told.filter(({ entropyIndex, atMs }) => atMs <= revealDeadlineMs(entropyIndex, PARAMETERS));
  expect(early).toEqual([]);
});

describe("what hotspots are told", () => {
  test("entropy, receipts and verdicts, each signed by the network", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play(twoEpochs, endMs);
    const open = (
      topic: string,
      codec: typeof entropyMessage | typeof verdictMessage | typeof receiptMessage,
    ) =>
      run.sent
        .filter((message) => message.topic === topic)
        .map(({ bytes }) => codec.open(bytes, network, networkSigner.publicKey));
    const entropy = open(entropyTopic(network), entropyMessage);
    expect(entropy.length).toBeGreaterThan(10);
    const verdicts = open(downTopic(network, idOf("b"), "verdict"), verdictMessage);
    expect(verdicts.length).toBeGreaterThan(3);
    const receipts = open(downTopic(network, idOf("a"), "receipt"), receiptMessage);
    expect(receipts.at(-1)).toMatchObject({
      value: {
        hotspot: publicKeyOf(idOf("a")),
        used: [
          { first: 1, last: 1 },
          { first: 10, last: 12 },
          { first: 20, last: 22 },
        ],
        gateway: { version: manifest.version, formats: NETWORK_FORMATS },
      },
    });
    // Each packet in one receipt, none in two.
    const told = receipts.flatMap((opened) =>
      opened.ok && "stored" in opened.value ? opened.value.stored : [],
    );
    expect(told.map(({ sequence }) => sequence).sort((one, other) => one - other)).toEqual([
      1, 10, 11, 12, 20, 21, 22,
    ]);
    expect([...entropy, ...verdicts, ...receipts].every(({ ok }) => ok)).toBe(true);
  });

  test("by which rules: each verdict names those of its epoch", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.restart({ parameters: { ...PARAMETERS, maxPaidWitnesses: 2 } });
    await run.play(twoEpochs, endMs);
    const hashes = new Map<number, Set<string>>();
    for (const { bytes } of run.sent.filter(({ topic }) => topic.endsWith("/verdict"))) {
      const opened = verdictMessage.open(bytes, network);
      if (!opened.ok) throw new Error(opened.code);
      for (const { packetId } of opened.value.verdicts) {
        const verdict = await run.store.verdict(packetId.toHex());
        const known = hashes.get(verdict?.epoch ?? 0) ?? new Set();
        hashes.set(verdict?.epoch ?? 0, known.add(opened.value.parametersHash.toHex()));
      }
    }
    const versions = await run.store.parametersVersions();
    const [before, after] = versions.map(({ parameters }) => new Set([parametersHash(parameters).toHex()]));
    expect(hashes.get(FIRST_EPOCH)).toEqual(before as Set<string>);
    expect(hashes.get(FIRST_EPOCH + 1)).toEqual(after as Set<string>);
    const recorded = (await run.store.epochs({ limit: 9 })).map((each) => each.parametersHash.toHex());
    expect(new Set(recorded)).toEqual(new Set([...(before ?? []), ...(after ?? [])]));
    expect(await verified(run)).toMatchObject({ code: 0 });
  });

  test("why a packet was refused before it was stored", async () => {
    await using run = await startTestGateway(startMs + 10);
    const witness = witnessOf(beaconOf("a", FIRST_EPOCH + 3, 1), 1);
    expect(await run.sendAs("b", witness)).toMatchObject({ ok: false, reason: "from_future" });
    const [message] = run.sent.filter(({ topic }) => topic === downTopic(network, idOf("b"), "verdict"));
    expect(verdictMessage.open(message?.bytes ?? new Uint8Array(), network)).toMatchObject({
      value: { verdicts: [{ outcome: "refused", reason: "from_future" }] },
    });
    expect(run.gateway.metrics.refused.get("from_future")).toBe(1);
  });
});

test("a broker that takes nothing holds nothing up", async () => {
  const downlink = { publish: () => Promise.reject(new Error("away")) };
  await using run = await startTestGateway(startMs + 10, { downlink });
  await run.play(twoEpochs, endMs);
  expect(run.gateway.metrics.closedEpoch).toBe(FIRST_EPOCH + 1);
  expect(run.gateway.metrics.downlinkFailures).toBeGreaterThan(5);
});

test("a store that fails for a while delays judging and loses nothing", async () => {
  await using whole = await startTestGateway(startMs + 10);
  await whole.play(twoEpochs, endMs);
  await using run = await startTestGateway(startMs + 10);
  const { addJudgement, addEpoch } = run.store;
  await run.play(
    twoEpochs.filter(({ receivedAtMs }) => receivedAtMs <= startMs + 8000),
    startMs + 8001,
  );
  run.store.addJudgement = run.store.addEpoch = () => Promise.reject(new Error("disk full"));
  await run.play(
    twoEpochs.filter(({ receivedAtMs }) => receivedAtMs > startMs + 8000),
    startMs + 16_100,
  );
  Object.assign(run.store, { addJudgement, addEpoch });
  await run.play([], endMs);
  expect((await results(run)).epochs).toEqual((await results(whole)).epochs);
  expect(await verified(run)).toMatchObject({ code: 0 });
});

/** The store as disks and networks have it: now and then a call fails before anything is written, or after all is. */
function unreliable(store: Store, seed: number): { failures: Record<string, number>; heal(): void } {
  const random = seededRandom(seed);
  const failures: Record<string, number> = {};
  const calls = ["addPackets", "addJudgement", "addLateVerdicts", "addEpoch", "putStatuses"] as const;
  const sound = Object.fromEntries(calls.map((name) => [name, store[name]]));
  for (const name of calls) {
    const call = store[name] as (...given: unknown[]) => Promise<unknown>;
    const failing = async (...given: unknown[]) => {
      const chance = random();
      const isWritten = chance < 0.2;
      const result = isWritten || chance > 0.4 ? await call(...given) : undefined;
      if (chance > 0.4) return result;
      const how = `${name}, ${isWritten ? "written" : "not written"}`;
      failures[how] = (failures[how] ?? 0) + 1;
      throw new Error(how);
    };
    Object.assign(store, { [name]: failing });
  }
  return { failures, heal: () => void Object.assign(store, sound) };
}

test("a store that fails now and then, with or without having written, loses nothing and pays the same", async () => {
  await using whole = await startTestGateway(startMs + 10);
  await whole.play(twoEpochs, endMs);
  const all: Record<string, number> = {};
  for (const seed of [1, 2, 3, 4]) {
    await using run = await startTestGateway(startMs + 10);
    const { failures, heal } = unreliable(run.store, seed);
    for (const { bytes, receivedAtMs } of [...twoEpochs].sort((a, b) => a.receivedAtMs - b.receivedAtMs)) {
      await run.clock.advance(receivedAtMs - run.clock.now());
      // As agents and brokers do: again, until it is taken.
      while (!(await run.send(bytes).catch(() => undefined))?.ok);
    }
    await run.clock.advance(endMs - run.clock.now());
    heal();
    await run.clock.advance(8000);
    const epochs = (await results(run)).epochs.filter(([epoch]) => Number(epoch) < FIRST_EPOCH + 2);
    expect(epochs).toEqual((await results(whole)).epochs);
    expect(await verified(run)).toMatchObject({ code: 0 });
    const judged = async (each: TestGateway) =>
      (await results(each)).reasons.map(([id, , reason]) => [id, reason]);
    expect(await judged(run)).toEqual(await judged(whole));
    for (const [how, times] of Object.entries(failures)) all[how] = (all[how] ?? 0) + times;
  }
  for (const name of ["addPackets", "addJudgement", "putStatuses"]) {
    for (const how of ["written", "not written"]) expect(all[`${name}, ${how}`]).toBeGreaterThan(0);
  }
});

test("parameters that contradict each other are named", async () => {
  const deps = { parameters: { ...PARAMETERS, epochPeriods: 7 } };
  const outcome = await createGateway(deps as never).catch((error: Error) => error.message);
  expect(outcome).toContain("epochPeriods");
});

test("a report about the period whose entropy is being made waits for that, and is received after it", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.clock.advance(1000);
  const { addEntropy } = run.store;
  const disk = Promise.withResolvers<void>();
  run.store.addEntropy = (...made) => disk.promise.then(() => addEntropy(...made));
  await run.clock.advance(1500);
  const frame = encodeBeaconFrame({
    entropyIndex: startMs / 2000 + 1,
    shortId: new Uint8Array(8),
    tag: new Uint8Array(16),
  });
  let outcome: IngestOutcome | undefined;
  const taking = run.sendAs("b", witnessOf(beaconOf("a", FIRST_EPOCH, 1), 1, { frame })).then((answer) => {
    outcome = answer;
  });
  await run.clock.advance(300);
  expect(outcome).toBeUndefined();
  disk.resolve();
  await taking;
  expect(outcome).toMatchObject({ ok: true, outcome: "stored" });
  const [stored] = await run.store.packetsBySequence(idOf("b"), [1]);
  expect(stored?.receivedAtMs).toBe(startMs + 2810);
});

test("a gateway that another one has taken the store over from stops, and says why", async () => {
  const stolen = new AbortController();
  const store = { ...(await openStore("sqlite://:memory:")), lost: stolen.signal };
  const run = await startTestGateway(startMs + 10, { store });
  await run.clock.advance(4000);
  stolen.abort(new StoreLostError("Another gateway has taken the store over"));
  await run.clock.advance(0);
  expect(run.clock.pending).toBe(0);
  await expect(run.stop()).rejects.toThrow("Another gateway has taken the store over");
  await store.close();
});
