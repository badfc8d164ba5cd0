import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { logTo, type Signer, signerFromSeed, utf8 } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import {
  cosignersOf,
  entryHash,
  formatCheckpoint,
  formatNote,
  formatNoteKey,
  type LogPolicy,
  parseNote,
  parsePolicy,
  proveConsistency,
  rootOf,
  SIGNATURE_TYPES,
  signNote,
} from "@earshot/protocol/tlog";
import { newMetrics } from "../monitoring/metrics.ts";
import { Witness } from "../witness/witness.ts";
import { openWitnessState } from "../witness/witness-state.ts";
import type { SignedHead } from "./public-log.ts";
import { Witnesses } from "./witnesses.ts";

const ORIGIN = "earshot/test";
const [log, first, second] = [5, 6, 7].map((n) => signerFromSeed(new Uint8Array(32).fill(n))) as [
  Signer,
  Signer,
  Signer,
];
const leaves = Array.from({ length: 100 }, (_, i) => entryHash(utf8(`entry ${i}`)));

const vkey = (name: string, { publicKey }: Signer) =>
  formatNoteKey({ name, type: SIGNATURE_TYPES.cosignature, publicKey });

function policyOf(quorum: string): LogPolicy {
  const read = parsePolicy(`witness one ${vkey("w/1", first)} http://one/path/
witness two ${vkey("w/2", second)} http://two
group both all one two
quorum ${quorum}
`);
  if (!read.ok) throw new Error(read.problem);
  return read.policy;
}

const headOf = (size: number, all: readonly Uint8Array[] = leaves): SignedHead => {
  const text = formatCheckpoint({ origin: ORIGIN, size, root: rootOf(all.slice(0, size)) });
  return { size, note: formatNote({ text, signatures: [signNote(text, ORIGIN, log)] }) };
};

/** Two witnesses of ours at addresses, and what happens on the way to them. */
function setUp(quorum = "both") {
  const clock = new ManualClock(Date.UTC(2026, 5, 1));
  const logged: string[] = [];
  const metrics = newMetrics();
  const witnessed: SignedHead[] = [];
  const logs = [
    { key: { name: ORIGIN, type: SIGNATURE_TYPES.log, publicKey: log.publicKey }, url: undefined },
  ];
  const lines = logTo((level, message, fields) => logged.push(`${level} ${message} ${fields?.why ?? ""}`));
  const states = { one: openWitnessState(":memory:"), two: openWitnessState(":memory:") };
  const common = { logs, clock, log: lines };
  const hosts: Record<string, Witness> = {
    one: new Witness({ name: "w/1", signer: first, state: states.one, ...common }),
    two: new Witness({ name: "w/2", signer: second, state: states.two, ...common }),
  };
  const way: Record<string, (request: Request) => Promise<Response>> = {};
  const asked: string[] = [];
  const witnesses = new Witnesses({
    policy: policyOf(quorum),
    clock,
    log: lines,
    metrics,
    fetch: (url, init) => {
      const request = new Request(url.replace("/path", ""), init);
      asked.push(`${clock.elapsedMs()} ${url}`);
      const { host } = new URL(url);
      return (way[host] ?? (hosts[host] as Witness).fetch)(request);
    },
    consistency: (oldSize, newSize) =>
      proveConsistency(oldSize, newSize, async (_level, at, count) => leaves.slice(at, at + count)),
    onWitnessed: async (head) => void witnessed.push(head),
  });
  const stop = new AbortController();
  const running = witnesses.run(stop.signal);
  return { clock, logged, metrics, witnessed, hosts, way, asked, witnesses, states, running, stop };
}

let it: ReturnType<typeof setUp>;
const begin = (quorum?: string) => {
  it = setUp(quorum);
  return it;
};
beforeEach(() => void begin());
afterEach(async () => {
  it.stop.abort();
  await it.running;
  expect(it.clock.pending).toBe(0);
});

const cosigners = (note: string | undefined) => {
  const parsed = parseNote(note ?? "");
  return parsed && cosignersOf(parsed, policyOf("both"));
};
const refuse = async () => Promise.reject(new Error("connection refused"));

test("each checkpoint is cosigned by all, and counts when the quorum is there", async () => {
  const { clock, witnesses, witnessed, asked, metrics } = it;
  for (const size of [3, 4, 50]) {
    void witnesses.submit(headOf(size));
    await clock.advance(0);
  }
  expect(witnessed.map(({ size }) => size)).toEqual([3, 4, 50]);
  for (const { note } of witnessed) expect(cosigners(note)).toEqual(new Set(["one", "two"]));
  expect(cosigners(witnesses.newest)).toEqual(new Set(["one", "two"]));
  expect(asked).toHaveLength(6);
  expect(asked[0]).toBe("0 http://one/path/add-checkpoint");
  expect([metrics.logWitnessed, metrics.cosignatures.get("one"), metrics.cosignFailures.size]).toEqual([
    50, 3, 0,
  ]);
  expect(witnesses.problem).toBeUndefined();
});

test("a witness that is away is asked again after growing waits, and told where an operator looks", async () => {
  const { clock, witnesses, witnessed, way, asked, logged, metrics } = it;
  way.two = refuse;
  void witnesses.submit(headOf(3));
  await clock.advance(599_000);
  expect(witnessed).toEqual([]);
  expect(witnesses.problem).toBeUndefined();
  const times = asked.filter((line) => line.includes("two")).map((line) => Number(line.split(" ")[0]));
  expect(times.slice(0, 6)).toEqual([0, 1000, 3000, 7000, 15_000, 31_000]);
  await clock.advance(300_000);
  expect(witnesses.problem).toContain("have waited 899000 ms for the cosignatures of both");
  expect(witnesses.problem).toContain("two: connection refused");
  expect(logged).toEqual(["warn The witness two does not cosign connection refused"]);
  expect(metrics.cosignFailures.get("two")).toBeGreaterThan(5);
  // The newest only, however many came in the meantime.
  for (const size of [4, 5, 6]) void witnesses.submit(headOf(size));
  delete way.two;
  await clock.advance(300_000);
  expect(witnessed.map(({ size }) => size)).toEqual([6]);
  expect(witnesses.problem).toBeUndefined();
  expect(logged[1]).toBe("info The witness two cosigns again ");
});

test("where one of two is enough, the other is not waited for", async () => {
  it.stop.abort();
  await it.running;
  const { clock, witnesses, witnessed, way } = begin("one");
  way.two = refuse;
  void witnesses.submit(headOf(3));
  await clock.advance(700_000);
  expect(witnessed.map(({ size }) => size)).toEqual([3]);
  expect(witnesses.problem).toBeUndefined();
});

describe("what a witness says", () => {
  test("the size that it knows is taken from it: after a start, and when an answer was lost", async () => {
    const { clock, witnesses, witnessed, way, asked, hosts } = it;
    void witnesses.submit(headOf(3));
    await clock.advance(0);
    const before = asked.length;
    way.one = async (request) => {
      delete way.one;
      await hosts.one?.fetch(request);
      throw new Error("connection reset");
    };
    void witnesses.submit(headOf(9));
    await clock.advance(1000);
    expect(witnessed.map(({ size }) => size)).toEqual([3, 9]);
    // One is asked, asked again, told that it has cosigned 9 already, and asked from there on.
    expect(asked.length - before).toBe(4);
  });

  test("more entries than this log has: the store was set back", async () => {
    const { clock, witnesses, logged, states } = it;
    states.one.replace(
      { origin: ORIGIN, size: 40, root: rootOf(leaves.slice(0, 40)), note: "" },
      () => undefined,
    );
    void witnesses.submit(headOf(3));
    await clock.advance(0);
    expect(logged[0]).toContain(
      "it has cosigned 40 entries, this log has 3: the store was brought back from a copy",
    );
  });

  test.each<[string, Response, string]>([
    [
      "a refusal",
      new Response("bad consistency proof\n", { status: 422 }),
      'it answered 422: "bad consistency proof"',
    ],
    ["nothing of its own", new Response("", { status: 200 }), "its answer has no valid cosignature of w/1"],
    ["a size that is none", new Response("many", { status: 409 }), "it answered 409 without a size"],
    ["too much", new Response("x".repeat(20_000), { status: 200 }), "it answered with more than 16384 bytes"],
    ["a redirect", new Response("", { status: 302, headers: { Location: "http://two" } }), "it answered 302"],
  ])("%s is told", async (_what, response, problem) => {
    const { clock, witnesses, logged, way, witnessed } = it;
    way.one = async () => response.clone() as Response;
    void witnesses.submit(headOf(3));
    await clock.advance(0);
    expect(logged[0]).toContain(problem);
    expect(witnessed).toEqual([]);
  });

  test("another's cosignature, or one of another checkpoint, is not taken for its own", async () => {
    const { clock, witnesses, logged, way } = it;
    way.one = async () => new Response(parseNote(headOf(3).note)?.text ?? "");
    void witnesses.submit(headOf(3));
    await clock.advance(0);
    expect(logged[0]).toContain("no valid cosignature");
  });

  test("nothing, for so long: it is given up and asked again", async () => {
    const { clock, witnesses, witnessed, way, logged } = it;
    way.one = (request) =>
      new Promise((_resolve, reject) => {
        request.signal.addEventListener("abort", () => reject(request.signal.reason), { once: true });
      });
    void witnesses.submit(headOf(3));
    await clock.advance(10_000);
    expect(logged[0]).toContain("no answer within 10 s");
    delete way.one;
    await clock.advance(1000);
    expect(witnessed.map(({ size }) => size)).toEqual([3]);
  });
});

test("without witnesses every checkpoint counts at once", async () => {
  const read = parsePolicy("quorum none");
  if (!read.ok) throw new Error(read.problem);
  const witnessed: number[] = [];
  const witnesses = new Witnesses({
    policy: read.policy,
    clock: it.clock,
    log: logTo(() => {}),
    metrics: newMetrics(),
    fetch: refuse,
    consistency: refuse,
    onWitnessed: async ({ size }) => void witnessed.push(size),
  });
  for (const size of [1, 2, 3]) void witnesses.submit(headOf(size));
  expect(witnessed).toEqual([1, 2, 3]);
  expect(witnesses.newest).toBe(headOf(3).note);
});
