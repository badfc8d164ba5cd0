import { expect, test } from "bun:test";
import { logTo } from "@earshot/protocol";
import { FIRST_EPOCH, statusPacket } from "../testing/test-network.ts";
import { type NotedStatus, StatusIntake } from "./status-intake.ts";

const startMs = FIRST_EPOCH * 8000;

const status = (hotspotId: string, atMs: number): NotedStatus => ({
  hotspotId,
  packetId: `${hotspotId} at ${atMs}`,
  receivedAtMs: startMs + 90,
  status: statusPacket(1, startMs + atMs),
});

/** A table that fails when told to, and what it and the hotspots were told. */
function intake() {
  const written: string[][] = [];
  const receipts: string[] = [];
  const logged: string[] = [];
  const state: { fails?: "not written" | "written all the same" } = {};
  const made = new StatusIntake({
    store: {
      async putStatuses(reports) {
        const { fails } = state;
        if (fails !== "not written") written.push(reports.map((report) => (report as NotedStatus).packetId));
        if (fails !== undefined) throw new Error(fails);
      },
    },
    sendReceipt: async (_, statusId) => void receipts.push(statusId),
    log: logTo((level, message, { err }) => logged.push(`${level}: ${message}: ${err}`)),
  });
  return { intake: made, written, receipts, logged, state };
}

test("what comes together is written together; of each hotspot the one that was sent last, and it gets one receipt", async () => {
  const { intake: made, written, receipts } = intake();
  for (const [id, atMs] of [
    ["a", 5],
    ["b", 1],
    ["a", 3],
    ["b", 1],
    ["b", 2],
  ] as const)
    made.note(status(id, atMs));
  await made.idle();
  expect(written).toEqual([["a at 5", "b at 2"]]);
  expect(receipts).toEqual(["a at 5", "b at 2"]);
  const same = { ...status("a", 5), packetId: "the same time again" };
  made.note(status("a", 5));
  made.note(same);
  await made.idle();
  expect(written[1]).toEqual([same.packetId]);
});

test("what comes while a transaction runs is followed up after it, and idle waits for that too", async () => {
  const { intake: made, written, receipts } = intake();
  made.note(status("a", 1));
  await Promise.resolve();
  await Promise.resolve();
  made.note(status("a", 2));
  await made.idle();
  expect([written, receipts]).toEqual([
    [["a at 1"], ["a at 2"]],
    ["a at 1", "a at 2"],
  ]);
});

test.each(["not written", "written all the same"] as const)(
  "a store that fails, %s: no receipt, and the next status goes through",
  async (fails) => {
    const { intake: made, written, receipts, logged, state } = intake();
    state.fails = fails;
    made.note(status("a", 1));
    await made.idle();
    expect([receipts, logged]).toEqual([[], [`error: Cannot follow up status packets: Error: ${fails}`]]);
    delete state.fails;
    made.note(status("a", 2));
    await made.idle();
    expect(written.at(-1)).toEqual(["a at 2"]);
    expect(receipts).toEqual(["a at 2"]);
  },
);
