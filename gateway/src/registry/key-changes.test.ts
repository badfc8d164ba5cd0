import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  encodePacket,
  type PacketToSign,
  type Signer,
  sealRevocation,
  sealRotation,
  signerFromSeed,
  upTopic,
} from "@earshot/protocol";
import { bundleAt } from "../testing/test-bundle.ts";
import { editedJson, where } from "../testing/test-edits.ts";
import { assertions, registeredStore, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import {
  assertionOf,
  beaconOf,
  epochPackets,
  FIRST_EPOCH,
  idOf,
  PARAMETERS,
  type SentPacket,
  signers,
  statusPacket,
  witnessOf,
} from "../testing/test-network.ts";
import { verifyFiles } from "../verify/verify-bundle.ts";
import { runVerifyEpoch } from "../verify/verify-command.ts";

const { network } = PARAMETERS;
const EPOCH_MS = 8000;
const startMs = FIRST_EPOCH * EPOCH_MS;
const atEpoch = (epoch: number, ms = 0) => startMs + (epoch - FIRST_EPOCH) * EPOCH_MS + ms;
const OLD = "a";
const NEW = "stranger";
const ADMIN = "a-token-for-this-test";
const parameters = { ...PARAMETERS, reciprocityPeriods: 40 };

async function post({ gateway }: TestGateway, message: Uint8Array) {
  const response = await gateway.app.request("/api/v1/key-changes", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: message.toBase64() }),
  });
  const body = (await response.json()) as { error?: { code: string; message: string }; fromEpoch?: number };
  return { status: response.status, ...body };
}

const rotation = (run: TestGateway, next: Signer = signers[NEW], old: Signer = signers[OLD]) =>
  sealRotation(old, next, network, run.clock.now());

async function verified({ bundlesDir }: Pick<TestGateway, "bundlesDir">) {
  const text: string[] = [];
  const say = (line: string) => void text.push(line);
  const code = await runVerifyEpoch([bundlesDir], { out: say, err: say, isTerminal: false });
  return { code, text: text.join("") };
}

/** Two ordinary epochs; in the third nothing but that a key may change; then `packets`, until the fourth is closed. */
async function afterTwoEpochs(run: TestGateway): Promise<void> {
  const packets = [
    ...assertions(startMs + 20),
    ...epochPackets(FIRST_EPOCH),
    ...epochPackets(FIRST_EPOCH + 1),
  ];
  await run.play(packets, atEpoch(FIRST_EPOCH + 2, 500));
}

const CHANGED = FIRST_EPOCH + 3;

const sentAbout =
  (index: number) =>
  (signer: Signer, packet: PacketToSign): SentPacket => ({
    bytes: encodePacket(packet, signer, network),
    receivedAtMs: index * 2000 + (packet.type === "beacon" ? 5000 : 3000),
  });

/** A beacon of b that both keys hear. */
function heardByBoth(): SentPacket[] {
  const beacon = beaconOf("b", CHANGED, 200);
  const sent = sentAbout(beacon.index);
  return [
    sent(signers.b, beacon.packet),
    sent(signers[OLD], witnessOf(beacon, 200)),
    sent(signers[NEW], witnessOf(beacon, 1)),
    sent(signers.c, witnessOf(beacon, 200)),
  ];
}

const reasons = async ({ store }: TestGateway, epoch: number) =>
  new Map((await store.verdictsOfEpoch(epoch)).map(({ hotspotId, reason }) => [hotspotId, reason]));

describe("a hotspot's key", () => {
  test("is replaced: place, payee and contacts go on with the new one, what the old one earned stays its own", async () => {
    await using run = await startTestGateway(startMs + 10, { parameters, store: await registeredStore() });
    await afterTwoEpochs(run);
    const before = await run.store.hotspot(idOf(OLD));
    expect(await post(run, rotation(run))).toMatchObject({ status: 201, fromEpoch: CHANGED });
    await run.play(heardByBoth(), atEpoch(CHANGED + 2));
    const judged = await reasons(run, CHANGED);
    expect(judged.get(idOf(OLD))).toBe("key_retired");
    expect(["ok", "not_drawn"]).toContain(judged.get(idOf(NEW)) ?? "");
    const now = await run.store.hotspot(idOf(NEW));
    const { latE7, lonE7, payee, settledCell, registeredAtMs } = before ?? {};
    expect(now).toMatchObject({ latE7, lonE7, payee, settledCell, registeredAtMs, relocatedAtMs: null });
    expect(now).toMatchObject({ predecessor: idOf(OLD), retired: null });
    const earned = (await run.store.payment(FIRST_EPOCH + 1, idOf(OLD)))?.cumulative ?? 0n;
    expect(earned).toBeGreaterThan(0n);
    expect(await run.store.payment(CHANGED, idOf(OLD))).toMatchObject({ cumulative: earned, delta: 0n });
    const claim = await run.gateway.app.request(`/api/v1/epochs/${CHANGED}/claims/${idOf(OLD)}`);
    expect(claim.status).toBe(200);
    expect(await verified(run)).toMatchObject({ code: 0 });
  });

  test("is revoked: nothing goes on, and bundles hold", async () => {
    await using run = await startTestGateway(startMs + 10, { parameters, store: await registeredStore() });
    await afterTwoEpochs(run);
    const revocation = sealRevocation(signers[OLD], network, run.clock.now() - 40 * 86_400_000);
    expect(await post(run, revocation)).toMatchObject({ status: 201, fromEpoch: CHANGED });
    await run.play(heardByBoth(), atEpoch(CHANGED + 2));
    const judged = await reasons(run, CHANGED);
    expect(judged.get(idOf(OLD))).toBe("key_retired");
    expect(judged.get(idOf(NEW))).toBe("unknown_hotspot");
    expect(await verified(run)).toMatchObject({ code: 0 });
    const { hotspot } = (await (await run.gateway.app.request(`/api/v1/hotspots/${idOf(OLD)}`)).json()) as {
      hotspot: object;
    };
    expect(hotspot).toMatchObject({ retired: { fromEpoch: CHANGED, successor: null }, registeredBy: "key" });
  });

  test("is replaced, and what the hotspot or an edge of it is denied is denied the new one, until it ends", async () => {
    await using run = await startTestGateway(startMs + 10, {
      ...{ parameters, store: await registeredStore(), adminToken: ADMIN },
    });
    await afterTwoEpochs(run);
    const deny = (body: object) =>
      run.gateway.app.request("/api/v1/denials", {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
        body: JSON.stringify({ ...body, hotspot: idOf(OLD), reason: "copied reports", evidence: "case 1" }),
      });
    expect((await deny({ epochs: 1 })).status).toBe(201);
    expect((await deny({ peer: idOf("b"), epochs: 2 })).status).toBe(201);
    expect(await post(run, rotation(run))).toMatchObject({ status: 201, fromEpoch: CHANGED });
    const again = beaconOf("b", CHANGED + 1, 300);
    const sent = sentAbout(again.index);
    const later = [sent(signers.b, again.packet), sent(signers[NEW], witnessOf(again, 2))];
    await run.play([...heardByBoth(), ...later], atEpoch(CHANGED + 3));
    expect((await reasons(run, CHANGED)).get(idOf(NEW))).toBe("denied");
    expect((await reasons(run, CHANGED + 1)).get(idOf(NEW))).toBe("edge_denied");
    const { denials } = (await (await run.gateway.app.request(`/api/v1/hotspots/${idOf(NEW)}`)).json()) as {
      denials: { hotspot: string }[];
    };
    expect(denials).toHaveLength(2);
    expect(await verified(run)).toMatchObject({ code: 0 });
  });

  test("counts until the next epoch begins", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play([...assertions(startMs + 20)], startMs + 100);
    await post(run, sealRevocation(signers[OLD], network, run.clock.now()));
    await run.play(epochPackets(FIRST_EPOCH), atEpoch(FIRST_EPOCH + 2));
    const verdicts = await run.store.verdictsOfEpoch(FIRST_EPOCH);
    const own = verdicts.filter(({ hotspotId }) => hotspotId === idOf(OLD)).map(({ reason }) => reason);
    expect(own).not.toContain("key_retired");
    expect(await verified(run)).toMatchObject({ code: 0 });
  });
});

describe("a change of a key is refused", () => {
  test("where it changes nothing, with a code and what is allowed", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play(assertions(startMs + 20), startMs + 100);
    await run.clock.advance(EPOCH_MS);
    const unknown = signerFromSeed(new Uint8Array(32).fill(77));
    const codes = async (message: Uint8Array) => {
      const { status, error } = await post(run, message);
      return [status, error?.code];
    };
    expect(await codes(rotation(run, unknown, signers[NEW]))).toEqual([409, "unknown_hotspot"]);
    expect(await codes(sealRotation(signers.a, unknown, "elsewhere", run.clock.now()))).toEqual([
      ...[409, "bad_signature"],
    ]);
    expect(await codes(sealRevocation(signers.a, network, run.clock.now() + 60_000))).toEqual([
      ...[409, "key_change_ahead"],
    ]);
    expect(await codes(rotation(run, signers.a))).toEqual([409, "key_taken"]);
    expect(await codes(Uint8Array.of(1, 2, 3))).toEqual([409, "trailing_bytes"]);
    const right = rotation(run, unknown);
    expect(await codes(right)).toEqual([201, undefined]);
    expect(await codes(right)).toEqual([409, "already_known"]);
    expect(await codes(rotation(run, signers[NEW]))).toEqual([409, "key_retired"]);
    expect(await codes(rotation(run, unknown, signers.b))).toEqual([409, "key_taken"]);
    expect(await codes(rotation(run, signers.a, signers.b))).toEqual([409, "key_retired"]);
  });

  test("of what is asserted afterwards with the old key, and with the new one before its turn", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play(assertions(startMs + 20), startMs + 100);
    await run.clock.advance(EPOCH_MS);
    await post(run, rotation(run));
    const assert = (signer: Signer, sequence: number, name: "a" | "b") =>
      run.send(encodePacket(statusPacket(sequence, run.clock.now(), assertionOf(name)), signer, network));
    const elsewhere = { ...assertionOf("a"), latE7: 526_000_000 };
    const moved = encodePacket(statusPacket(50, run.clock.now(), elsewhere), signers[OLD], network);
    await run.send(moved);
    await assert(signers[NEW], 1, "b");
    await run.clock.advance(100);
    const place = assertionOf("a").latE7;
    const latE7 = async (id: string) => (await run.store.hotspot(id))?.latE7 ?? 0;
    expect(Math.abs((await latE7(idOf(OLD))) - place)).toBeLessThan(1000);
    expect(Math.abs((await latE7(idOf(NEW))) - place)).toBeLessThan(1000);
    // When its turn has come it asserts like any other.
    await run.clock.advance(2 * EPOCH_MS);
    await assert(signers[NEW], 2, "b");
    await run.clock.advance(100);
    expect(Math.abs((await latE7(idOf(NEW))) - assertionOf("b").latE7)).toBeLessThan(1000);
    expect((await run.store.hotspotHistory(idOf(NEW))).map(({ predecessor }) => predecessor)).toEqual([
      ...[idOf(OLD), idOf(OLD)],
    ]);
  });
});

test("a new key that has registered itself, as after a repair, takes the place all the same, and hands it on", async () => {
  await using run = await startTestGateway(startMs + 10, { parameters, store: await registeredStore() });
  await afterTwoEpochs(run);
  const topic = (signer: Signer, id: string) => ({ signer, id, topic: upTopic(network, id, "status") });
  const own = topic(signers[NEW], idOf(NEW));
  const asserted = statusPacket(1, run.clock.now(), assertionOf("b"));
  await run.gateway.ingest(own.topic, encodePacket(asserted, own.signer, network), own.id);
  await run.clock.advance(10);
  expect((await run.store.hotspot(idOf(NEW)))?.predecessor).toBeNull();
  expect(await post(run, rotation(run))).toMatchObject({ status: 201, fromEpoch: CHANGED });
  await run.play(heardByBoth(), atEpoch(CHANGED + 1, 500));
  const third = signerFromSeed(new Uint8Array(32).fill(78));
  expect(await post(run, rotation(run, third, signers[NEW]))).toMatchObject({ status: 201 });
  const beacon = beaconOf("b", CHANGED + 2, 300);
  const bytes = sentAbout(beacon.index);
  await run.play([bytes(signers.b, beacon.packet), bytes(third, witnessOf(beacon, 1))], atEpoch(CHANGED + 4));
  const reason = (await run.store.verdictsOfEpoch(CHANGED + 2)).find(
    ({ type }) => type === "witness",
  )?.reason;
  expect(reason).toBe("ok");
  expect(await verified(run)).toMatchObject({ code: 0 });
});

describe("in a bundle", () => {
  type Entry = {
    id: string;
    predecessor: string | null;
    retired: object | null;
    changes: { evidence: string }[];
  };

  test("whoever has a new key is there with the one whose place it took, and nothing else is believed", async () => {
    await using run = await startTestGateway(startMs + 10, { parameters, store: await registeredStore() });
    await afterTwoEpochs(run);
    await post(run, rotation(run));
    await run.play(heardByBoth(), atEpoch(CHANGED + 2));
    const epoch = await run.store.epoch(CHANGED);
    const bundle = bundleAt(join(run.bundlesDir, epoch?.bundle ?? ""));
    expect(where(verifyFiles(bundle))).toBe("holds");
    const after = (edit: (entries: Map<string, Entry>) => void) =>
      where(
        verifyFiles(
          editedJson(bundle, "registry.json", (list) => {
            const entries = new Map((list as unknown as Entry[]).map((entry) => [entry.id, entry]));
            edit(entries);
            return [...entries.values()];
          }),
        ),
      );
    const [old, next] = [idOf(OLD), idOf(NEW)];
    const entry = (entries: Map<string, Entry>, id: string) => entries.get(id) as Entry;
    expect(after((entries) => entries.delete(old))).toBe(
      `registry.json: hotspot ${next}, change 1: evidence`,
    );
    expect(after((entries) => entry(entries, old).changes.pop())).toMatch(/^registry.json: hotspot /);
    expect(after((entries) => Object.assign(entry(entries, old), { retired: null }))).toBe(
      `registry.json: hotspot ${old}, retired`,
    );
    expect(after((entries) => Object.assign(entry(entries, next), { predecessor: null }))).toBe(
      `registry.json: hotspot ${next}, predecessor`,
    );
    // Signed by another hotspot, for the same new key.
    const other = sealRotation(signers.c, signers[NEW], network, run.clock.now());
    const evidence = `0x${other.toHex()}`;
    expect(
      after((entries) => {
        Object.assign(entry(entries, next).changes[0] as object, { evidence });
      }),
    ).toMatch(new RegExp(`^registry.json: hotspot ${next}, change 1: evidence`));
    expect(
      after((entries) => {
        Object.assign(entry(entries, old).changes.at(-1) as object, { evidence });
      }),
    ).toMatch(new RegExp(`^registry.json: hotspot ${old}, change \\d: evidence`));
  });
});
