import { expect, test } from "bun:test";
import { upTopic, verdictMessage } from "@earshot/protocol";
import { startTestGateway } from "../testing/test-gateway.ts";
import { FIRST_EPOCH, idOf, networkSigner, PARAMETERS } from "../testing/test-network.ts";

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
