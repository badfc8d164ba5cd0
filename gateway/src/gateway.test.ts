import { expect, test } from "bun:test";

import { epochPackets, FIRST_EPOCH } from "./epochs/test-network.ts";
import { runVerifyEpoch } from "./epochs/verify-command.ts";
import { assertions, startTestGateway } from "./test-gateway.ts";

const startMs = FIRST_EPOCH * 8000;

test("two epochs come out as verify-epoch recomputes them", async () => {
  await using run = await startTestGateway(startMs + 10);
  const packets = [
    ...assertions(startMs + 20),
    ...epochPackets(FIRST_EPOCH),
    ...epochPackets(FIRST_EPOCH + 1),
  ];
  await run.play(packets, startMs + 26_000);
  const epochs = await run.store.epochs({ limit: 10 });
  expect(epochs.map(({ epoch }) => epoch)).toEqual([FIRST_EPOCH + 1, FIRST_EPOCH]);
  const text: string[] = [];
  const io = {
    out: (line: string) => text.push(line),
    err: (line: string) => text.push(line),
    isTerminal: false,
  };
  const code = await runVerifyEpoch([run.bundlesDir], io);
  expect([code, text.join("")]).toEqual([0, expect.anything()]);
});
