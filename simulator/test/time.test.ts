import { expect, test } from "bun:test";
import { sourceFiles, withoutComments } from "./source-files.ts";

/** Everything else is handed a `Clock` and a `Random`. A socket's own idle limit is its method `setTimeout`. */
const GLOBAL_TIME_AND_CHANCE =
  /(?<!\bsocket\.)\b(Date\.now|performance\.now|process\.hrtime|setTimeout|setInterval|Math\.random|Bun\.sleep)\b|new Date\(\)/g;

const isExempt = (path: string): boolean =>
  /\/main\.ts$/.test(path) || path.includes("/bench/") || path === "protocol/src/system-clock.ts";

test("time and chance are global only in each main.ts, the system clock and benchmarks", async () => {
  const files = await sourceFiles();
  const uses = files
    .filter(({ path }) => !isExempt(path) && path !== "simulator/test/time.test.ts")
    .flatMap(({ path, text }) =>
      [...withoutComments(text).matchAll(GLOBAL_TIME_AND_CHANCE)].map(([use]) => `${path}: ${use}`),
    );
  expect(uses).toEqual([]);
});

test("the check would see a use", async () => {
  const files = await sourceFiles();
  const clock = files.find(({ path }) => path === "protocol/src/system-clock.ts");
  expect(withoutComments(clock?.text ?? "").match(GLOBAL_TIME_AND_CHANCE)).toContain("Date.now");
});

/** A difference to the wall time of now. What lasts is a difference of `elapsedMs()`: the wall clock may be set. */
const DURATION_BY_THE_WALL = /(?:\bnow\(\)|\bnowMs)\s*-(?![-=])|-\s*(?:[\w#]+\.)*(?:now\(\)|nowMs\b)/;

/** Where such a difference is meant: now against a time that somebody told, or that is told to somebody. */
const AGAINST_WALL_TIME: Readonly<Record<string, string>> = {
  "agent/src/beacon/beaconer.ts": "the network's schedule",
  "agent/src/beacon/duty-cycle.ts": "a time kept over a restart",
  "agent/src/beacon/entropy-tracker.ts": "the network's time",
  "agent/src/board/status-board.ts": "times of a snapshot, counted back from its now",
  "agent/src/devices/run-gps.ts": "how late a reading was told, bounded",
  "agent/src/doctor/check-broker.ts": "the network's time",
  "agent/src/doctor/check-machine.ts": "a date",
  "agent/src/health/device.ts": "times of a snapshot, counted back from its now",
  "agent/src/health/machine.ts": "times of a snapshot, counted back from its now",
  "agent/src/health/time-text.ts": "times of a snapshot, counted back from its now",
  "agent/src/outbox/confirmed-time.ts": "the clock itself is watched",
  "agent/src/outbox/grouped-outbox.ts": "times kept over a restart",
  "agent/src/session/inbox.ts": "the network's time",
  "drivers/src/gps/integrity/integrity-monitor.ts": "a time that is told",
  "gateway/src/gateway-core.ts": "the network's schedule",
  "gateway/src/http/health.ts": "the network's schedule",
  "gateway/src/http/presence.ts": "times that are told",
  "gateway/src/http/radio-traffic.ts": "the network's schedule",
  "gateway/src/http/routes/network.ts": "the network's schedule",
  "gateway/src/ingest/ingest.ts": "a time counted back",
  "gateway/src/readings/quality-board.ts": "times that hotspots tell",
  "gateway/src/readings/reading-views.ts": "times that hotspots tell",
  "gateway/src/registry/forget-unheard.ts": "times in the store",
  "protocol/src/time/clock.ts": "a time counted back",
  "simulator/src/devices/virtual-forwarder.ts": "the simulated world has one time",
};

test("durations are no differences of the wall clock, but where it is meant", async () => {
  const files = (await sourceFiles()).filter(
    ({ path }) => path.includes("/src/") && !/\.test\.ts$|\/test-|\/testing\/|scenario/.test(path),
  );
  const found = files.flatMap(({ path, text }) =>
    DURATION_BY_THE_WALL.test(withoutComments(text)) ? [path] : [],
  );
  expect(found).toEqual(Object.keys(AGAINST_WALL_TIME));
});

test("the check would see one", () => {
  for (const code of [
    "clock.now() - sinceMs",
    "this.#options.clock.now() - openedAtMs >= 5",
    "nowMs - last.atMs",
    "limitMs + lastMs - clock.now()",
    "dueMs - nowMs",
  ])
    expect(code).toMatch(DURATION_BY_THE_WALL);
  for (const code of ["clock.elapsedMs() - sinceMs", "now() + 5", "knownMs - 1"]) {
    expect(code).not.toMatch(DURATION_BY_THE_WALL);
  }
});
