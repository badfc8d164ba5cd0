import { expect, test } from "bun:test";
import {
  downTopic,
  type Entropy,
  entropyMessage,
  entropyTopic,
  signerFromSeed,
  type VerdictNotice,
  verdictMessage,
} from "@earshot/protocol";
import { EntropyTracker } from "../beacon/entropy-tracker.ts";
import { testContext } from "../testing/core-context.ts";
import { Inbox } from "./inbox.ts";

const PERIOD_MS = 60_000;
const VALIDITY_MS = 180_000;
/** As in the test's context. */
const NETWORK = signerFromSeed(new Uint8Array(32).fill(9));

function setUp() {
  const { context, clock, logged } = testContext();
  const { name, publicKey } = context.config.network;
  let confirmed = 0;
  context.outbox.confirmTime = () => {
    confirmed += 1;
  };
  const heard: number[] = [];
  const tracker = new EntropyTracker(name, publicKey);
  const inbox = new Inbox(context, tracker, ({ index }) => void heard.push(index));
  return { context, clock, logged, inbox, heard, confirmed: () => confirmed };
}

const entropyOf = (index: number): Entropy => ({
  ...{ index, atMs: index * PERIOD_MS + 5, value: new Uint8Array(32), previousHash: new Uint8Array(32) },
  ...{ periodMs: PERIOD_MS, validityMs: VALIDITY_MS, windowPeriods: 4, windowValue: new Uint8Array(32) },
  ...{ reportDeadlineMs: null, revealDeadlineMs: null },
  ...{ source: null, state: null },
});

test("the time is confirmed where clock and entropy agree within its validity, either way", () => {
  const confirmedAt = (offMs: number) => {
    const { clock, confirmed, context, heard, inbox } = setUp();
    const entropy = entropyOf(Math.floor(clock.now() / PERIOD_MS));
    clock.stepWall(entropy.atMs + offMs - clock.now());
    inbox.handle({ topic: entropyTopic("test"), bytes: entropyMessage.seal(entropy, NETWORK, "test") });
    expect(heard).toEqual([entropy.index]);
    expect(context.board.losses.counts()).toEqual([]);
    return confirmed() === 1;
  };
  expect([-VALIDITY_MS, 0, VALIDITY_MS].map(confirmedAt)).toEqual([true, true, true]);
  expect([-VALIDITY_MS - 1, VALIDITY_MS + 1, 400 * 86_400_000].map(confirmedAt)).toEqual([
    false,
    false,
    false,
  ]);
});

test("a verdict on a packet that is not remembered is shown all the same", () => {
  const { clock, context, inbox } = setUp();
  const verdict: VerdictNotice = {
    ...{ packetId: new Uint8Array(32).fill(5), receivedAtMs: clock.now() },
    ...{ outcome: "refused", reason: "too_close", measurements: [] },
  };
  const told = {
    ...{ atMs: clock.now(), hotspot: context.signer.publicKey, parametersHash: new Uint8Array(32) },
    verdicts: [verdict],
  };
  const topic = downTopic("test", context.hotspotId, "verdict");
  inbox.handle({ topic, bytes: verdictMessage.seal(told, NETWORK, "test") });
  expect(context.board.counters.verdictsRefused).toBe(1);
  expect(context.board.losses.counts()).toEqual([]);
});

test("what comes on another topic, or signed by another, is counted, logged and left", () => {
  const { context, heard, inbox, logged } = setUp();
  const bytes = entropyMessage.seal(entropyOf(1), signerFromSeed(new Uint8Array(32).fill(7)), "test");
  inbox.handle({ topic: entropyTopic("test"), bytes });
  inbox.handle({ topic: entropyTopic("other"), bytes });
  expect(heard).toEqual([]);
  expect(context.board.losses.counts().toSorted()).toEqual([
    ["message_signature", 1],
    ["message_topic", 1],
  ]);
  expect(logged).toHaveLength(2);
});
