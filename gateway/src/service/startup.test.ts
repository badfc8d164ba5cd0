import { expect, test } from "bun:test";
import { logTo } from "@earshot/protocol";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { ManualClock } from "@earshot/protocol/testing";
import { Startup } from "./startup.ts";

function setUp() {
  const clock = new ManualClock();
  const logged: string[] = [];
  const log = logTo((level, message) => logged.push(`${level} ${message}`));
  const stop = new AbortController();
  const starting = new Startup<undefined>({ clock, log }, stop.signal);
  const ask = async (path: string) => {
    const response = await starting.fetch(new Request(`http://gateway${path}`), undefined);
    return { status: response.status, text: await response.text() };
  };
  return { clock, logged, stop, starting, ask };
}

test("what is away is tried after growing waits, shown in /healthz and logged once for each cause", async () => {
  const { clock, logged, starting, ask } = setUp();
  const triedAtMs: number[] = [];
  let why: string | undefined = "connection refused";
  const opening = starting.open("The store", async () => {
    triedAtMs.push(clock.elapsedMs());
    if (why !== undefined) throw new Error(why);
    return "open";
  });
  await clock.advance(63_000);
  expect(triedAtMs).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 61_000]);
  expect(await ask("/healthz")).toMatchObject({ status: 503 });
  expect((await ask("/healthz")).text).toContain("The store: connection refused");
  expect((await ask("/api/v1/network")).text).not.toContain("refused");
  why = "it is starting up";
  await clock.advance(30_000);
  why = undefined;
  expect(await clock.resolve(opening)).toBe("open");
  expect(logged).toEqual([
    "error Not available yet; trying again",
    "error Not available yet; trying again",
    "info Available now",
  ]);
  expect((await ask("/healthz")).text).not.toContain("The store");
  starting.answerWith(() => new Response("the gateway"));
  expect(await ask("/healthz")).toEqual({ status: 200, text: "the gateway" });
  expect(clock.pending).toBe(0);
});

test("what a person wrote wrong, and a bug, end it at once", async () => {
  for (const error of [new ConfigError(["network is X Y"]), new TypeError("undefined is no function")]) {
    const { clock, starting } = setUp();
    let tried = 0;
    const open = () =>
      starting.open(
        "The list",
        async () => Promise.reject(error),
        () => (tried += 1),
      );
    await expect(open()).rejects.toBe(error);
    expect(tried).toBe(1);
    expect(clock.pending).toBe(0);
  }
});

test("told to stop, or given up, it waits no longer", async () => {
  const { clock, stop, starting } = setUp();
  const away = () => Promise.reject(new Error("away"));
  const opening = starting.open("The store", away).catch((error: unknown) => error);
  await clock.advance(5000);
  const reason = new Error("Stopped by a signal");
  stop.abort(reason);
  expect(await opening).toBe(reason);
  expect(clock.pending).toBe(0);
  const other = setUp();
  const address = other.starting.open("The HTTP address", away).catch((error: unknown) => String(error));
  await other.clock.advance(100);
  other.starting.stop();
  expect(await address).toBe("Error: The gateway stops");
  expect(other.clock.pending).toBe(0);
});
