import { describe, expect, test } from "bun:test";
import { assess } from "@earshot/agent";
import {
  downTopic,
  epochAtMs,
  epochSpanMs,
  hotspotId,
  KEY_ROLES,
  type KeyDocument,
  keyDocumentMessage,
  keysTopic,
  type RoleKey,
  receiptMessage,
  type Signer,
  sha256,
  signerFromSeed,
} from "@earshot/protocol";
import { AgentHarness, NETWORK, networkSigner as root } from "./harness.ts";

/* Who signs for the network, as an agent sees it: the root key is pinned, key documents come from the broker. */

const CLOCKWORK = { entropyPeriodMs: 60_000, epochPeriods: 60 };
const [a, b, stranger] = [11, 12, 13].map((fill) => signerFromSeed(new Uint8Array(32).fill(fill))) as [
  S,
  S,
  S,
];
type S = Signer;
/** What the network says of itself plays no part here. */
const NO_VERSIONS = { gateway: null, lowest: null, copies: null, commitments: null };

const allRoles = (who: Signer, fromEpoch: number, rest: Partial<RoleKey> = {}): RoleKey[] =>
  KEY_ROLES.map((role) => ({
    ...{ role, key: who.publicKey, fromEpoch, untilEpoch: null, revokedFromEpoch: null },
    ...rest,
  }));

class Network {
  readonly agent: AgentHarness;
  #sent: Uint8Array | undefined;
  #version = 0;

  constructor(agent = new AgentHarness()) {
    this.agent = agent;
  }

  get epoch(): number {
    return epochAtMs(this.agent.clock.now(), CLOCKWORK);
  }

  /** The next document, as the root or somebody else signs it; sent only by `send`. */
  document(keys: RoleKey[], change: Partial<KeyDocument> = {}, by = root): Uint8Array {
    this.#version += 1;
    const previousHash = this.#sent === undefined ? new Uint8Array(32) : sha256(this.#sent);
    const atMs = this.agent.clock.now() + this.#version;
    const document = {
      network: NETWORK,
      version: this.#version,
      previousHash,
      atMs,
      ...CLOCKWORK,
      keys,
      ...change,
    };
    this.#sent = keyDocumentMessage.seal(document, by, NETWORK);
    return this.#sent;
  }

  async send(document: Uint8Array): Promise<void> {
    this.agent.broker.send(keysTopic(NETWORK), document, { retain: true });
    await this.agent.clock.advance(0);
  }

  /** Whether the agent takes entropy of this key now. */
  async takes(signer: Signer): Promise<boolean> {
    const before = this.agent.board.snapshot(this.agent.clock).entropy?.index;
    await this.agent.clock.advance(CLOCKWORK.entropyPeriodMs);
    const { index } = await this.agent.publishEntropy(signer);
    expect(before).not.toBe(index);
    return this.agent.board.snapshot(this.agent.clock).entropy?.index === index;
  }

  /** What the page says of the keys. */
  part() {
    return assess(this.agent.board.snapshot(this.agent.clock)).parts.find(
      ({ title }) => title === "Network keys",
    );
  }

  status() {
    return this.agent.board.snapshot(this.agent.clock).keys;
  }
}

test("without a document the pinned key signs everything; with one its keys do, each from its epoch on, and that key no more", async () => {
  const network = new Network();
  const { agent } = network;
  await agent.start();
  expect([await network.takes(root), await network.takes(a), network.part()?.health]).toEqual([
    true,
    false,
    "broken",
  ]);
  const next = network.epoch + 1;
  await network.send(network.document([...allRoles(root, 0, { untilEpoch: next }), ...allRoles(a, next)]));
  expect(network.status()).toMatchObject({ root: hotspotId(root.publicKey), version: 1 });
  expect([await network.takes(root), await network.takes(a)]).toEqual([true, false]);
  await agent.clock.advance(epochSpanMs(next, CLOCKWORK).fromMs - agent.clock.now());
  expect([await network.takes(root), await network.takes(a)]).toEqual([false, true]);
  await agent.clock.advance(600_001);
  expect(network.part()).toEqual({
    title: "Network keys",
    health: "ok",
    text: "Version 1 of the network's key document",
  });
  await agent.stop();
});

test("what signs is asked first of all, and the newest document is known again after a restart", async () => {
  const network = new Network();
  const { agent } = network;
  await agent.start();
  const [keys, entropy] = agent.broker.sessions.at(-1)?.subscriptions ?? [];
  expect([keys, entropy]).toEqual([keysTopic(NETWORK), `earshot/1/${NETWORK}/entropy`]);
  const first = network.document(allRoles(a, 0));
  const second = network.document(
    allRoles(a, 0, { untilEpoch: network.epoch + 1 }).concat(allRoles(b, network.epoch + 1)),
  );
  await network.send(first);
  await network.send(second);
  expect(network.status()?.version).toBe(2);
  await agent.stop();
  await agent.start();
  expect(network.status()?.version).toBe(2);
  // Somebody hands it the old one, in which the key of old still signs.
  await network.send(first);
  expect(network.status()).toMatchObject({
    version: 2,
    refused: { why: "version 1 is older than 2, which is known" },
  });
  expect(network.part()).toMatchObject({
    health: "broken",
    text: "A key document that came 0 s ago was refused: version 1 is older than 2, which is known (version 2 stays in use)",
  });
  expect(agent.lossCount("message_signature")).toBe(1);
  await network.send(second);
  expect(network.part()?.health).toBe("ok");
  await agent.stop();
});

describe("a document is refused, told on page and status, and changes nothing", () => {
  test.each<[string, RegExp, (network: Network) => Uint8Array]>([
    [
      "that another key signed",
      /not a key document of "test" signed by its root key/,
      (n) => n.document(allRoles(b, 0), {}, stranger),
    ],
    [
      "of another network",
      /not a key document of "test"/,
      (n) => n.document(allRoles(b, 0), { network: "other" }),
    ],
    [
      "that follows another one",
      /follows another version 1 than the one known/,
      (n) => n.document(allRoles(b, 0), { previousHash: new Uint8Array(32) }),
    ],
    [
      "that changes what has begun",
      /begins in epoch \d+, which had begun/,
      (n) => n.document([...allRoles(a, 0), ...allRoles(b, n.epoch)]),
    ],
    ["that is no message", /signed by its root key z6Mk\w+: trailing_bytes/, () => Uint8Array.of(1, 2, 3)],
  ])("%s", async (_what, why, made) => {
    const network = new Network();
    await network.agent.start();
    await network.send(network.document(allRoles(a, 0)));
    await network.send(made(network));
    expect(network.status()).toMatchObject({ version: 1, refused: { why: expect.stringMatching(why) } });
    expect(network.part()?.health).toBe("broken");
    expect([await network.takes(b), await network.takes(a)]).toEqual([false, true]);
    await network.agent.stop();
  });
});

test("of a revoked key nothing counts once the network's time has come to its epoch, however it is dated", async () => {
  const network = new Network();
  const { agent } = network;
  await agent.start();
  await network.send(network.document(allRoles(a, 0)));
  const next = network.epoch + 1;
  await network.send(network.document([...allRoles(a, 0, { revokedFromEpoch: next }), ...allRoles(b, next)]));
  const receipt = async (by: Signer, atMs: number) => {
    const before = agent.lossCount("message_signature");
    const told = {
      atMs,
      hotspot: agent.signer.publicKey,
      answers: new Uint8Array(32),
      stored: [],
      used: [],
      ...NO_VERSIONS,
    };
    agent.broker.send(downTopic(NETWORK, agent.id, "receipt"), receiptMessage.seal(told, by, NETWORK));
    await agent.clock.advance(0);
    return agent.lossCount("message_signature") === before;
  };
  const beforeMs = agent.clock.now();
  expect([await network.takes(a), await receipt(a, beforeMs)]).toEqual([true, true]);
  await agent.clock.advance(epochSpanMs(next, CLOCKWORK).fromMs - agent.clock.now());
  expect([await network.takes(a), await network.takes(b)]).toEqual([false, true]);
  expect([await receipt(a, beforeMs), await receipt(b, agent.clock.now())]).toEqual([false, true]);
  expect(network.part()?.text).toMatch(
    new RegExp(`\\(receipt\\) came .* signed by ${hotspotId(a.publicKey)}, which is revoked`),
  );
  await agent.stop();
});
