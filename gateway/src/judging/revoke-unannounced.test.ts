import { expect, test } from "bun:test";
import { type LogLevel, logTo } from "@earshot/protocol";
import { assertions, registeredStore, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { assertionOf, FIRST_EPOCH, idOf, PARAMETERS, statusPacket } from "../testing/test-network.ts";
import { runVerifyEpoch } from "../verify/verify-command.ts";

const EPOCH_MS = 8000;
const PERIOD_MS = 2000;
const startMs = FIRST_EPOCH * EPOCH_MS;
const payee = new Uint8Array(20).fill(9);
const ADMIN = "a-token-for-this-test";

async function verified({ bundlesDir }: TestGateway): Promise<string> {
  const text: string[] = [];
  const say = (line: string) => void text.push(line);
  await runVerifyEpoch([bundlesDir], { out: say, err: say, isTerminal: false });
  return text.join("");
}

async function start(): Promise<{ run: TestGateway; lines: [LogLevel, string][] }> {
  const lines: [LogLevel, string][] = [];
  const run = await startTestGateway(startMs + 10, {
    store: await registeredStore(),
    adminToken: ADMIN,
    log: logTo((level, message) => void lines.push([level, message])),
  });
  await run.play(assertions(startMs + 20), startMs + EPOCH_MS + PERIOD_MS + 500);
  return { run, lines };
}

const deny = ({ gateway }: TestGateway, hotspot: string) =>
  gateway.app.request("/api/v1/denials", {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
    body: JSON.stringify({ hotspot, reason: "test", evidence: "case 1", epochs: 5 }),
  });

/** The owner's changed word, in an epoch's second period. */
const changesPayee = ({ sendAs, clock }: TestGateway, sequence: number) =>
  sendAs("a", statusPacket(sequence, clock.now(), { ...assertionOf("a"), payee }));

const changesOf = async ({ store }: TestGateway) =>
  (await store.hotspotHistory(idOf("a"))).map(({ change }) => change.fromEpoch);

test("what was announced before the epoch counts in it, over a restart too", async () => {
  const { run, lines } = await start();
  await using _ = run;
  await changesPayee(run, 90);
  expect((await deny(run, idOf("b"))).status).toBe(201);
  // One more entropy of this epoch, then nothing until the next.
  await run.clock.advance(PERIOD_MS);
  await run.stop();
  await run.clock.advance(2 * PERIOD_MS);
  await run.restart();
  await run.clock.advance(3 * EPOCH_MS);
  expect(await changesOf(run)).toEqual([FIRST_EPOCH - 8, FIRST_EPOCH + 2]);
  expect((await run.store.denials()).map(({ denial }) => denial.fromEpoch)).toEqual([FIRST_EPOCH + 2]);
  expect(await verified(run)).toContain("epochs hold, chained to each other");
  expect(lines.filter(([, line]) => line.includes("announced"))).toEqual([]);
});

test("what nobody was told before the epoch began is revoked, and the operator's made again to count later", async () => {
  const { run, lines } = await start();
  await using _ = run;
  await changesPayee(run, 90);
  expect((await deny(run, idOf("b"))).status).toBe(201);
  // Killed before the next entropy, and back in the next epoch.
  await run.stop();
  await run.clock.advance(EPOCH_MS);
  await run.restart();
  await run.clock.advance(PERIOD_MS);
  expect(await changesOf(run)).toEqual([FIRST_EPOCH - 8]);
  expect((await run.store.denials()).map(({ denial }) => denial.fromEpoch)).toEqual([FIRST_EPOCH + 3]);
  expect(lines).toContainEqual([
    "warn",
    "What no entropy announced before the epoch is revoked, and made again to count later",
  ]);
  // Its owner repeats it with the next status packet.
  await changesPayee(run, 91);
  await run.clock.advance(3 * EPOCH_MS);
  expect(await changesOf(run)).toEqual([FIRST_EPOCH - 8, FIRST_EPOCH + 3]);
  expect(await verified(run)).toContain("epochs hold, chained to each other");
  expect(lines.filter(([level]) => level === "error")).toEqual([]);
});

test("so are rules that were configured and not announced", async () => {
  const { run } = await start();
  await using _ = run;
  await run.stop();
  await run.restart({ parameters: { ...PARAMETERS, maxPaidWitnesses: 3 } });
  await run.stop();
  await run.clock.advance(EPOCH_MS);
  await run.restart();
  await run.clock.advance(3 * EPOCH_MS);
  const versions = (await run.store.parametersVersions()).map(({ parameters }) => parameters.activationEpoch);
  expect(versions).toEqual([0, FIRST_EPOCH + 3]);
  expect(await verified(run)).toContain("epochs hold, chained to each other");
});

test("in an epoch's last period what changes counts one epoch later, so that it is announced", async () => {
  const { run } = await start();
  await using _ = run;
  await run.clock.advance(2 * PERIOD_MS);
  await changesPayee(run, 90);
  expect((await deny(run, idOf("b"))).status).toBe(201);
  await run.restart({ parameters: { ...PARAMETERS, maxPaidWitnesses: 3 } });
  await run.clock.advance(4 * EPOCH_MS);
  expect(await changesOf(run)).toEqual([FIRST_EPOCH - 8, FIRST_EPOCH + 3]);
  expect((await run.store.denials()).map(({ denial }) => denial.fromEpoch)).toEqual([FIRST_EPOCH + 3]);
  const versions = (await run.store.parametersVersions()).map(({ parameters }) => parameters.activationEpoch);
  expect(versions).toEqual([0, FIRST_EPOCH + 3]);
  expect(await verified(run)).toContain("epochs hold, chained to each other");
});
