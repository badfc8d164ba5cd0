import { describe, expect, test } from "bun:test";
import { count } from "../monitoring/metrics.ts";
import { storedEpoch } from "../store/test-data.ts";
import { type TestApp, testApp } from "../testing/test-app.ts";
import { prometheusText } from "./prometheus.ts";

test("health turns bad when entropy is late and good when it is back", async () => {
  await using t = await testApp();
  const healthy = await t.json("/healthz");
  expect(healthy).toMatchObject({ status: 200, body: { ok: true, entropyAgeMs: 20_000, problems: [] } });
  await t.clock.advance(100_001);
  const late = await t.json("/healthz");
  expect(late.status).toBe(503);
  expect(late.body.problems).toEqual(["The newest entropy is 120001 ms old; at most 120000 ms is healthy"]);
});

test("health names a store that does not answer, and only the log says why", async () => {
  await using t = await testApp();
  await using broken = await testApp({
    store: { ...t.store, latestEntropy: () => Promise.reject(new Error("connection refused")) },
  });
  const { status, body } = await broken.json("/healthz");
  expect(status).toBe(503);
  expect(body.problems).toEqual(["The store does not answer; the log says why"]);
  expect(broken.logged).toEqual(["error store does not answer"]);
});

describe("health names, with value and limit,", () => {
  const problemsOf = async (t: TestApp) => (await t.json("/healthz")).body.problems as string[];

  test("judging that is behind, and closing", async () => {
    await using t = await testApp();
    const { entropyPeriodMs, epochPeriods, revealDeadlineMs } = t.deps.parameters;
    await t.clock.advance(2 * epochPeriods * entropyPeriodMs);
    const { entropy } = (await t.store.latestEntropy()) ?? expect.unreachable();
    const atMs = t.clock.now();
    const index = Math.floor(atMs / entropyPeriodMs);
    await t.store.addEntropy({ ...entropy, index, atMs }, new Uint8Array());
    const limitMs = 6 * entropyPeriodMs;
    const [judging, closing, ...more] = await problemsOf(t);
    expect(judging).toMatch(/^Judging is behind: reports about index \d+ are due for \d+ ms; at most /);
    expect(closing).toMatch(/^Closing is behind: epoch \d+ is due for \d+ ms; at most /);
    expect([judging, closing].every((problem) => problem?.includes(`at most ${limitMs} ms is healthy`))).toBe(
      true,
    );
    expect(more).toEqual([]);
    // Judged as far as it can be, with what is due just now, and closed.
    const due = Math.floor((atMs - revealDeadlineMs - limitMs) / entropyPeriodMs);
    await t.store.addJudgement(due, [], [], []);
    await t.store.addEpoch(storedEpoch(Math.floor(index / epochPeriods) - 1), [], [], 0);
    expect(await problemsOf(t)).toEqual([]);
  });

  test("each from just past its limit on", async () => {
    await using t = await testApp();
    const { entropyPeriodMs, epochPeriods, revealDeadlineMs } = t.deps.parameters;
    const { entropy } = (await t.store.latestEntropy()) ?? expect.unreachable();
    const judged = (await t.store.judgedThrough()) ?? 0;
    const epoch = ((await t.store.latestEpoch())?.epoch ?? 0) + 1;
    await t.store.addEntropy(
      { ...entropy, index: epoch * epochPeriods, atMs: epoch * epochPeriods * entropyPeriodMs },
      new Uint8Array(),
    );
    const dueFor = (index: number) => index * entropyPeriodMs + revealDeadlineMs + 6 * entropyPeriodMs;
    const limits = {
      entropy: [
        () => entropy.atMs + 2 * entropyPeriodMs,
        /^The newest entropy is 120001 ms old; at most 120000 /,
      ],
      judging: [() => dueFor(judged + 1), /^Judging is behind: .* are due for 360001 ms; at most 360000 /],
      closing: [
        () => dueFor((epoch + 1) * epochPeriods - 1),
        /^Closing is behind: .* is due for 360001 ms; at most 360000 /,
      ],
    } as const;
    for (const [atMs, told] of Object.values(limits)) {
      await t.clock.advance(atMs() - t.clock.now());
      expect((await problemsOf(t)).filter((problem) => told.test(problem))).toEqual([]);
      await t.clock.advance(1);
      expect((await problemsOf(t)).filter((problem) => told.test(problem))).toHaveLength(1);
    }
  });

  test("a disk that is nearly full", async () => {
    let freeBytes = 50_000;
    await using t = await testApp({ disk: () => ({ freeBytes, totalBytes: 1_000_000 }) });
    expect(await problemsOf(t)).toEqual([]);
    freeBytes = 49_999;
    expect(await problemsOf(t)).toEqual([
      "49999 bytes are free where the state is kept; at least 50000 are healthy",
    ]);
  });

  test("what clock, broker and store say", async () => {
    const problems = ["The clock", "The broker"];
    await using t = await testApp({ problems: () => problems });
    expect(await t.json("/healthz")).toMatchObject({ status: 503, body: { ok: false, problems } });
  });
});

/** The text format's grammar, from the Prometheus documentation ("Exposition formats", 0.0.4). */
const LINE =
  /^(# HELP [a-zA-Z_:][\w:]* .*|# TYPE [a-zA-Z_:][\w:]* (counter|gauge)|[a-zA-Z_:][\w:]*(\{[a-zA-Z_]\w*="([^"\\\n]|\\\\|\\"|\\n)*"(,[a-zA-Z_]\w*="([^"\\\n]|\\\\|\\"|\\n)*")*\})? (NaN|[+-]?Inf|-?\d+(\.\d+)?(e[+-]?\d+)?))$/;

test("metrics are well-formed and carry the gateway's counts", async () => {
  await using t = await testApp();
  count(t.deps.metrics.accepted, "witness", 12);
  count(t.deps.metrics.refused, 'say "hi"\\\n', 2);
  const response = await t.app.request("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.trimEnd().split("\n")) expect(line).toMatch(LINE);
  expect(text).toContain('earshot_packets_accepted_total{type="witness"} 12\n');
  expect(text).toContain('earshot_packets_refused_total{reason="say \\"hi\\"\\\\\\n"} 2\n');
  expect(text).toContain("earshot_healthy 1\n");
  expect(text).toContain("earshot_entropy_age_seconds 20\n");
});

test("each metric is introduced once and grouped", () => {
  const text = prometheusText([
    {
      name: "a_total",
      help: "Two\nlines",
      type: "counter",
      samples: [
        { labels: { x: "1", y: "2" }, value: 1 },
        { labels: { x: "2" }, value: Number.POSITIVE_INFINITY },
      ],
    },
    { name: "b", help: "Not known", type: "gauge", samples: [{ value: Number.NaN }] },
  ]);
  expect(text).toBe(
    '# HELP a_total Two\\nlines\n# TYPE a_total counter\na_total{x="1",y="2"} 1\na_total{x="2"} +Inf\n' +
      "# HELP b Not known\n# TYPE b gauge\nb NaN\n",
  );
});

test("metrics can be kept from strangers, by a token or altogether", async () => {
  await using t = await testApp({ metricsAccess: { token: "a-token-for-scraping" } });
  const status = async (authorization?: string) =>
    (await t.app.request("/metrics", { headers: authorization === undefined ? {} : { authorization } }))
      .status;
  expect(await status()).toBe(401);
  expect(await status("Bearer a-token-for-scrapinG")).toBe(401);
  expect(await status("Bearer a-token-for-scraping")).toBe(200);
  await using none = await testApp({ metricsAccess: "off" });
  expect((await none.app.request("/metrics")).status).toBe(404);
  expect((await none.app.request("/healthz")).status).toBe(200);
});
