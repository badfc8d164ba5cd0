import { beforeEach, expect, test } from "bun:test";
import {
  DRAND,
  drandEntropy,
  drandRoundAt,
  drandRoundTimeMs,
  type LogLevel,
  logTo,
  QUICKNET,
} from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import type { RoundAnswer } from "./drand-relays.ts";
import { DrandSource } from "./drand-source.ts";
import type { DrawnEntropy } from "./entropy-source.ts";

const PERIOD_MS = 60_000;
const INDEX = Date.UTC(2026, 5, 1) / PERIOD_MS;
const ROUND = drandRoundAt(INDEX * PERIOD_MS, QUICKNET);
const SIGNATURE = new Uint8Array(48).fill(7);
const AWAY: RoundAnswer = { ok: false, problems: ["relay: away"] };
const stop = new AbortController();

let clock: ManualClock;
/** When relays were asked, ms into the period, and for which round. */
let asked: [atMs: number, round: number][];
let answers: (atMs: number) => RoundAnswer;
let lines: [LogLevel, string][];

beforeEach(() => {
  clock = new ManualClock(INDEX * PERIOD_MS);
  [asked, lines] = [[], []];
  answers = () => ({ ok: true, signature: SIGNATURE });
});

const open = (unprovenCounts = false) =>
  new DrandSource({
    network: "demo",
    entropyPeriodMs: PERIOD_MS,
    chain: QUICKNET,
    unprovenCounts,
    random: () => new Uint8Array(32).fill(1),
    relays: {
      async signatureOf(round) {
        const atMs = clock.now() - INDEX * PERIOD_MS;
        asked.push([atMs, round]);
        return answers(atMs);
      },
    },
    clock,
    log: logTo((level, message) => void lines.push([level, message])),
  });

/** What comes out, once so much time has passed. */
async function drawn(
  source: DrandSource,
  afterMs: number,
  index = INDEX,
): Promise<DrawnEntropy | "nothing yet"> {
  let outcome: DrawnEntropy | "nothing yet" = "nothing yet";
  const drawing = source.draw(index, stop.signal).then((made) => {
    outcome = made;
  });
  await clock.advance(afterMs);
  if (outcome !== "nothing yet") await drawing;
  return outcome;
}

test("the period's round is asked for when it is made, and not before", async () => {
  const source = open();
  const { value, source: proof } = (await drawn(source, 3300)) as DrawnEntropy;
  expect(value).toEqual(drandEntropy(SIGNATURE, "demo", INDEX));
  expect(proof).toEqual({ kind: DRAND, round: ROUND, signature: SIGNATURE, counts: true });
  const madeMs = drandRoundTimeMs(ROUND, QUICKNET) - INDEX * PERIOD_MS;
  expect(asked).toEqual([[madeMs + 300, ROUND]]);
  expect([source.problem, lines, clock.pending]).toEqual([undefined, [], 0]);
});

test("one that is late is asked for again, second by second", async () => {
  answers = (atMs) => (atMs < 10_000 ? AWAY : { ok: true, signature: SIGNATURE });
  expect(await drawn(open(), 12_000)).toMatchObject({ source: { signature: SIGNATURE } });
  const [first = [0, 0]] = asked;
  expect(asked.map(([atMs]) => atMs)).toEqual(asked.map((_, i) => first[0] + i * 1000));
  expect(asked.at(-1)?.[0]).toBeWithin(10_000, 11_000);
});

test("one that is away is waited for until half of the period is over, and the value says so", async () => {
  answers = () => AWAY;
  const source = open();
  expect(await drawn(source, 28_000)).toBe("nothing yet");
  clock = new ManualClock(INDEX * PERIOD_MS);
  const again = open();
  expect(await drawn(again, 30_000)).toEqual({
    value: new Uint8Array(32).fill(1),
    source: { kind: DRAND, round: ROUND, signature: null, counts: false },
  });
  expect(again.problem).toBe("drand gave no entropy for the last period: published without proof");
  expect(lines.filter(([level]) => level === "error")).toHaveLength(1);
});

test("whether such a period counts is the parameters' choice, and is said", async () => {
  answers = () => AWAY;
  expect(await drawn(open(true), 30_000)).toMatchObject({ source: { signature: null, counts: true } });
});

test("when it is back that is told, and the problem is over", async () => {
  answers = () => AWAY;
  const source = open();
  await drawn(source, 60_000);
  await drawn(source, 60_000, INDEX + 1);
  expect(source.problem).toContain("the last 2 periods");
  answers = () => ({ ok: true, signature: SIGNATURE });
  await drawn(source, 60_000, INDEX + 2);
  expect(source.problem).toBeUndefined();
  expect(lines.filter(([level]) => level !== "debug").map(([level]) => level)).toEqual(["error", "info"]);
});

test("a gateway that starts late in a period asks once: the round is there", async () => {
  clock = new ManualClock(INDEX * PERIOD_MS + 55_000);
  expect(await drawn(open(), 0)).toMatchObject({ source: { signature: SIGNATURE } });
  answers = () => AWAY;
  asked = [];
  expect(await drawn(open(), 0)).toMatchObject({ source: { signature: null } });
  expect(asked).toHaveLength(1);
});

test("it stops waiting when the gateway stops", async () => {
  answers = () => AWAY;
  const ended = new AbortController();
  const drawing = open().draw(INDEX, ended.signal);
  await clock.advance(5000);
  ended.abort(new Error("Stopped"));
  expect(drawing).rejects.toThrow("Stopped");
  await drawing.catch(() => undefined);
  expect(clock.pending).toBe(0);
});
