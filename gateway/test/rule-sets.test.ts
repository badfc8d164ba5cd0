import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Log, type NetworkParameters, RULE_SETS, silentLog } from "@earshot/protocol";
import { registeredStore, startTestGateway, type TestGateway } from "../src/testing/test-gateway.ts";
import { epochPackets, FIRST_EPOCH, PARAMETERS, signedParameters } from "../src/testing/test-network.ts";
import { verifySeries } from "../src/verify/verify-epoch.ts";
import { formatReport } from "../src/verify/verify-report.ts";
import { LATER_RULES, WITH_LATER_RULES } from "./later-rules.ts";

/*
 * A rule set that is not released yet: what happens to bundles and gateways that have it, and to those that do not.
 */

const startMs = FIRST_EPOCH * 8000;
/** Three epochs are closed by then. */
const endMs = startMs + 34_000;
const threeEpochs = [0, 1, 2].flatMap((i) => epochPackets(FIRST_EPOCH + i));

/** The rules change with the second epoch. */
const changed: NetworkParameters = {
  ...PARAMETERS,
  version: 2,
  activationEpoch: FIRST_EPOCH + 1,
  ruleSet: LATER_RULES.id,
};

async function reports(run: TestGateway, ruleSets = RULE_SETS) {
  const names = readdirSync(run.bundlesDir).sort();
  const found = [];
  for await (const report of verifySeries(
    names.map((name) => join(run.bundlesDir, name)),
    { ruleSets },
  )) {
    found.push(report);
  }
  return found;
}

/** A gateway that knows both sets, through a change of them. */
async function throughTheChange(): Promise<TestGateway> {
  const run = await startTestGateway(startMs + 10, {
    store: await registeredStore(),
    ruleSets: WITH_LATER_RULES,
  });
  await run.store.addParameters(changed, signedParameters(changed));
  await run.restart({ parameters: changed });
  await run.play(threeEpochs, endMs);
  return run;
}

const reasonsOf = async ({ store }: TestGateway, epoch: number) =>
  (await store.verdictsOfEpoch(epoch)).map(({ reason }) => reason);

describe("a network whose rules change", () => {
  test("is judged and paid by the rules of each epoch, and loses none", async () => {
    await using run = await throughTheChange();
    expect(await reasonsOf(run, FIRST_EPOCH)).not.toContain("louder_than_test");
    expect(await reasonsOf(run, FIRST_EPOCH + 1)).toContain("louder_than_test");
    const epochs = await run.store.epochs({ limit: 10 });
    expect(epochs.map(({ epoch, paid }) => [epoch - FIRST_EPOCH, paid > 0n])).toEqual([
      [2, false],
      [1, false],
      [0, true],
    ]);
  });

  test("holds for a program that has the rules", async () => {
    await using run = await throughTheChange();
    const found = await reports(run, WITH_LATER_RULES);
    expect(found.map(({ ok, difference }) => [ok, difference])).toEqual(
      [0, 1, 2].map(() => [true, undefined]),
    );
  });

  test("holds up to the change for one that has not, which then names what it lacks", async () => {
    await using run = await throughTheChange();
    const [first, second, ...more] = await reports(run);
    expect(first?.ok).toBe(true);
    expect(second?.difference).toEqual({
      file: "parameters.json",
      at: "ruleSet",
      expected: "rules that this program has",
      found: "the rule set is earshot-2-test, and this program has earshot-1, helium-2026",
      isUnknown: true,
    });
    expect(more).toEqual([]);
    expect(second && formatReport(second)).toStartWith(`UNKNOWN  Epoch ${FIRST_EPOCH + 1}`);
  });
});

/** Collects error lines. */
function errorLog(): { log: Log; errors: string[] } {
  const errors: string[] = [];
  const log: Log = {
    ...silentLog,
    error: (message, fields) => void errors.push(`${message} ${fields?.why ?? fields?.err ?? ""}`),
    child: () => log,
  };
  return { log, errors };
}

describe("a gateway that does not have the rules that are announced", () => {
  const problemsOf = async ({ gateway }: TestGateway): Promise<string[]> =>
    ((await (await gateway.app.request("/healthz")).json()) as { problems: string[] }).problems;

  async function announced(log: Log) {
    const run = await startTestGateway(startMs + 10, { store: await registeredStore(), log });
    await run.store.addParameters(changed, signedParameters(changed));
    await run.restart();
    return run;
  }

  test("says so, and goes on until then", async () => {
    const { log, errors } = errorLog();
    await using run = await announced(log);
    expect(errors.join("\n")).toContain(
      `From epoch ${FIRST_EPOCH + 1} on nothing can be judged: the rule set is earshot-2-test`,
    );
    expect(await run.store.parametersVersions()).toHaveLength(2);
    const network = await (await run.gateway.app.request("/api/v1/network")).json();
    expect(network).toMatchObject({
      problem: null,
      next: { problem: expect.stringContaining("earshot-2-test") },
    });
    await run.play(threeEpochs, startMs + 8000 + 11_000);
    expect((await run.store.latestEpoch())?.epoch).toBe(FIRST_EPOCH);
    expect((await reports(run)).map(({ ok }) => ok)).toEqual([true]);
  });

  test("then judges nothing, says why, and takes every packet in", async () => {
    const { log, errors } = errorLog();
    await using run = await announced(log);
    await run.play(threeEpochs, endMs);
    expect((await run.store.latestEpoch())?.epoch).toBe(FIRST_EPOCH);
    expect(await reasonsOf(run, FIRST_EPOCH + 1)).toEqual([]);
    const why = `Epoch ${FIRST_EPOCH + 1} cannot be judged: the rule set is earshot-2-test`;
    expect(await problemsOf(run)).toContainEqual(expect.stringContaining(why));
    expect(errors.join("\n")).toContain(why);
  });

  test("has lost nothing when a program that has them takes over", async () => {
    await using whole = await throughTheChange();
    await using run = await announced(silentLog);
    await run.play(threeEpochs, endMs - 4000);
    await run.restart({ ruleSets: WITH_LATER_RULES, parameters: changed });
    await run.play([], endMs);
    const epochs = [0, 1, 2].map((i) => FIRST_EPOCH + i);
    // A late report belongs to the oldest epoch that was open when it came: that may be another one here.
    const verdictsOf = async (of: TestGateway) => {
      const all = await Promise.all(epochs.map((epoch) => of.store.verdictsOfEpoch(epoch)));
      return all
        .flat()
        .map(({ packetId, outcome, reason }) => [packetId, outcome, reason].join(" "))
        .sort();
    };
    expect(await verdictsOf(run)).toEqual(await verdictsOf(whole));
    for (const epoch of epochs) {
      const [found, expected] = [await run.store.epoch(epoch), await whole.store.epoch(epoch)];
      expect(found?.root.toHex()).toBe(expected?.root.toHex() as string);
    }
    expect((await reports(run, WITH_LATER_RULES)).map(({ ok }) => ok)).toEqual([true, true, true]);
  });
});

test("a network cannot be run by a baseline, nor by rules that the program does not have", async () => {
  for (const ruleSet of ["helium-2026", "earshot-2-test"]) {
    const started = startTestGateway(startMs + 10, { parameters: { ...PARAMETERS, ruleSet } });
    await expect(started).rejects.toThrow(`Cannot use parameters: the rule set is ${ruleSet}`);
  }
});
