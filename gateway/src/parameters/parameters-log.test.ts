import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { parametersHash, parametersMessage } from "@earshot/protocol";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { ManualClock } from "@earshot/protocol/testing";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { storedEpoch } from "../store/test-data.ts";
import { FIRST_EPOCH, networkSigner, PARAMETERS, signedParameters } from "../testing/test-network.ts";
import { ParametersLog } from "./parameters-log.ts";

let store: Store;
let clock: ManualClock;
beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  clock = new ManualClock(FIRST_EPOCH * 8000 + 100);
});
afterEach(() => store.close());

const load = (changes: Partial<typeof PARAMETERS> = {}) =>
  ParametersLog.load({ ...PARAMETERS, ...changes }, { store, clock, signer: networkSigner });

test("a new network publishes what it is configured with, signed, from the first epoch on", async () => {
  const log = await load({ version: 7, activationEpoch: 9 });
  const first = { ...PARAMETERS, version: 1, activationEpoch: 0 };
  expect(log.inForce(0).parameters).toEqual(first);
  expect(log.inForce(FIRST_EPOCH).hash).toEqual(parametersHash(first));
  const opened = parametersMessage.open(log.inForce(0).message, PARAMETERS.network, networkSigner.publicKey);
  expect(opened).toMatchObject({ ok: true, value: first });
  expect(log.next(FIRST_EPOCH)).toBeUndefined();
});

test("the same configuration publishes nothing more", async () => {
  await load();
  const again = await load();
  expect(again.versions).toHaveLength(1);
  expect(await store.parametersVersions()).toHaveLength(1);
});

test("a changed one is in force from the next epoch that has not begun", async () => {
  await load();
  const log = await load({ maxDistanceM: 50_000 });
  expect(log.inForce(FIRST_EPOCH).parameters.maxDistanceM).toBe(100_000);
  expect(log.inForce(FIRST_EPOCH + 1).parameters).toMatchObject({ version: 2, maxDistanceM: 50_000 });
  expect(log.next(FIRST_EPOCH)?.parameters.version).toBe(2);
  expect(log.next(FIRST_EPOCH + 1)).toBeUndefined();
  expect((await load({ maxDistanceM: 50_000 })).versions).toHaveLength(2);
});

test("a second change of mind in one epoch comes one epoch later", async () => {
  await load();
  await load({ maxDistanceM: 50_000 });
  const log = await load();
  const activations = log.versions.map(({ parameters }) => parameters.activationEpoch);
  expect(activations).toEqual([0, FIRST_EPOCH + 1, FIRST_EPOCH + 2]);
  expect(log.inForce(FIRST_EPOCH + 2).parameters.maxDistanceM).toBe(100_000);
});

test("an epoch that is being judged keeps its parameters, whatever the clock says", async () => {
  await load();
  await store.addEpoch(storedEpoch(FIRST_EPOCH + 4), [], [], 0);
  const log = await load({ maxDistanceM: 50_000 });
  expect(log.versions[1]?.parameters.activationEpoch).toBe(FIRST_EPOCH + 6);
});

test("what a running network cannot change is refused by name", async () => {
  await load();
  for (const [name, value] of [
    ["epochPeriods", 8],
    ["network", "testnet-2"],
    ["chainId", 2n],
    ["contract", new Uint8Array(20)],
  ] as const) {
    const outcome = await load({ [name]: value }).catch((error: Error) => error);
    expect(outcome).toBeInstanceOf(ConfigError);
    expect((outcome as Error).message).toContain(`${name} is`);
  }
  expect(await store.parametersVersions()).toHaveLength(1);
});

describe("versions that a later program has published", () => {
  const publish = async (changes: Partial<typeof PARAMETERS>) => {
    const later = { ...PARAMETERS, version: 2, activationEpoch: FIRST_EPOCH, ...changes };
    await store.addParameters(later, signedParameters(later));
  };

  test("keep their further names, and are not replaced for them", async () => {
    await load();
    await publish({ unknown: { maxWonders: 3 } });
    const log = await load();
    expect(log.versions).toHaveLength(2);
    expect(log.inForce(FIRST_EPOCH)).toMatchObject({
      parameters: { unknown: { maxWonders: 3 } },
      rules: { ok: true },
    });
  });

  test("give them to the version that comes of a changed configuration", async () => {
    await load();
    await publish({ unknown: { maxWonders: 3 } });
    const log = await load({ maxDistanceM: 50_000 });
    expect(log.next(FIRST_EPOCH)?.parameters).toMatchObject({
      version: 3,
      maxDistanceM: 50_000,
      unknown: { maxWonders: 3 },
    });
  });

  test("by rules that this one does not have stand, whatever is configured", async () => {
    await load();
    await publish({ ruleSet: "earshot-9", activationEpoch: FIRST_EPOCH + 3 });
    const log = await load({ maxDistanceM: 50_000 });
    expect(log.versions).toHaveLength(2);
    expect(log.problem(FIRST_EPOCH + 2)).toBeUndefined();
    expect(log.problem(FIRST_EPOCH + 3)).toContain(
      "the rule set is earshot-9, and this program has earshot-1",
    );
    expect(log.announcedProblem(FIRST_EPOCH)).toStartWith(`From epoch ${FIRST_EPOCH + 3} on nothing can be`);
    expect(log.announcedProblem(FIRST_EPOCH + 3)).toBeUndefined();
  });
});
