import { expect, test } from "bun:test";
import {
  type AnnouncedState,
  contradictionOf,
  type Entropy,
  entropyMessage,
  signerFromSeed,
} from "@earshot/protocol";
import { judgeContradiction, readContradiction } from "@earshot/protocol/omission";
import { networkParts } from "../health/network.ts";
import { testContext } from "../testing/core-context.ts";
import { NetworkMemory } from "./network-memory.ts";

/** As in the test's context. */
const NETWORK = signerFromSeed(new Uint8Array(32).fill(9));
const FIRST = Date.UTC(2026, 0, 1) / 60_000;
const bytes = (n: number) => new Uint8Array(32).fill(n);

const state = (closedEpoch: number | null, manifest = closedEpoch ?? 0): AnnouncedState => ({
  ...{ closedEpoch, manifestHash: bytes(manifest), parametersHash: bytes(2) },
  ...{ denialsHash: bytes(3), registryHash: bytes(4) },
});

const entropy = (index: number, announced: AnnouncedState | null): Entropy => ({
  ...{ index, atMs: index * 60_000, value: bytes(index & 255), previousHash: bytes(0), periodMs: 60_000 },
  ...{ validityMs: 180_000, windowPeriods: 4, windowValue: bytes(5), source: null, state: announced },
  ...{ reportDeadlineMs: null, revealDeadlineMs: null },
});

function setUp() {
  const made = testContext();
  let memory = new NetworkMemory(made.context);
  return {
    ...made,
    note: (afterFirst: number, announced: AnnouncedState | null) => {
      const said = entropy(FIRST + afterFirst, announced);
      memory.note(said, entropyMessage.seal(said, NETWORK, "test"));
    },
    restart: () => {
      memory = new NetworkMemory(made.context);
    },
    found: () => made.context.board.contradictions.map(({ kind }) => kind),
  };
}

test("a network that goes on is not told of, over restarts either", () => {
  const { found, note, restart, logged } = setUp();
  note(1, null);
  for (let index = 2; index < 200; index++) {
    note(index, state(Math.floor(index / 4)));
    if (index % 50 === 0) restart();
  }
  note(199, state(49));
  expect([found(), logged]).toEqual([[], []]);
});

test("an epoch with another manifest than before is told once, counted, shown and kept as evidence", () => {
  const { context, found, note, restart, logged } = setUp();
  note(10, state(5));
  note(11, state(5, 77));
  note(12, state(5, 77));
  expect(found()).toEqual(["manifest_changed"]);
  expect(context.board.losses.counts()).toEqual([["network_contradicts", 1]]);
  expect(logged).toEqual(["error The network contradicts what it signed before"]);
  restart();
  const [fact] = context.board.contradictions;
  const statements = fact?.statements.map((text) => {
    const opened = entropyMessage.open(Uint8Array.fromBase64(text), "test", NETWORK.publicKey);
    return opened.ok ? opened.value : undefined;
  });
  expect(
    judgeContradiction(readContradiction(JSON.stringify(fact)) as never, NETWORK.publicKey),
  ).toMatchObject({
    ok: true,
    finding: { kind: "manifest_changed", network: "test", indexes: [FIRST + 10, FIRST + 11] },
  });
  const [one, other] = statements as [Entropy, Entropy];
  expect(contradictionOf(one, other)).toBe("manifest_changed");
  const [part] = networkParts(context.board);
  expect(part).toMatchObject({
    health: "attention",
    text: expect.stringContaining("another manifest than before"),
  });
});

test("a chain that is begun anew shows, however long ago the first was seen", () => {
  const { found, note, restart } = setUp();
  for (let epoch = 1; epoch < 40; epoch++) note(epoch * 10, state(epoch));
  restart();
  note(1000, state(null));
  note(1010, state(1, 99));
  expect(found()).toEqual(["epochs_taken_back", "manifest_changed"]);
});

test("two messages of one period, the second not even newer, show", () => {
  const { found, note } = setUp();
  note(10, state(5));
  note(11, state(5));
  note(11, state(5, 6));
  expect(found()).toContain("two_messages");
});

test("what is kept is bounded", () => {
  const { context, note } = setUp();
  for (let epoch = 1; epoch < 200; epoch++) note(epoch * 10, state(epoch));
  const kept = JSON.parse(context.outbox.recall("network") ?? "") as { statements: string[] };
  expect(kept.statements).toHaveLength(17);
  const opened = entropyMessage.open(Uint8Array.fromBase64(kept.statements[0] as string), "test");
  expect(opened.ok && opened.value.state?.closedEpoch).toBe(1);
});

test.each(["no JSON", "{}", '{"network":"test","statements":["x"],"found":[]}'])(
  "a damaged record is left: %s",
  (text) => {
    const { context, found, note } = setUp();
    context.outbox.remember("network", text);
    new NetworkMemory(context);
    note(10, state(5));
    expect(found()).toEqual([]);
  },
);

test("a store that fails costs a line, and what was found is shown all the same", () => {
  const { context, found, note, logged } = setUp();
  context.outbox.remember = () => {
    throw new Error("disk full");
  };
  note(10, state(5));
  note(11, state(4));
  expect(found()).toEqual(["epochs_taken_back"]);
  expect(logged.filter((line) => line.startsWith("warn"))).not.toEqual([]);
});
