import { expect, test } from "bun:test";
import {
  downTopic,
  encodePacket,
  type KeyCopySigns,
  type PacketToSign,
  receiptMessage,
  upTopic,
} from "@earshot/protocol";
import { assertions, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import {
  beaconOf,
  FIRST_EPOCH,
  idOf,
  networkSigner,
  PARAMETERS,
  signers,
  statusPacket,
  witnessOf,
} from "../testing/test-network.ts";

const { network } = PARAMETERS;
const startMs = FIRST_EPOCH * 8000;
const id = idOf("a");

async function send(run: TestGateway, packet: PacketToSign): Promise<void> {
  const topic = upTopic(network, id, packet.type);
  await run.gateway.ingest(topic, encodePacket(packet, signers.a, network), id);
  await run.clock.advance(10);
}

/** An agent with a's key: its statuses say since when it runs. */
const agent = (run: TestGateway, startedMs: number, first: number) => {
  let sequence = first;
  return async (lateMs = 0) => {
    sequence += 1;
    const madeMs = Math.floor(run.clock.now()) - lateMs;
    const uptimeS = Math.floor((madeMs - startedMs) / 1000);
    await send(run, { ...statusPacket(sequence, madeMs), uptimeS });
  };
};

/** What the newest receipt says of copies. */
function told({ sent }: TestGateway): KeyCopySigns | null | undefined {
  const receipts = sent.filter(({ topic }) => topic === downTopic(network, id, "receipt"));
  const opened = receiptMessage.open(
    receipts.at(-1)?.bytes ?? new Uint8Array(),
    network,
    networkSigner.publicKey,
  );
  return opened.ok ? opened.value.copies : undefined;
}

async function shown(run: TestGateway): Promise<object> {
  await run.clock.advance(2000);
  const response = await run.gateway.app.request(`/api/v1/hotspots/${id}`);
  return ((await response.json()) as { keyCopies: object }).keyCopies;
}

test("two agents with one key are told to both, and shown", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.play(assertions(startMs + 20), startMs + 100);
  const [one, other] = [agent(run, startMs - 4_000_000, 100), agent(run, startMs - 400_000, 5000)];
  await one();
  expect(told(run)).toBeNull();
  for (let round = 0; round < 3; round += 1) {
    await run.clock.advance(500);
    await other();
    await run.clock.advance(500);
    await one();
  }
  expect(await shown(run)).toMatchObject({ isLikely: true, reusedNumbers: 0 });
  // Signs are looked at once a minute.
  await run.clock.advance(60_000);
  await other();
  expect(told(run)).toMatchObject({ reusedNumbers: 0 });
  expect(told(run)?.agentTurns).toBeGreaterThanOrEqual(3);
});

test("one agent that was started again, and whose late packets come afterwards, is none of them", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.play(assertions(startMs + 20), startMs + 100);
  const before = agent(run, startMs - 4_000_000, 100);
  for (let i = 0; i < 5; i += 1) await before();
  await run.clock.advance(3000);
  const after = agent(run, run.clock.now(), 200);
  for (let i = 0; i < 4; i += 1) {
    await after();
    await before(2900);
  }
  await after();
  expect(told(run)).toBeNull();
  expect(await shown(run)).toMatchObject({ isLikely: false });
});

test("what is shown has no part of reports that may not be published yet", async () => {
  await using run = await startTestGateway(startMs + 10);
  await run.play(assertions(startMs + 20), startMs + 100);
  const beacon = beaconOf("b", FIRST_EPOCH, 1);
  await run.clock.advance(beacon.index * 2000 + 800 - run.clock.now());
  for (let i = 0; i < 4; i += 1) {
    const concentrator = new Uint8Array(8).fill(i % 2);
    await send(run, witnessOf(beacon, 300 + i, { concentrator, atMs: beacon.index * 2000 + 701 + i }));
  }
  const early = await run.gateway.app.request(`/api/v1/hotspots/${id}`);
  expect(((await early.json()) as { keyCopies: object }).keyCopies).toMatchObject({ concentrators: 0 });
  await run.clock.advance(PARAMETERS.revealDeadlineMs + 1000);
  expect(await shown(run)).toMatchObject({ concentrators: 2, radioTurns: 2, isLikely: false });
});
