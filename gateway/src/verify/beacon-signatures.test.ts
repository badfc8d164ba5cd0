import { expect, test } from "bun:test";
import type { Bundle } from "../bundle/bundle.ts";
import { testBundles } from "../testing/test-bundle.ts";
import { verified } from "../testing/test-edits.ts";
import { PARAMETERS } from "../testing/test-network.ts";
import { startBeaconSignatures } from "./beacon-signatures.ts";
import { InlineChecker, VALID } from "./signatures.ts";

const [bundle] = (await testBundles(1)) as [Bundle];
const { packets, entropy } = verified(bundle);
const beacons = packets.flatMap(({ packet }) => (packet.type === "beacon" ? [packet] : []));
const started = (chain = entropy) => startBeaconSignatures(packets, chain, PARAMETERS, new InlineChecker());

test("both signatures of every beacon are asked for at once, about what they must be about", async () => {
  const { jobs, pending } = started();
  expect(jobs.map(({ signature }) => signature)).toEqual(
    beacons.flatMap(({ scheduleSignature, beaconSignature }) => [scheduleSignature, beaconSignature]),
  );
  expect([...(await pending.answers())]).toEqual(jobs.map(() => VALID));
});

test("of a beacon whose entropy is missing nothing is asked", () => {
  const [{ entropyIndex } = { entropyIndex: 0 }] = beacons;
  const others = beacons.filter((beacon) => beacon.entropyIndex !== entropyIndex);
  expect(started(entropy.filter(({ index }) => index !== entropyIndex)).jobs).toHaveLength(2 * others.length);
  expect(started([]).jobs).toEqual([]);
});
