import { expect, test } from "bun:test";
import { downTopic, PACKET_VERSIONS, receiptMessage, upTopic, verdictMessage } from "@earshot/protocol";
import { assertions, startTestGateway } from "../testing/test-gateway.ts";
import {
  epochPackets,
  FIRST_EPOCH,
  idOf,
  networkSigner,
  PARAMETERS,
  statusPacket,
} from "../testing/test-network.ts";
import { bundlePaths } from "../verify/bundle-source.ts";
import { verifySeries } from "../verify/verify-epoch.ts";

const { network } = PARAMETERS;

test("a hotspot is told of a burst of refusals, then of one a second; others are told of theirs", async () => {
  await using run = await startTestGateway(FIRST_EPOCH * 8000);
  const told = (name: "a" | "b") =>
    run.sent.filter(({ topic, bytes }) => {
      const opened = verdictMessage.open(bytes, network, networkSigner.publicKey);
      return topic.includes(idOf(name)) && opened.ok && opened.value.verdicts[0]?.outcome === "refused";
    }).length;
  const sendGarbage = (name: "a" | "b", n: number) =>
    run.gateway.ingest(upTopic(network, idOf(name), "status"), Uint8Array.of(n & 255, n >> 8), idOf(name));
  for (let n = 0; n < 500; n++) await sendGarbage("a", n);
  await sendGarbage("b", 0);
  expect([told("a"), told("b"), run.gateway.metrics.refusalsUntold]).toEqual([32, 1, 500 - 32]);
  await run.clock.advance(3000);
  for (let n = 0; n < 500; n++) await sendGarbage("a", n);
  expect(told("a")).toBe(32 + 3);
});

test("receipts say from when on which versions of reports are not taken, as the newest parameters announce", async () => {
  const startMs = FIRST_EPOCH * 8000;
  const fromEpoch = FIRST_EPOCH + 2;
  const announced = { ...PARAMETERS, minWitnessVersion: 9, minVersionsFromEpoch: fromEpoch };
  await using run = await startTestGateway(startMs);
  const lowest = async () => {
    await run.sendAs("a", statusPacket(100 + run.sent.length, run.clock.now()));
    await run.clock.advance(0);
    const { bytes } =
      run.sent.findLast(({ topic }) => topic === downTopic(network, idOf("a"), "receipt")) ?? {};
    const opened = receiptMessage.open(bytes ?? new Uint8Array(), network, networkSigner.publicKey);
    return opened.ok ? opened.value.lowest : opened.code;
  };
  expect(await lowest()).toBeNull();
  await run.restart({ parameters: announced });
  expect(await lowest()).toEqual({ fromEpoch, fromMs: fromEpoch * 8000, beacon: 1, witness: 9 });
  // After the year 2100, which no message can carry.
  await run.restart({ parameters: { ...announced, minVersionsFromEpoch: 0xffff_ffff } });
  expect(await lowest()).toBeNull();
});

test("reports of a version that is not taken any more are refused from the announced epoch on, and the bundles verify", async () => {
  const fromEpoch = FIRST_EPOCH + 1;
  const parameters = { ...PARAMETERS, minWitnessVersion: 9, minVersionsFromEpoch: fromEpoch };
  await using run = await startTestGateway(FIRST_EPOCH * 8000 + 10, { parameters });
  const sent = [FIRST_EPOCH, fromEpoch].flatMap((epoch) => epochPackets(epoch));
  const packets = [...assertions(FIRST_EPOCH * 8000 + 20), ...sent];
  await run.play(packets, (FIRST_EPOCH + 5) * 8000);
  const refused = async (epoch: number) =>
    (await run.store.verdictsOfEpoch(epoch)).filter(({ reason }) => reason === "old_version");
  expect(await refused(FIRST_EPOCH)).toEqual([]);
  const told = await refused(fromEpoch);
  expect(new Set(told.map(({ type }) => type))).toEqual(new Set(["witness"]));
  expect(told[0]?.measurements).toEqual([
    { name: "version", value: PACKET_VERSIONS.witness },
    { name: "neededVersion", value: 9 },
  ]);
  const reports = await Array.fromAsync(verifySeries(bundlePaths(run.bundlesDir)));
  expect(reports.map(({ ok }) => ok).slice(0, 2)).toEqual([true, true]);
});
