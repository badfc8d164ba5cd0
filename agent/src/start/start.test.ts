import { expect, test } from "bun:test";
import { logTo, signerFromSeed } from "@earshot/protocol/hotspot";
import { KeyError } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { StartBoard } from "../board/start-board.ts";
import { assessStart } from "../health/assess.ts";
import { memoryOutbox } from "../outbox/memory-outbox.ts";
import { configWith } from "../testing/config-with.ts";
import { type Started, type StartSteps, untilStarted } from "./start.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(1));

/** Steps of which each can be broken, and mended. */
function setUp() {
  const clock = new ManualClock();
  const board = new StartBoard(clock, { version: "1", configFile: "/etc/agent.toml" });
  const broken: { [step in keyof StartSteps]?: Error } = {};
  const attempts: string[] = [];
  const take = (step: keyof StartSteps) => {
    attempts.push(step);
    if (broken[step] !== undefined) throw broken[step];
  };
  const steps: StartSteps = {
    readConfig: async () => {
      take("readConfig");
      return configWith("");
    },
    prepareFolder: () => take("prepareFolder"),
    openKey: () => {
      take("openKey");
      return signer;
    },
    openOutbox: () => {
      take("openOutbox");
      return memoryOutbox({ clock });
    },
  };
  const logged: string[] = [];
  const log = logTo((level, message) => logged.push(`${level} ${message}`));
  const stop = new AbortController();
  const begin = () => untilStarted(steps, { clock, random: seededRandom(1), log, board }, stop.signal);
  const parts = () =>
    assessStart(board.snapshot()).parts.map(({ title, health, text }) => `${title} ${health}: ${text}`);
  return { clock, board, broken, attempts, logged, stop, begin, parts };
}

const errnoOf = (code: string) => Object.assign(new Error(`${code}: refused`), { code });

test("each step that fails is tried again, from the configuration on, and the start continues when it is repaired", async () => {
  const { clock, broken, attempts, begin, parts, logged } = setUp();
  broken.readConfig = new ConfigError(["hotspot.region is missing", "broker.url is missing"]);
  let started: Started | undefined;
  const starting = begin().then((one) => {
    started = one;
  });
  await clock.advance(60_000);
  expect(parts()).toEqual([
    "Configuration broken: hotspot.region is missing",
    "Configuration broken: broker.url is missing",
  ]);

  broken.openKey = new KeyError("the key is damaged");
  delete broken.readConfig;
  await clock.advance(10_000);
  expect(parts()).toEqual(["Configuration ok: /etc/agent.toml is valid", "Key broken: the key is damaged"]);

  broken.openOutbox = errnoOf("ENOSPC");
  delete broken.openKey;
  await clock.advance(10_000);
  expect(parts().at(-1)).toMatch(/^Storage broken: .* its disk is full$/);
  expect(parts()[1]).toStartWith("Key ok: ");

  delete broken.openOutbox;
  await clock.advance(10_000);
  await starting;
  expect(started?.signer).toBe(signer);
  expect(attempts.slice(-4)).toEqual(["readConfig", "prepareFolder", "openKey", "openOutbox"]);
  expect(clock.pending).toBe(0);
  // Once each, however often they were tried.
  expect(logged.map((line) => line.slice(0, 40))).toEqual([
    "error Not started, configuration: hotspo",
    "error Not started, configuration: broker",
    "error Not started, key: the key is damag",
    expect.stringContaining("error Not started, storage: "),
    "info What was in the way of the start is",
  ]);
});

test("waits grow to 10 s, and start at the shortest with another step", async () => {
  const { clock, broken, attempts, begin, board, stop } = setUp();
  broken.prepareFolder = errnoOf("EROFS");
  const starting = begin();
  await clock.advance(0);
  expect(board.snapshot().trouble?.retryInMs).toBeLessThanOrEqual(1000);
  await clock.advance(600_000);
  const tried = attempts.filter((step) => step === "prepareFolder").length;
  expect(tried).toBeGreaterThan(60);
  expect(tried).toBeLessThan(130);
  expect(board.snapshot().trouble).toMatchObject({ step: "storage", forMs: 600_000 });
  delete broken.prepareFolder;
  broken.openKey = new KeyError("no key");
  await clock.advance(10_000);
  expect(board.snapshot().trouble).toMatchObject({ step: "key" });
  stop.abort();
  expect(await starting).toBeUndefined();
  expect(clock.pending).toBe(0);
});
