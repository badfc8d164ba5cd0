import { describe, expect, test } from "bun:test";
import { assess } from "@earshot/agent";
import {
  downTopic,
  explainVerdict,
  MAX_RECEIPT_PACKETS,
  PACKET_VERSIONS,
  type Receipt,
  receiptMessage,
  sha256,
  type VerdictNotice,
  verdictMessage,
} from "@earshot/protocol";
import { loraFrameOf } from "./beacon-frames.ts";
import { AgentHarness, CORE, NETWORK, networkSigner, packetOf } from "./harness.ts";

/* What the gateway answers: receipts and verdicts, and who else may not. */

describe("a receipt", () => {
  /** An agent that has published two statuses and one witness, with a way to answer it. */
  async function answering(statusPeriodMs = CORE.statusPeriodMs, witnessBeforeMs = statusPeriodMs) {
    const agent = new AgentHarness({ core: { ...CORE, statusPeriodMs } });
    await agent.start();
    await agent.clock.advance(statusPeriodMs - witnessBeforeMs);
    agent.radio.read(loraFrameOf(1, agent.clock.now()));
    await agent.clock.advance(witnessBeforeMs);
    const published = () =>
      agent.broker.published.map(({ bytes }) => ({ bytes, packet: packetOf(bytes), id: sha256(bytes) }));
    const statusIds = () => published().flatMap(({ packet, id }) => (packet.type === "status" ? [id] : []));
    const notices = () =>
      published().map(({ packet, id }) => ({
        sequence: packet.sequence,
        packetId: id,
        receivedAtMs: agent.clock.now(),
      }));
    const answer = async (changes: Partial<Receipt>, signer = networkSigner) => {
      const receipt: Receipt = {
        atMs: agent.clock.now(),
        hotspot: agent.signer.publicKey,
        answers: statusIds().at(-1) ?? new Uint8Array(32),
        stored: [],
        commitments: null,
        used: [],
        gateway: null,
        lowest: null,
        copies: null,
        ...changes,
      };
      const bytes = receiptMessage.seal(receipt, signer, NETWORK);
      agent.broker.send(downTopic(NETWORK, agent.id, "receipt"), bytes);
      await agent.clock.advance(0);
    };
    expect(published().map(({ packet }) => packet.type)).toEqual(["status", "witness", "status"]);
    expect(agent.outbox.state()).toMatchObject({ queued: 0, acknowledged: 3 });
    return { agent, published, statusIds, notices, answer };
  }

  test("tells which gateway answers, and from when on it does not take what this agent sends", async () => {
    const { agent, answer } = await answering();
    const fromMs = agent.clock.now() + 86_400_000;
    const gateway = { version: "9.8.7", formats: [3, 2, 1] };
    const answerNext = async (beacon: number) => {
      await agent.clock.advance(CORE.statusPeriodMs);
      await answer({ gateway, lowest: { fromEpoch: 77, fromMs, beacon, witness: 1 } });
    };
    const told = () => {
      const { gateway: known, outdated } = agent.board.snapshot(agent.clock);
      return { known, outdated };
    };
    expect(told()).toEqual({ known: undefined, outdated: undefined });
    await answerNext(PACKET_VERSIONS.beacon);
    expect(told()).toEqual({ known: gateway, outdated: undefined });
    for (let i = 0; i < 2; i++) await answerNext(PACKET_VERSIONS.beacon + 1);
    const { beacon: version } = PACKET_VERSIONS;
    expect(told().outdated).toEqual({
      ...{ fromEpoch: 77, fromMs },
      reports: [{ type: "beacon", version, needed: version + 1 }],
    });
    expect(agent.logged.filter((line) => line.includes("does not take reports"))).toHaveLength(1);
    await agent.clock.advance(CORE.statusPeriodMs);
    await answer({});
    expect(told()).toEqual({ known: undefined, outdated: undefined });
    await agent.stop();
  });

  test("tells that another agent signs with the key, until it says so no more", async () => {
    const { agent, answer } = await answering();
    const copies = { reusedNumbers: 0, agentTurns: 4, radioTurns: 0, concentrators: 1 };
    const told = () =>
      assess(agent.board.snapshot(agent.clock)).parts.find(({ title }) => title === "Hotspot key");
    const next = async (changes: Partial<Receipt>) => {
      await agent.clock.advance(CORE.statusPeriodMs);
      await answer(changes);
    };
    expect(told()).toBeUndefined();
    for (let i = 0; i < 2; i++) await next({ copies });
    expect(told()?.text).toContain("two agents took turns 4 times");
    expect(agent.logged.filter((line) => line.includes("Another agent signs"))).toHaveLength(1);
    await next({});
    expect(told()).toBeUndefined();
    await agent.stop();
  });

  test("clears what the gateway has, and what it lacks is sent again", async () => {
    const { agent, published, notices, answer } = await answering();
    // The broker lost the witness although it had acknowledged it.
    await answer({ stored: notices().filter((_, i) => i !== 1) });
    expect(published().map(({ packet }) => packet.sequence)).toEqual([1, 2, 3, 2]);
    await answer({ stored: notices() });
    expect(agent.outbox.state()).toMatchObject({ queued: 0, acknowledged: 0 });
    await agent.stop();
  });

  test.each([
    [20_000, 10_000],
    [60_000, 30_000],
    [300_000, 30_000],
  ])(
    "with a status each %d ms, lacks nothing that was published less than %d ms before the one it answers",
    async (statusPeriodMs, graceMs) => {
      for (const [beforeMs, isLacking] of [
        [graceMs, false],
        [graceMs + 1, true],
      ] as const) {
        const { agent, published, notices, answer } = await answering(statusPeriodMs, beforeMs);
        const stored = notices().filter((_, i) => i !== 1);
        await answer({ stored });
        expect(published().map(({ packet }) => packet.sequence)).toEqual(
          isLacking ? [1, 2, 3, 2] : [1, 2, 3],
        );
        await agent.stop();
      }
    },
  );

  test("that is full means nothing for packets that it leaves out", async () => {
    const { agent, published, notices, answer } = await answering();
    const others = Array.from({ length: MAX_RECEIPT_PACKETS }, (_, i) => ({
      ...{ sequence: 1000 + i, packetId: new Uint8Array(32), receivedAtMs: agent.clock.now() },
    }));
    const stored = [...notices().filter((_, i) => i !== 1), ...others];
    await answer({ stored: stored.slice(0, MAX_RECEIPT_PACKETS) });
    expect(published()).toHaveLength(3);
    await answer({ stored: stored.slice(0, MAX_RECEIPT_PACKETS - 1) });
    expect(published().map(({ packet }) => packet.sequence)).toEqual([1, 2, 3, 2]);
    await agent.stop();
  });

  test("counts only for this hotspot, signed by the network, of the very packets", async () => {
    const { agent, notices, answer } = await answering();
    const used = [{ first: 1, last: 1000 }];
    const stored = notices();
    await answer({ hotspot: new Uint8Array(32).fill(8), stored, used });
    await answer({ stored, used }, agent.signer);
    expect(agent.board.losses.counts()).toEqual([
      ["message_hotspot", 1],
      ["message_signature", 1],
    ]);
    await answer({ stored: stored.map((notice) => ({ ...notice, packetId: new Uint8Array(32) })) });
    await answer({ stored: stored.map((notice) => ({ ...notice, sequence: notice.sequence + 1 })) });
    expect(agent.outbox.state()).toMatchObject({ queued: 0, acknowledged: 3 });
    // In the shape of an earlier version, without whom it is for.
    const old = { atMs: agent.clock.now(), stored: [{ first: 1, last: 0xffff_ffff }] } as unknown as Receipt;
    agent.broker.send(
      downTopic(NETWORK, agent.id, "receipt"),
      receiptMessage.seal(old, networkSigner, NETWORK),
    );
    await agent.clock.advance(0);
    expect(agent.lossCount("message_form")).toBe(1);
    expect(agent.outbox.state()).toMatchObject({ acknowledged: 3 });
    expect(agent.board.snapshot(agent.clock).outbox.numbering).toBeUndefined();
    await agent.stop();
  });

  test("that answers no status of this session, or an older one than was answered, is nothing", async () => {
    const { agent, statusIds, notices, answer } = await answering();
    const [first, second] = statusIds();
    const stored = notices();
    const used = [{ first: 1, last: 700 }];
    await answer({ answers: sha256(Uint8Array.of(1)), stored, used });
    expect(agent.outbox.state().acknowledged).toBe(3);
    await answer({ answers: second });
    await answer({ answers: first, stored, used });
    expect(agent.outbox.state().acknowledged + agent.outbox.state().queued).toBe(3);
    agent.broker.lose();
    agent.broker.isReachable = true;
    await agent.clock.advance(10_000);
    await answer({ answers: second, stored, used });
    expect(agent.board.snapshot(agent.clock).outbox.numbering).toBeUndefined();
    expect(agent.board.losses.counts()).toEqual([]);
    await agent.stop();
  });

  test("that knows numbers made elsewhere moves the numbering past them, and page and log report it", async () => {
    const { agent, answer } = await answering();
    await answer({
      used: [
        { first: 1, last: 700 },
        { first: 0xffff_ffff, last: 0xffff_ffff },
      ],
    });
    await agent.clock.advance(60_000);
    expect(agent.packets("status").at(-1)?.sequence).toBe(701);
    expect(agent.logged.filter((line) => line.includes("numbering goes on after them"))).toHaveLength(1);
    const part = assess(agent.board.snapshot(agent.clock)).parts.find(({ title }) => title === "Outbox");
    expect(part).toMatchObject({ health: "attention" });
    expect(part?.text).toContain("numbering went from 4 to 701");
    await agent.stop();
  });
});

test("a packet that the network has no room for goes again later, and its verdict is the later one", async () => {
  const agent = new AgentHarness();
  await agent.start();
  agent.radio.read(loraFrameOf(1, agent.clock.now()));
  await agent.clock.advance(0);
  const bytes =
    agent.broker.published.find(({ topic }) => topic.endsWith("/witness"))?.bytes ?? new Uint8Array();
  const answer = async (reason: string) => {
    const atMs = agent.clock.now();
    const verdict: VerdictNotice = {
      packetId: sha256(bytes),
      receivedAtMs: atMs,
      outcome: "refused",
      reason,
      measurements: [],
    };
    const hotspot = agent.signer.publicKey;
    const told = { atMs, hotspot, parametersHash: new Uint8Array(32), verdicts: [verdict] };
    const sealed = verdictMessage.seal(told, networkSigner, NETWORK);
    agent.broker.send(downTopic(NETWORK, agent.id, "verdict"), sealed);
    await agent.clock.advance(0);
  };
  await answer("rate_limited");
  expect(agent.outbox.state().postponed).toBe(1);
  expect(agent.board.counters.verdictsRefused).toBe(0);
  await agent.clock.advance(120_000);
  expect(agent.packets("witness")).toHaveLength(2);
  // Twice, as a broker may send it.
  for (let i = 0; i < 2; i++) await answer("too_close");
  expect(agent.board.counters.verdictsRefused).toBe(1);
  expect(agent.outbox.state().postponed).toBe(0);
  await agent.clock.advance(3_600_000);
  expect(agent.packets("witness")).toHaveLength(2);
  await agent.stop();
});

test("a verdict is kept with its sentence and the packet it is about, which is then done with", async () => {
  const agent = new AgentHarness();
  await agent.start();
  agent.radio.read(loraFrameOf(1, agent.clock.now()));
  await agent.clock.advance(0);
  const bytes = agent.broker.published.find(({ topic }) => topic.endsWith("/witness"))?.bytes;
  const notice = {
    packetId: sha256(bytes ?? new Uint8Array()),
    receivedAtMs: agent.clock.now(),
    outcome: "refused",
    reason: "too_close",
    measurements: [
      { name: "distanceM", value: 120 },
      { name: "minDistanceM", value: 300 },
    ],
  } as const;
  const verdicts = {
    atMs: agent.clock.now(),
    hotspot: agent.signer.publicKey,
    parametersHash: new Uint8Array(32).fill(0x5a),
    verdicts: [{ ...notice, measurements: [...notice.measurements] }],
  };
  const { acknowledged } = agent.outbox.state();
  agent.broker.send(
    downTopic(NETWORK, agent.id, "verdict"),
    verdictMessage.seal({ ...verdicts, hotspot: new Uint8Array(32) }, networkSigner, NETWORK),
  );
  await agent.clock.advance(0);
  expect(agent.lossCount("message_hotspot")).toBe(1);
  expect(agent.outbox.state()).toMatchObject({ acknowledged });
  agent.broker.send(
    downTopic(NETWORK, agent.id, "verdict"),
    verdictMessage.seal(verdicts, networkSigner, NETWORK),
  );
  await agent.clock.advance(0);
  // What is refused unseen is in no receipt: without this it would be sent again for ever.
  expect(agent.outbox.state()).toMatchObject({ queued: 0, acknowledged: acknowledged - 1 });
  expect(agent.board.snapshot(agent.clock).verdicts).toMatchObject([
    {
      type: "witness",
      outcome: "refused",
      sentence: explainVerdict({ ...notice, type: "witness" }),
      parametersHash: "5a".repeat(32),
    },
  ]);
  await agent.stop();
});
