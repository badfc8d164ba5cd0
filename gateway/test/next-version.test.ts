import { afterAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { runVerifyEpoch } from "../src/verify/verify-command.ts";
import { runEpochs } from "./next-version-run.ts";

/*
 * Today's program beside the next one, which has one more parameter, one more rule and so one more rule set: this source,
 * changed as CONTRIBUTING says. Each goes on where the other stopped, and checks what the other has signed.
 */

const HOME = join(import.meta.dirname, "../..");
const temporary = mkdtempSync(join(tmpdir(), "earshot-next-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const folder = (name: string): string => {
  const path = join(temporary, name);
  mkdirSync(path);
  return path;
};

/** `maxRssiDbm`, off where it is 0 or not named, and the rule that asks it. */
const CHANGES: readonly [file: string, at: string, added: string][] = [
  ["parameters/parameters.ts", "  reciprocityPeriods: number;\n", "  maxRssiDbm: number;\n"],
  ["parameters/parameters.ts", "  reciprocityPeriods: [0, 100_000],\n", "  maxRssiDbm: [-200, 0, 0],\n"],
  ["parameters/parameters.ts", "  reciprocityPeriods: 2880,\n", "  maxRssiDbm: 0,\n"],
  [
    "judging/level-rules.ts",
    'import type { MatchedContext } from "./witness-context.ts";\n',
    `
export const tooLoud: Rule<MatchedContext> = {
  reason: "too_loud",
  check({ report: { packet }, judging: { parameters } }) {
    const { maxRssiDbm } = parameters;
    return maxRssiDbm !== 0 && packet.rssiDbm > maxRssiDbm ? [{ name: "rssiDbm", value: packet.rssiDbm }] : undefined;
  },
  explain: ({ rssiDbm }) => \`RSSI \${rssiDbm} dBm is louder than this network takes.\`,
};
`,
  ],
  [
    "judging/rule-lists.ts",
    'import type { Rule } from "./types.ts";\n',
    'import { tooLoud } from "./level-rules.ts";\n',
  ],
  [
    "judging/rule-lists.ts",
    '"earshot-1": EARSHOT_1',
    ', "earshot-2-test": { ...EARSHOT_1, witness: [...EARSHOT_1.witness, tooLoud] }',
  ],
  [
    "rules/rule-sets.ts",
    "export const RULE_SETS: readonly RuleSet[] = [earshot1",
    ', liveRuleSet({ ...earshot1, id: "earshot-2-test", isReleased: false, needs: ["maxRssiDbm"], rules: RULE_LISTS["earshot-2-test"] })',
  ],
];

/** A copy of protocol and gateway with the same libraries, and what the next version changes. */
function nextProgram(): string {
  const home = folder("next");
  for (const name of ["protocol", "gateway"]) {
    const from = join(HOME, name);
    const isOwn = (path: string) => !relative(from, path).split("/").includes("node_modules");
    cpSync(from, join(home, name), { recursive: true, filter: isOwn });
    mkdirSync(join(home, name, "node_modules/@earshot"), { recursive: true });
    for (const library of readdirSync(join(from, "node_modules"))) {
      if (library === "@earshot" || library.startsWith(".")) continue;
      symlinkSync(
        realpathSync(join(from, "node_modules", library)),
        join(home, name, "node_modules", library),
      );
    }
  }
  symlinkSync(join(home, "protocol"), join(home, "gateway/node_modules/@earshot/protocol"));
  for (const [file, at, added] of CHANGES) {
    const path = join(home, "protocol/src", file);
    const parts = readFileSync(path, "utf8").split(at);
    if (parts.length !== 2) throw new TypeError(`${file} has ${at} ${parts.length - 1} times`);
    writeFileSync(path, parts.join(at + added));
  }
  return home;
}
const next = nextProgram();

function runNext(script: string, ...args: string[]): { status: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(next, "gateway", script), ...args], {
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, out: stdout + stderr };
}

/** `runEpochs` of the next program. */
function runEpochsNext(options: Parameters<typeof runEpochs>[0]): Awaited<ReturnType<typeof runEpochs>> {
  const { status, out } = runNext("test/next-version-run.ts", JSON.stringify(options));
  if (status !== 0) throw new TypeError(out);
  return JSON.parse(out);
}

const verifyNext = (path: string) => runNext("src/main.ts", "verify-epoch", join(path, "epochs"));

async function verify(path: string): Promise<{ status: number | null; out: string }> {
  let out = "";
  const say = (text: string) => {
    out += text;
  };
  const status = await runVerifyEpoch([join(path, "epochs")], { out: say, err: say, isTerminal: false });
  return { status, out };
}

test("what this program has signed holds for the next one, which goes on with it, and this one after that", async () => {
  const state = folder("from-today");
  const { closed } = await runEpochs({ folder: state, firstEpoch: 0, epochs: 2, changes: {} });
  expect(closed).toEqual([0, 1]);
  const { status, out } = verifyNext(state);
  expect([status, out]).toEqual([0, expect.stringContaining("2 epochs hold, chained to each other")]);

  const later = runEpochsNext({ folder: state, firstEpoch: 4, epochs: 2, changes: {} });
  expect(later.versions.map((version) => [version.version, "maxRssiDbm" in version])).toEqual([[1, false]]);
  expect(later.closed).toContain(5);
  expect((await verify(state)).status).toBe(0);

  const changed = runEpochsNext({ folder: state, firstEpoch: 8, epochs: 3, changes: { maxRssiDbm: -111 } });
  expect(changed.versions).toMatchObject([{}, { version: 2, maxRssiDbm: -111, ruleSet: "earshot-1" }]);

  const back = await runEpochs({ folder: state, firstEpoch: 12, epochs: 2, changes: {} });
  expect(back.versions).toHaveLength(2);
  expect(back.closed).toContain(13);
  expect((await verify(state)).status).toBe(0);
  expect(verifyNext(state).status).toBe(0);
});

test("what the next program has signed with its further parameter off holds for this one, which keeps and shows the name", async () => {
  const state = folder("from-next");
  const { versions } = runEpochsNext({ folder: state, firstEpoch: 0, epochs: 2, changes: {} });
  expect(versions).toMatchObject([{ version: 1, maxRssiDbm: 0 }]);
  const { status, out } = await verify(state);
  expect(status).toBe(0);
  expect(out).toContain("values that this program does not know: maxRssiDbm 0");

  const same = await runEpochs({ folder: state, firstEpoch: 4, epochs: 2, changes: {} });
  expect(same.versions).toHaveLength(1);
  expect(same.closed).toContain(5);
  const options = { folder: state, firstEpoch: 8, epochs: 3, changes: { maxPaidWitnesses: 2 } };
  const changed = await runEpochs(options);
  expect(changed.versions).toMatchObject([{}, { version: 2, maxPaidWitnesses: 2, maxRssiDbm: 0 }]);
  expect(verifyNext(state).status).toBe(0);
});

describe("a rule set that only the next program has", () => {
  test("judges for that one, and is named by this one", async () => {
    const state = folder("ruled");
    const changes = { ruleSet: "earshot-2-test", maxRssiDbm: -111 };
    runEpochsNext({ folder: state, firstEpoch: 0, epochs: 2, changes });
    const theirs = verifyNext(state);
    expect([theirs.status, theirs.out]).toEqual([0, expect.stringContaining("too_loud")]);
    const { status, out } = await verify(state);
    expect([status, out]).toEqual([1, expect.stringMatching(/^UNKNOWN {2}Epoch /)]);
    expect(out).toContain("the rule set is earshot-2-test, and this program has earshot-1");
  });

  test("does not judge by parameters that do not name the one that it needs", () => {
    const changes = { ruleSet: "earshot-2-test", absent: ["maxRssiDbm"] };
    const options = { folder: folder("unnamed"), firstEpoch: 0, epochs: 1, changes };
    const { status, out } = runNext("test/next-version-run.ts", JSON.stringify(options));
    expect(status).not.toBe(0);
    expect(out).toContain("the rule set earshot-2-test needs maxRssiDbm, which these parameters do not name");
  });
});
