import { expect, test } from "bun:test";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signerFromSeed, silentLog } from "@earshot/protocol";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { formatNoteKey, SIGNATURE_TYPES } from "@earshot/protocol/tlog";
import { temporaryFolder } from "../testing/test-bundle.ts";
import { runWitness } from "./witness-command.ts";

const { publicKey } = signerFromSeed(new Uint8Array(32).fill(5));
const LOG = `log ${formatNoteKey({ name: "earshot/test", type: SIGNATURE_TYPES.log, publicKey })}\nquorum none\n`;

/** Runs it until it says where it is asked. */
async function run(args: readonly string[]): Promise<string> {
  const stop = new AbortController();
  let said = "";
  await runWitness(args, {
    out(text) {
      said += text;
      stop.abort();
    },
    clock: { now: () => 0 },
    log: silentLog,
    signal: stop.signal,
  });
  return said;
}

test("says where it is asked and by which key it is known; with its folder the key stays the same", async () => {
  using folder = temporaryFolder();
  const logs = join(folder.path, "logs");
  writeFileSync(logs, LOG);
  const state = join(folder.path, "state");
  const args = ["--name", "w.example/earshot", "--logs", logs, "--state", state, "--listen", "127.0.0.1:0"];
  const [first, again] = [await run(args), await run(args)].map(
    (said) => /Verifier key (\S+)\n$/.exec(said)?.[1],
  );
  expect(first).toMatch(/^w\.example\/earshot\+[0-9a-f]{8}\+B/);
  expect(again).toBe(first as string);
  expect(statSync(join(state, "witness.key")).mode & 0o777).toBe(0o600);
});

test("what is wrong with the arguments is named, with what is allowed", async () => {
  using folder = temporaryFolder();
  const file = (name: string, text: string) => {
    const path = join(folder.path, name);
    writeFileSync(path, text);
    return path;
  };
  const logs = file("logs", LOG);
  const cases: [string[], string][] = [
    [[], '--name is ""; allowed is a name without spaces and +'],
    [["--name", "a b", "--logs", logs], '--name is "a b"'],
    [["--name", "w"], "--logs is missing"],
    [["--name", "w", "--logs", join(folder.path, "none")], "none"],
    [["--name", "w", "--logs", file("empty", "quorum none\n")], "it has no log"],
    [["--name", "w", "--logs", file("wrong", "log x\n")], "line 1:"],
    [["--name", "w", "--logs", logs, "--listen", "7380"], '--listen is "7380"; allowed is HOST:PORT'],
    [["--name", "w", "--logs", logs, "--listen", "h:99999"], "--listen"],
    [["--what"], "--what"],
  ];
  for (const [args, problem] of cases) {
    const error = await run(args).catch((reason: unknown) => reason);
    expect(error, problem).toBeInstanceOf(ConfigError);
    expect(String(error)).toContain(problem);
  }
});
