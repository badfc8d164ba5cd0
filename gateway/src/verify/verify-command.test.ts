import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hotspotId, parametersHash } from "@earshot/protocol";
import type { Bundle } from "../epochs/bundle.ts";
import { writeBundle } from "../epochs/bundle-folder.ts";
import { temporaryFolder, testBundles } from "../epochs/test-bundle.ts";
import { FIRST_EPOCH, idOf, networkSigner, PARAMETERS } from "../epochs/test-network.ts";
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
  expect(out.match(/note /g)).toHaveLength(1);
  const pins = [
    "--key",
    hotspotId(networkSigner.publicKey),
    "--parameters",
    parametersHash(PARAMETERS).toHex(),
  ];
  const pinned = await run(folder.path, ...pins);
  expect(pinned.status).toBe(0);
  expect(pinned.out).not.toContain("note ");
});

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
  [["/nowhere/at/all"], "There is no epoch bundle in /nowhere/at/all"],
])("wrong usage %j is told, with status 2", async (args, problem) => {
  const { status, out, err } = await run(...args);
  expect([status, out]).toEqual([2, ""]);
  expect(err).toContain(problem);
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
