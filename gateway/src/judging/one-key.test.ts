import { describe, expect, test } from "bun:test";
import { downTopic, encodePacket, explainVerdict, verdictMessage } from "@earshot/protocol";
import { DEFAULT_LIMITS } from "../access/hotspot-limits.ts";
import type { Store } from "../store/store.ts";
import { assertions, registeredStore, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import {
  beaconOf,
  FIRST_EPOCH,
  idOf,
  networkSigner,
  PARAMETERS,
  type SentBeacon,
  signers,
  witnessOf,
} from "../testing/test-network.ts";
import { runVerifyEpoch } from "../verify/verify-command.ts";

/* What one hotspot can multiply, and what it costs. */

const { network } = PARAMETERS;
const startMs = FIRST_EPOCH * 8000;
const beacon = beaconOf("a", FIRST_EPOCH, 500);

/** Witness reports of hotspot b that differ in their level. */
const witnesses = (count: number, sequence: (i: number) => number, about: SentBeacon = beacon) =>
  Array.from({ length: count }, (_, i) => witnessOf(about, sequence(i), { rssiDbm: -110 - (i % 60) }));

/** Outcomes of sending them, how often each. */
async function outcomes(
  run: TestGateway,
  packets: ReturnType<typeof witnesses>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.all(packets.map((packet) => run.sendAs("b", packet)))) {
    const name = outcome.ok ? outcome.outcome : outcome.reason;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const verified = async ({ bundlesDir }: TestGateway): Promise<number> =>
  runVerifyEpoch([bundlesDir], { out: () => undefined, err: () => undefined, isTerminal: false });

/** A store that counts what is asked of it. */
function counting(store: Store): Record<string, number> {
  const calls: Record<string, number> = {};
  for (const name of Object.keys(store) as (keyof Store)[]) {
    const method = store[name] as (...given: unknown[]) => unknown;
    Object.assign(store, {
      [name]: (...given: unknown[]) => {
        calls[name] = (calls[name] ?? 0) + 1;
        return method(...given);
      },
    });
  }
  return calls;
}

describe("many packets with one number", () => {
  test("two are kept, also over a restart; further ones are refused and told why; the bundle verifies", async () => {
    await using run = await startTestGateway(startMs + 10, { store: await registeredStore() });
    await run.play(assertions(startMs + 20), beacon.index * 2000 + 1000);
    expect(
      await outcomes(
        run,
        witnesses(30, () => 7),
      ),
    ).toEqual({ stored: 2, sequence_reused: 28 });
    await run.restart();
    const sent = run.sent.length;
    expect(await outcomes(run, witnesses(3, () => 7).slice(2))).toEqual({ sequence_reused: 1 });
    const told = run.sent.slice(sent).find(({ topic }) => topic === downTopic(network, idOf("b"), "verdict"));
    const opened = verdictMessage.open(told?.bytes ?? new Uint8Array(), network, networkSigner.publicKey);
    const [notice] = opened.ok ? opened.value.verdicts : [];
    expect(notice && explainVerdict({ type: "witness", ...notice })).toStartWith(
      "Sequence number 7 was used for two packets: two agents may run with the same key",
    );
    await run.play([], beacon.index * 2000 + 5000);
    await run.sendAs("a", beacon.packet);
    await run.play([], startMs + 26_000);
    const verdicts = await run.store.verdictsOfEpoch(FIRST_EPOCH);
    const own = verdicts.filter(({ hotspotId }) => hotspotId === idOf("b"));
    expect(own.map(({ reason }) => reason).sort()).toEqual(["ok", "sequence_reused"]);
    expect(await verified(run)).toBe(0);
  });

  test("what is sent again is no rival", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play(assertions(startMs + 20), beacon.index * 2000 + 1000);
    const [first, second] = witnesses(2, () => 7);
    if (first === undefined || second === undefined) throw new TypeError("Two witnesses were made");
    expect(await outcomes(run, [first, second])).toEqual({ stored: 2 });
    expect(await outcomes(run, [first, second, first])).toEqual({ duplicate: 3 });
  });
});

describe("many reports on one period", () => {
  test("64 are taken, and sending those again takes no room from others", async () => {
    await using run = await startTestGateway(startMs + 10);
    await run.play(assertions(startMs + 20), beacon.index * 2000 + 1000);
    const packets = witnesses(100, (i) => 10 + i);
    expect(await outcomes(run, packets.slice(0, 60))).toEqual({ stored: 60 });
    expect(await outcomes(run, packets.slice(0, 60))).toEqual({ duplicate: 60 });
    expect(await outcomes(run, packets.slice(60))).toEqual({ stored: 4, too_many_reports: 36 });
  });

  test("late ones cost one transaction for many, and nothing is looked up for them", async () => {
    const limits = { ...DEFAULT_LIMITS, witnessReportsPerPeriod: 100_000 };
    await using run = await startTestGateway(startMs + 10, { limits });
    await run.play(assertions(startMs + 20), startMs + 17_000);
    expect(await run.store.judgedThrough()).toBeGreaterThanOrEqual(beacon.index);
    const calls = counting(run.store);
    const count = 1500;
    for (let from = 0; from < count; from += 100) {
      expect(
        await outcomes(
          run,
          witnesses(100, (i) => 1000 + from + i),
        ),
      ).toEqual({ stored: 100 });
    }
    await run.clock.advance(0);
    const { addLateVerdicts = 0, judgedAmong = 0, verdict = 0 } = calls;
    expect({ verdict, ofEach: addLateVerdicts === judgedAmong }).toEqual({ verdict: 0, ofEach: true });
    // As many portions as batches came, at most.
    expect(addLateVerdicts).toBeLessThanOrEqual(count / 100 + 1);
    for (const name of [
      "earlierReports",
      "reusedNumbers",
      "firstBeaconIndexes",
      "hotspotsById",
      "contactsBefore",
    ]) {
      expect([name, calls[name] ?? 0]).toEqual([name, 0]);
    }
    const late = await run.store.verdictsOfHotspot(idOf("b"), { limit: 2000 });
    expect(late.filter(({ reason }) => reason === "report_late")).toHaveLength(count);
  });
});

describe("a hotspot that sends more than it may", () => {
  const limits = { ...DEFAULT_LIMITS, packetsAtOnce: 5, packetsPerSecond: 1 };

  test("is refused before anything is looked at, told, and heard again later; others do not notice", async () => {
    await using run = await startTestGateway(startMs + 10, { limits });
    await run.play([], beacon.index * 2000 + 1000);
    const packets = witnesses(8, (i) => 10 + i);
    expect(await outcomes(run, packets)).toEqual({ stored: 5, rate_limited: 3 });
    const garbage = Uint8Array.of(1, 2, 3);
    const topic = `earshot/1/${network}/${idOf("b")}/up/status`;
    expect(await run.gateway.ingest(topic, garbage, idOf("b"))).toMatchObject({ reason: "rate_limited" });
    // Whoever publishes below another's id takes nothing from it.
    expect(await run.gateway.ingest(topic, garbage, idOf("a"))).toMatchObject({ reason: "wrong_topic" });
    expect(await run.sendAs("a", beacon.packet)).toMatchObject({ outcome: "stored" });
    await run.clock.advance(3000);
    const again = packets.slice(5).map((packet) => encodePacket(packet, signers.b, network));
    for (const bytes of again) expect(await run.send(bytes)).toMatchObject({ outcome: "stored" });
  });
});
