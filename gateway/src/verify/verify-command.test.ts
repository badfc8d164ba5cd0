import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entropyMessage, hotspotId, parametersHash } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import type { Bundle } from "../bundle/bundle.ts";
import { writeBundle } from "../bundle/bundle-folder.ts";
import { entropyRecord } from "../store/test-data.ts";
import { temporaryFolder, testBundles } from "../testing/test-bundle.ts";
import { FIRST_EPOCH, idOf, networkSigner, PARAMETERS } from "../testing/test-network.ts";
import { runVerifyEpoch } from "./verify-command.ts";

const bundles = (await testBundles(2)) as [Bundle, Bundle];

function bundlesFolder(): { path: string; bundle: (i: number) => string } & Disposable {
  const folder = temporaryFolder();
  const names = bundles.map((each, i) => writeBundle(folder.path, FIRST_EPOCH + i, each));
  const bundle = (i: number) => join(folder.path, names[i] ?? "");
  return { ...folder, bundle, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    isTerminal: false,
  };
  const status = await runVerifyEpoch(args, io);
  return { status, out, err };
}

test("one bundle: the report has the numbers, and says what was taken on trust", async () => {
  using folder = bundlesFolder();
  const { status, out } = await run(folder.bundle(1));
  expect(status).toBe(0);
  expect(out).toStartWith(`HOLDS  Epoch ${FIRST_EPOCH + 1} of testnet-1\n`);
  expect(out).toMatch(/1000003 = \d+ paid \+ \d+ unallocated/);
  expect(out).toContain("taken from this bundle");
});

test("a folder of bundles: chained, nothing on trust but the key; with the key, nothing", async () => {
  using folder = bundlesFolder();
  mkdirSync(join(folder.path, "epoch-9999999999.tmp"));
  const { status, out } = await run(folder.path);
  expect(status).toBe(0);
  expect(out).toContain("2 epochs hold, chained to each other.");
  expect(notesOf(out)).toEqual([expect.stringContaining("taken from the bundle"), ...UNANNOUNCED]);
  const pins = [
    "--key",
    hotspotId(networkSigner.publicKey),
    "--parameters",
    parametersHash(PARAMETERS).toHex(),
  ];
  const pinned = await run(folder.path, ...pins);
  expect(pinned.status).toBe(0);
  expect(notesOf(pinned.out)).toEqual(UNANNOUNCED);
});

const notesOf = (out: string): string[] =>
  [...out.matchAll(/^ +note +(.*)$/gm)].map(([, note]) => note ?? "");
/** The test network's entropy announces nothing. */
const UNANNOUNCED = [
  expect.stringContaining("Nothing was announced before the network's first epoch"),
  expect.stringContaining("The entropy announces no rules, denials or registry"),
];

test("a difference is named, with status 1, and nothing after it is verified", async () => {
  using folder = bundlesFolder();
  const file = join(folder.bundle(0), "verdicts.jsonl");
  writeFileSync(file, readFileSync(file, "utf8").replace("refused", "paid"));
  const { status, out } = await run(folder.path);
  expect(status).toBe(1);
  expect(out).toMatch(/^DIFFERS {2}Epoch \d+ of testnet-1\n/);
  expect(out).toMatch(
    /file +verdicts.jsonl\n +where +line \d+, packet [0-9a-f]{64}\n +expected .*\n +found /,
  );
  expect(out).not.toContain(`Epoch ${FIRST_EPOCH + 1}`);
});

test("a missing file is a difference", async () => {
  using folder = bundlesFolder();
  rmSync(join(folder.bundle(0), "packets.cbor"));
  const { status, out } = await run(folder.bundle(0));
  expect(status).toBe(1);
  expect(out).toMatch(/file +packets.cbor/);
});

test("another network's key is refused", async () => {
  using folder = bundlesFolder();
  const { status, out } = await run(folder.path, "--key", idOf("a"));
  expect(status).toBe(1);
  expect(out).toMatch(/where +signature/);
});

test.each([
  [[], "One PATH is needed"],
  [["a", "b"], "One PATH is needed; 2 were given"],
  [["--fast", "a"], "Unknown option --fast"],
  [["a", "--key", "abc"], '--key is "abc"'],
  [["a", "--key"], '--key is ""'],
  [["a", "--parameters", "0x12"], '--parameters is "0x12"'],
  [["a", "--epochs", "9-3"], '--epochs is "9-3"; A-B with A not above B'],
  [["a", "--epochs", "x"], '--epochs is "x"'],
  [["/nowhere/at/all"], "There is no epoch bundle in /nowhere/at/all"],
])("wrong usage %j is told, with status 2", async (args, problem) => {
  const { status, out, err } = await run(...args);
  expect([status, out]).toEqual([2, ""]);
  expect(err).toContain(problem);
});

test("the report tells parameters, reasons and that the pool adds up", async () => {
  using folder = bundlesFolder();
  const { out } = await run(folder.bundle(0));
  expect(out).toContain(`parameters   version 1 (earshot-1), hash ${parametersHash(PARAMETERS).toHex()}`);
  expect(out).toMatch(/verdicts +10 reached again: \d+ paid, \d+ unpaid, \d+ refused/);
  expect(out).toMatch(/refused +.*1 wrong_frequency/);
  expect(out).toMatch(/pool +1000003 = \d+ paid \+ \d+ unallocated, exactly/);
  expect(out).toMatch(/CID +b[a-z2-7]{58}/);
  expect(out).not.toContain("timing");
});

test("only the epochs that are asked for are verified", async () => {
  using folder = bundlesFolder();
  const { status, out } = await run(folder.path, "--epochs", String(FIRST_EPOCH + 1));
  expect([status, out.match(/^HOLDS {2}Epoch \d+/gm)]).toEqual([0, [`HOLDS  Epoch ${FIRST_EPOCH + 1}`]]);
  const none = await run(folder.path, "--epochs", "1-2");
  expect([none.status, none.err]).toEqual([2, expect.stringContaining("of epochs 1 to 2 in")]);
});

test("JSON has a line for each bundle, with all numbers or the difference", async () => {
  using folder = bundlesFolder();
  const { status, out } = await run(folder.path, "--json", "--timing");
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(status).toBe(0);
  expect(lines).toMatchObject([
    { ok: true, epoch: FIRST_EPOCH, pool: "1000003", parameters: { version: 1, ruleSet: "earshot-1" } },
    { ok: true, epoch: FIRST_EPOCH + 1, timingMs: { judging: 0 } },
  ]);
  expect(BigInt(lines[0].paid) + BigInt(lines[0].unallocated)).toBe(1_000_003n);
  expect(lines[0].refused).toMatchObject({ wrong_frequency: 1 });
  const file = join(folder.bundle(0), "verdicts.jsonl");
  writeFileSync(file, readFileSync(file, "utf8").replace("refused", "paid"));
  const differing = JSON.parse((await run(folder.path, "--json")).out);
  expect(differing).toMatchObject({ ok: false, difference: { file: "verdicts.jsonl" } });
});

test("a folder named as another bundle's CID is told", async () => {
  using folder = bundlesFolder();
  renameSync(folder.bundle(1), join(folder.path, "elsewhere"));
  renameSync(folder.bundle(0), folder.bundle(1));
  const { status, out } = await run(folder.bundle(1));
  expect([status, out]).toEqual([1, expect.stringMatching(/where +CID/)]);
  expect((await run(join(folder.path, "elsewhere"))).status).toBe(0);
});

test("what a bundle says cannot steer a terminal", async () => {
  using folder = bundlesFolder();
  const file = join(folder.bundle(0), "leaves.jsonl");
  writeFileSync(file, `\u001b[2J${"x".repeat(10_000)}`);
  const { out } = await run(folder.bundle(0));
  expect(out).toContain("?[2Jxxx");
  expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThan(2100);
});

test("phases are timed when asked", async () => {
  using folder = bundlesFolder();
  let elapsed = 0;
  const clock = Object.assign(new ManualClock(Date.UTC(2026, 6, 1)), { elapsedMs: () => elapsed++ });
  const out: string[] = [];
  const io = { out: (text: string) => out.push(text), err: () => undefined, isTerminal: false, clock };
  expect(await runVerifyEpoch([folder.bundle(0), "--timing"], io)).toBe(0);
  expect(out.join("")).toMatch(
    /timing +reading \d+ ms, packets \d+ ms, inputs \d+ ms, judging \d+ ms, comparing \d+ ms/,
  );
});

test("progress and reports stay apart on a terminal", async () => {
  using folder = bundlesFolder();
  let [out, err] = ["", ""];
  const io = {
    out: (text: string) => {
      out += text;
    },
    err: (text: string) => {
      err += text;
    },
    isTerminal: true,
  };
  expect(await runVerifyEpoch([folder.path], io)).toBe(0);
  expect(out).not.toContain("\u001b");
  expect(err).toContain("\u001b[K");
});

test("a contradiction that an agent found is judged from its file", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "contradiction.json");
  const index = FIRST_EPOCH * PARAMETERS.epochPeriods;
  const entropy = (value: number): string =>
    entropyMessage
      .seal(
        { ...entropyRecord(index), atMs: FIRST_EPOCH * 8000, value: new Uint8Array(32).fill(value) },
        networkSigner,
        "testnet-1",
      )
      .toBase64();
  const told = { kind: "two_messages", network: "testnet-1", keys: [], statements: [entropy(1), entropy(2)] };
  writeFileSync(file, JSON.stringify(told));
  const shown = await run("--evidence", file, "--key", hotspotId(networkSigner.publicKey));
  expect([shown.status, shown.err]).toEqual([0, ""]);
  expect(shown.out).toStartWith(
    "The network testnet-1 has signed two entropy messages that cannot both be honest: two entropy messages of one period differ.\n",
  );
  writeFileSync(file, JSON.stringify({ ...told, statements: [entropy(1), entropy(1)] }));
  const nothing = await run("--evidence", file);
  expect([nothing.status, nothing.out]).toEqual([
    1,
    expect.stringContaining("shows nothing: the two messages do not contradict each other"),
  ]);
  expect((await run("--evidence", file, "--json")).out).toStartWith('{"ok":false');
});
