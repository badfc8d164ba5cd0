import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { signerFromSeed } from "@earshot/protocol";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { formatNoteKey, SIGNATURE_TYPES } from "@earshot/protocol/tlog";
import { temporaryFolder } from "../testing/test-bundle.ts";
import { readPolicyFile } from "./policy-file.ts";

const vkey = (n: number) => {
  const { publicKey } = signerFromSeed(new Uint8Array(32).fill(n));
  return formatNoteKey({ name: `w/${n}`, type: SIGNATURE_TYPES.cosignature, publicKey });
};
const BOTH = "group both all one two\nquorum both\n";

test("a policy whose witnesses can be asked", () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "policy");
  writeFileSync(file, `witness one ${vkey(1)} http://one\nwitness two ${vkey(2)} https://two/w\n${BOTH}`);
  expect(readPolicyFile(file).witnesses.map(({ url }) => url)).toEqual(["http://one", "https://two/w"]);
});

test.each([
  ["a line that is none", "hello\n", 'line 1: it begins with "hello"'],
  [
    "an address that is none",
    `witness one ${vkey(1)} one.example\nquorum one\n`,
    'witness one is at "one.example"',
  ],
  [
    "too few with an address",
    `witness one ${vkey(1)} http://one\nwitness two ${vkey(2)}\n${BOTH}`,
    "the witnesses with an address are not enough for the quorum both",
  ],
])("%s is a wrong configuration, with the file's name", (_what, text, problem) => {
  using folder = temporaryFolder();
  const file = join(folder.path, "policy");
  writeFileSync(file, text);
  expect(() => readPolicyFile(file)).toThrow(ConfigError);
  expect(() => readPolicyFile(file)).toThrow(problem);
  expect(() => readPolicyFile(file)).toThrow(file);
});

test("a file that is not there yet is no wrong configuration: it is waited for", () => {
  using folder = temporaryFolder();
  const read = () => readPolicyFile(join(folder.path, "none"));
  expect(read).toThrow("none");
  expect(read).not.toThrow(ConfigError);
});
