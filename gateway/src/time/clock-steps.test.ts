/** A whole gateway in virtual time whose machine's clock steps: what it does meanwhile, and that it goes on afterwards. */
import { describe, expect, test } from "bun:test";
import { formatEvmAddress, logTo, makeLoginToken, silentLog } from "@earshot/protocol";
import { assertions, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import {
  assertionOf,
  epochPackets,
  idOf,
  PARAMETERS,
  signers,
  statusPacket,
  FIRST_EPOCH as TEST_NETWORK_EPOCH,
} from "../testing/test-network.ts";
import { runVerifyEpoch } from "../verify/verify-command.ts";

const EPOCH_MS = 8000;
const PERIOD_MS = 2000;
/** A year on: a day before it must be plausible. */
const FIRST_EPOCH = TEST_NETWORK_EPOCH + 365 * 10_800;
const START_MS = FIRST_EPOCH * EPOCH_MS;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What a new time must stay. */
const SETTLE_MS = 300_000;

async function verified({ bundlesDir }: TestGateway): Promise<string> {
  const text: string[] = [];
  const say = (line: string) => void text.push(line);
  const code = await runVerifyEpoch([bundlesDir], { out: say, err: say, isTerminal: false });
  return code === 0 ? "holds" : text.join("");
}

const entropyIndexes = async ({ store }: TestGateway) =>
  (await store.entropyRange(0, Number.MAX_SAFE_INTEGER)).map(({ entropy }) => entropy.index);
const epochAt = (ms: number) => Math.floor(ms / EPOCH_MS);

/** Plays the epoch that begins next by the machine's clock, and what closes it; tells what it paid. */
async function paidFromNow(run: TestGateway): Promise<bigint | undefined> {
  // What hotspots commit to counts from the next epoch on, or, in an epoch's last period, from the one after it.
  await run.play(assertions(run.clock.now()), run.clock.now() + 10);
  const epoch = epochAt(run.clock.now()) + 2;
  await run.play(epochPackets(epoch), (epoch + 3) * EPOCH_MS);
  return (await run.store.epoch(epoch))?.paid;
}

const TOKEN = "0123456789abcdef";
const { latE7, lonE7, antennaGainDdbi, region, payee } = assertionOf("b");
const ASSERTED = {
  latitude: latE7 / 1e7,
  longitude: lonE7 / 1e7,
  antennaGainDbi: antennaGainDdbi / 10,
  region,
  payee: payee === null ? null : formatEvmAddress(payee),
};
const DENIED = { reason: "moved", evidence: "case 7" };

/** The operator's word through the API. */
async function tell({ gateway }: TestGateway, what: "hotspots" | "denials", body: object): Promise<number> {
  const headers = { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  return (await gateway.app.request(`/api/v1/${what}`, request)).status;
}

async function started(log = silentLog): Promise<TestGateway> {
  const run = await startTestGateway(START_MS + 10, { log, adminToken: TOKEN });
  await run.play([...assertions(START_MS + 20), ...epochPackets(FIRST_EPOCH)], START_MS + 2 * EPOCH_MS);
  return run;
}

describe.each([HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS])("the clock steps by %d ms", (step) => {
  // In the middle of an epoch, while the one before is judged, as it closes, and just after.
  test.each([10, 500, 2001, 3999, 5500, 6010, 7990])(
    "for 5 s, %d ms into an epoch: it goes on as it was",
    async (ms) => {
      await using run = await started();
      await run.clock.advance(ms);
      const before = await entropyIndexes(run);
      run.clock.stepWall(step);
      await run.clock.advance(5000);
      expect(await entropyIndexes(run)).toEqual(before);
      run.clock.stepWall(-step);
      await run.clock.advance(PERIOD_MS + 1000);
      const after = await entropyIndexes(run);
      expect(after.at(-1)).toBe(Math.floor(run.clock.now() / PERIOD_MS));
      expect(await paidFromNow(run)).toBeGreaterThan(0n);
      expect(await verified(run)).toBe("holds");
    },
  );

  test("a packet that comes meanwhile gets no answer, and counts from when it came", async () => {
    await using run = await started();
    const atMs = run.clock.now() + 100;
    run.clock.stepWall(step);
    await run.clock.advance(100);
    let outcome: string | undefined;
    const taking = run.sendAs("b", statusPacket(77, atMs)).then((answer) => {
      outcome = answer.ok ? answer.outcome : answer.reason;
    });
    await run.clock.advance(4000);
    expect(outcome).toBeUndefined();
    expect(await run.store.packetsBySequence(idOf("b"), [77])).toEqual([]);
    run.clock.stepWall(-step);
    await run.clock.advance(2000);
    await taking;
    expect(outcome).toBe("stored");
    expect(await run.store.packetsBySequence(idOf("b"), [77])).toMatchObject([{ receivedAtMs: atMs }]);
  });

  test("a hotspot with the right time logs in meanwhile", async () => {
    await using run = await started();
    const token = makeLoginToken(signers.a, PARAMETERS.network, run.clock.now());
    run.clock.stepWall(step);
    expect(run.gateway.login(idOf("a"), token)).toMatchObject({ ok: true });
  });

  test("to and fro, again and again: it works in between, and says so now and then", async () => {
    const told: string[] = [];
    await using run = await started(logTo((level, message) => told.push(`${level} ${message}`)));
    for (let i = 0; i < 20; i++) {
      run.clock.stepWall(step);
      await run.clock.advance(3000);
      run.clock.stepWall(-step);
      await run.clock.advance(3000);
    }
    const steps = told.filter((line) => line.includes("The machine's clock shows"));
    expect([steps.length, steps[0]?.startsWith("error")]).toEqual([2, true]);
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await verified(run)).toBe("holds");
  });

  test("for good: it goes on with the new time by itself", async () => {
    await using run = await started();
    const before = (await entropyIndexes(run)).length;
    run.clock.stepWall(step);
    await run.clock.advance(SETTLE_MS - 2000);
    expect(await entropyIndexes(run)).toHaveLength(before);
    await run.clock.advance(6000);
    expect((await entropyIndexes(run)).at(-1)).toBe(Math.floor(run.clock.now() / PERIOD_MS));
    // Owners say with each status packet where they stand.
    await run.play(assertions(run.clock.now()), run.clock.now() + 10);
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await verified(run)).toBe("holds");
  });
});

describe("a gateway that lived in a time that has not come", () => {
  /** It believed the wrong time, paid epochs in it, took a hotspot's and the operator's word; then the time was put right. */
  async function fromTheFuture(): Promise<TestGateway> {
    const run = await started();
    run.clock.stepWall(DAY_MS);
    await run.clock.advance(SETTLE_MS + 4000);
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await tell(run, "hotspots", { id: idOf("b"), ...ASSERTED, elevationM: 99 })).toBe(201);
    expect(await tell(run, "denials", { hotspot: idOf("near"), ...DENIED, epochs: 3 })).toBe(201);
    run.clock.stepWall(-DAY_MS);
    await run.clock.advance(SETTLE_MS + 4000);
    return run;
  }

  test("makes entropy, judges and pays again at once, and its bundles hold", async () => {
    await using run = await fromTheFuture();
    const nowMs = run.clock.now();
    expect((await entropyIndexes(run)).at(-1)).toBe(Math.floor(nowMs / PERIOD_MS));
    expect((await run.store.latestEpoch())?.toMs).toBeLessThanOrEqual(nowMs);
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await verified(run)).toBe("holds");
  });

  test("has what the operator said then in registry and denials, signed at a time that has come", async () => {
    await using run = await fromTheFuture();
    const nextEpoch = epochAt(run.clock.now()) + 1;
    const known = await run.store.hotspot(idOf("b"));
    expect(known?.elevationM).toBe(99);
    expect(known?.change.atMs).toBeLessThanOrEqual(run.clock.now());
    expect(known?.change.fromEpoch).toBeLessThanOrEqual(nextEpoch);
    const [{ denial } = expect.unreachable(), ...more] = await run.store.denials();
    expect(more).toEqual([]);
    expect(denial.atMs).toBeLessThanOrEqual(run.clock.now());
    expect(denial.fromEpoch).toBeLessThanOrEqual(nextEpoch);
    expect(denial.untilEpoch - denial.fromEpoch).toBe(3);
  });

  test("takes nothing back while a packet is being stored, so that no packet keeps a time that has not come", async () => {
    await using run = await started();
    run.clock.stepWall(DAY_MS);
    await run.clock.advance(SETTLE_MS + 4000);
    const { addPackets } = run.store;
    const disk = Promise.withResolvers<void>();
    run.store.addPackets = (packets) => disk.promise.then(() => addPackets(packets));
    const taking = run.sendAs("b", statusPacket(77, run.clock.now()));
    run.clock.stepWall(-DAY_MS);
    await run.clock.advance(SETTLE_MS + 4000);
    disk.resolve();
    await taking;
    await run.clock.advance(4000);
    const [stored] = await run.store.packetsBySequence(idOf("b"), [77]);
    expect(stored?.receivedAtMs).toBeLessThanOrEqual(run.clock.now());
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
  });

  test("goes on after a restart, too", async () => {
    await using run = await fromTheFuture();
    await run.restart();
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await verified(run)).toBe("holds");
  });
});

test("parameters that were configured in a time that has not come wait for the next epoch of the present", async () => {
  await using run = await started();
  await run.stop();
  run.clock.stepWall(DAY_MS);
  await run.restart({ parameters: { ...PARAMETERS, maxPaidWitnesses: 2 } });
  await run.clock.advance(10_000);
  expect((await run.store.parametersVersions()).at(-1)?.parameters.activationEpoch).toBeGreaterThan(
    epochAt(run.clock.now() - 20_000),
  );
  run.clock.stepWall(-DAY_MS);
  await run.clock.advance(SETTLE_MS + 4000);
  const versions = await run.store.parametersVersions();
  expect(versions.map(({ parameters }) => parameters.version)).toEqual([1, 2]);
  expect(versions[1]?.parameters.activationEpoch).toBeLessThanOrEqual(epochAt(run.clock.now()) + 1);
  expect(await paidFromNow(run)).toBeGreaterThan(0n);
  expect(await verified(run)).toBe("holds");
});

describe("started with a wrong clock", () => {
  /** A store with one epoch in it, and a gateway over it whose clock shows another time. */
  async function restartedAt(shift: number): Promise<TestGateway> {
    const run = await started();
    await run.stop();
    run.clock.stepWall(shift);
    await run.restart();
    return run;
  }

  test("in 1970 it waits until the clock is set, and goes on at once", async () => {
    await using run = await restartedAt(-START_MS);
    const before = await entropyIndexes(run);
    await run.clock.advance(2 * SETTLE_MS);
    expect(await entropyIndexes(run)).toEqual(before);
    run.clock.stepWall(START_MS);
    await run.clock.advance(PERIOD_MS);
    expect((await entropyIndexes(run)).at(-1)).toBe(Math.floor(run.clock.now() / PERIOD_MS));
  });

  test("a day behind it waits; a time that stays is taken, and the entropy from then is taken back", async () => {
    await using run = await restartedAt(-DAY_MS + 60_000);
    const before = await entropyIndexes(run);
    await run.clock.advance(SETTLE_MS - 4000);
    expect(await entropyIndexes(run)).toEqual(before);
    await run.clock.advance(8000);
    expect((await entropyIndexes(run)).at(-1)).toBe(Math.floor(run.clock.now() / PERIOD_MS));
    await run.play(assertions(run.clock.now()), run.clock.now() + 10);
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await verified(run)).toBe("holds");
  });

  test("a day ahead it makes entropy, but judges and closes nothing before the time has stayed", async () => {
    await using run = await restartedAt(DAY_MS);
    const judged = await run.store.judgedThrough();
    const closed = (await run.store.latestEpoch())?.epoch;
    await run.clock.advance(60_000);
    expect((await entropyIndexes(run)).at(-1)).toBe(Math.floor(run.clock.now() / PERIOD_MS));
    expect([await run.store.judgedThrough(), (await run.store.latestEpoch())?.epoch]).toEqual([
      judged,
      closed,
    ]);
    // It was wrong: set back by hand, which is believed when it stays.
    run.clock.stepWall(-DAY_MS);
    await run.clock.advance(SETTLE_MS + 4000);
    expect((await entropyIndexes(run)).at(-1)).toBe(Math.floor(run.clock.now() / PERIOD_MS));
    expect(await paidFromNow(run)).toBeGreaterThan(0n);
    expect(await verified(run)).toBe("holds");
  });
});
