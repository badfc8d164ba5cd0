import { expect, test } from "bun:test";
import type { StoredVerdict } from "@earshot/gateway";
import { explainVerdict } from "@earshot/protocol";
import { type EpochResult, tallyVerdicts } from "./epoch-result.ts";
import { formatEpoch } from "./epoch-table.ts";
import { summarize } from "./summary.ts";

const TOO_CLOSE = {
  reason: "too_close",
  measurements: [
    { name: "distanceM", value: 123 },
    { name: "minDistanceM", value: 300 },
  ],
};

const verdict = (
  hotspotId: string,
  type: "beacon" | "witness",
  reason: string,
  measurements: { name: string; value: number }[] = [],
): StoredVerdict => ({
  packetId: `${hotspotId}${type}${reason}`,
  hotspotId,
  beaconKey: "k",
  type,
  outcome: reason === "ok" ? "paid" : reason.startsWith("not_") ? "unpaid" : "refused",
  reason,
  measurements,
  epoch: 1,
  entropyIndex: 30,
  judgedAtMs: 0,
});

const result: EpochResult = {
  epoch: {
    epoch: 1,
    fromMs: Date.UTC(2026, 0, 1),
    toMs: Date.UTC(2026, 0, 1, 0, 1),
    closedAtMs: 0,
    pool: 1_000_000n,
    paid: 999_999n,
    unallocated: 1n,
    root: new Uint8Array(32).fill(0xab),
    manifestHash: new Uint8Array(32),
    parametersHash: new Uint8Array(32),
    registryHash: new Uint8Array(32),
    bundle: "epoch-1",
  },
  verdicts: tallyVerdicts([
    verdict("a", "beacon", "ok"),
    verdict("b", "witness", "ok"),
    verdict("c", "witness", "too_close", TOO_CLOSE.measurements),
    verdict("c", "beacon", "not_heard"),
    verdict("d", "witness", "not_drawn", [{ name: "valid", value: 20 }]),
  ]),
  payments: [
    { epoch: 1, hotspotId: "a", payee: new Uint8Array(20), cumulative: 200_000n, delta: 200_000n },
    { epoch: 1, hotspotId: "b", payee: new Uint8Array(20), cumulative: 799_999n, delta: 799_999n },
  ],
  recomputedRoot: `0x${"ab".repeat(32)}`,
};

const named = [
  { id: "a", name: "angry-purple-tiger", remark: undefined },
  { id: "b", name: "brave-red-fox", remark: "asserted 3.1 km from where it stands" },
  { id: "c", name: "calm-blue-cat", remark: undefined },
  { id: "d", name: "quick-gold-owl", remark: undefined },
];

test("the table says who was paid for what, and why the rest was not", () => {
  expect(formatEpoch(result, named).split("\n")).toEqual([
    "Epoch 1, 2026-01-01 00:00:00 to 00:01:00 UTC",
    `root 0x${"ab".repeat(32)}, recomputed from its packets: equal`,
    "",
    "hotspot                                               beacons paid  witnesses paid   amount",
    "brave-red-fox (asserted 3.1 km from where it stands)             0               1  799,999",
    "angry-purple-tiger                                               1               0  200,000",
    "calm-blue-cat                                                    0               0        0",
    "quick-gold-owl                                                   0               0        0",
    "paid 999,999 of 1,000,000, unallocated 1",
    "",
    "refused            count  for example",
    `witness too_close      1  calm-blue-cat: ${explainVerdict(TOO_CLOSE)}`,
    "",
    "valid, not paid    count  for example",
    `beacon not_heard       1  calm-blue-cat: ${explainVerdict({ reason: "not_heard", measurements: [] })}`,
    "witness not_drawn      1  quick-gold-owl: 20 hotspots heard this beacon validly; others were drawn for payment. Nothing to do here.",
    "",
  ]);
});

test("a bundle that cannot be verified is not called equal", () => {
  expect(formatEpoch({ ...result, recomputedRoot: undefined }, named)).toContain("NOT recomputed");
  expect(formatEpoch({ ...result, difference: "verdicts.jsonl differs" }, named)).toContain("verdicts.jsonl");
});

test("the summary adds epochs up; the roots are the last epoch's", () => {
  const last = {
    ...result,
    epoch: { ...result.epoch, root: new Uint8Array(32).fill(1) },
    recomputedRoot: "0x01",
  };
  expect(summarize(3, [result, last])).toEqual({
    epochs: 2,
    hotspots: 3,
    beacons: 4,
    witnessesPaid: 2,
    witnessesRefused: { not_drawn: 2, too_close: 2 },
    pool: "2000000",
    paid: "1999998",
    unallocated: "2",
    root: `0x${"01".repeat(32)}`,
    recomputedRoot: "0x01",
  });
  expect(summarize(3, [])).toMatchObject({ epochs: 0, pool: "0", root: "", recomputedRoot: "" });
});
