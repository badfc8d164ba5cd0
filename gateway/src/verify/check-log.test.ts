import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Signer, signerFromSeed, silentLog } from "@earshot/protocol";
import {
  cosign,
  formatNote,
  formatNoteKey,
  formatProof,
  type LogPolicy,
  type LogProof,
  parseNote,
  parsePolicy,
  parseProof,
  SIGNATURE_TYPES,
  type SignedNote,
  signNote,
} from "@earshot/protocol/tlog";
import { PROOF_FILE } from "../bundle/bundle.ts";
import { assertions, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { epochPackets, FIRST_EPOCH, networkSigner, PARAMETERS } from "../testing/test-network.ts";
import { Witness } from "../witness/witness.ts";
import { openWitnessState, type WitnessState } from "../witness/witness-state.ts";
import { runVerifyEpoch } from "./verify-command.ts";

const ORIGIN = "earshot/testnet-1";
const [first, second, third] = [6, 7, 8].map((n) => signerFromSeed(new Uint8Array(32).fill(n))) as [
  Signer,
  Signer,
  Signer,
];
const logKey = { name: ORIGIN, type: SIGNATURE_TYPES.log, publicKey: networkSigner.publicKey };
const witnessLine = (n: number, { publicKey }: Signer) =>
  `witness W${n} ${formatNoteKey({ name: `w/${n}`, type: SIGNATURE_TYPES.cosignature, publicKey })} http://w${n}\n`;
const WITNESSES = witnessLine(1, first) + witnessLine(2, second);

function policyOf(text: string): LogPolicy {
  const read = parsePolicy(text);
  if (!read.ok) throw new Error(read.problem);
  return read.policy;
}

let gateway: TestGateway;
let states: (WitnessState & Disposable)[];
/** The bundle's folder. */
let bundle: string;
let proofText: string;

beforeAll(async () => {
  const startMs = FIRST_EPOCH * PARAMETERS.epochPeriods * PARAMETERS.entropyPeriodMs;
  states = [openWitnessState(":memory:"), openWitnessState(":memory:")];
  const witnesses = ([first, second] as const).map((signer, i) => {
    const logs = [{ key: logKey, url: undefined }];
    const state = states[i] as WitnessState;
    return new Witness({
      name: `w/${i + 1}`,
      signer,
      logs,
      state,
      clock: { now: () => startMs },
      log: silentLog,
    });
  });
  gateway = await startTestGateway(startMs, {
    publicLog: {
      policy: policyOf(`${WITNESSES}group both all W1 W2\nquorum both`),
      fetch: (url, init) => (witnesses[url.includes("w1") ? 0 : 1] as Witness).fetch(new Request(url, init)),
    },
  });
  const packets = [...assertions(startMs), ...epochPackets(FIRST_EPOCH)];
  const until = startMs + (PARAMETERS.epochPeriods + 20) * PARAMETERS.entropyPeriodMs;
  await gateway.play(packets, until);
  bundle = join(gateway.bundlesDir, (await gateway.store.epoch(FIRST_EPOCH))?.bundle ?? "");
  proofText = readFileSync(join(bundle, PROOF_FILE), "utf8");
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  for (const state of states) state[Symbol.dispose]();
});

/** Verifies with a policy of this text, after the proof was replaced. */
async function verify(
  policy: string,
  {
    path = bundle,
    proof = proofText,
    more = [],
  }: { path?: string; proof?: string | null; more?: string[] } = {},
) {
  const file = join(gateway.bundlesDir, "..", "policy");
  writeFileSync(file, policy);
  if (proof === null) rmSync(join(bundle, PROOF_FILE), { force: true });
  else writeFileSync(join(bundle, PROOF_FILE), proof);
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
    isTerminal: false,
  };
  const fetch = async (url: URL) => gateway.gateway.app.request(url.href);
  const status = await runVerifyEpoch([path, "--policy", file, ...more], { ...io, fetch });
  return { status, out: out.join(""), err: err.join("") };
}

const changed = (change: (proof: LogProof, note: SignedNote) => Partial<LogProof>): string => {
  const proof = parseProof(proofText);
  const note = proof && parseNote(proof.checkpoint);
  if (proof === undefined || note === undefined) throw new Error(`No proof: ${proofText}`);
  return formatProof({ ...proof, ...change(proof, note) });
};
const signedBy = (note: SignedNote, signatures: SignedNote["signatures"]) => ({
  checkpoint: formatNote({ ...note, signatures }),
});

describe("a manifest counts when its checkpoint has the policy's cosignatures", () => {
  test.each([
    ["one", "quorum W1"],
    ["both", "group both all W1 W2\nquorum both"],
    ["one of two", "group any-of any W1 W2\nquorum any-of"],
    ["none", "quorum none"],
  ])("of %s; the network's own log key is taken from its keys", async (_what, quorum) => {
    const { status, out } = await verify(`${WITNESSES}${quorum}\n`);
    expect(status).toBe(0);
    expect(out).toMatch(
      /log {10}entry \d+ of earshot\/testnet-1, below its checkpoint of \d+ entries, cosigned by W1, W2/,
    );
  });

  test("of a log that the policy names", async () => {
    expect(await verify(`log ${formatNoteKey(logKey)}\n${WITNESSES}quorum W1\n`)).toMatchObject({
      status: 0,
    });
  });

  test("of all bundles in a folder, and of a gateway by its address", async () => {
    const folder = await verify(`${WITNESSES}quorum W1\n`, { path: gateway.bundlesDir });
    expect(folder.status).toBe(0);
    expect(folder.out.match(/cosigned by W1, W2/g)?.length).toBe(readdirSync(gateway.bundlesDir).length);
    const api = await verify(`${WITNESSES}quorum W2\n`, {
      path: `http://gateway.test/api/v1/epochs/${FIRST_EPOCH}`,
    });
    expect(api.out).toContain("cosigned by W1, W2");
    expect(api.status).toBe(0);
  });
});

test("of a running gateway's log, all bundles hold that are compared with it, under the same policy", async () => {
  const { status, out } = await verify(`${WITNESSES}quorum W1\n`, {
    path: gateway.bundlesDir,
    more: ["--log", "http://gateway.test/log"],
  });
  const bundles = readdirSync(gateway.bundlesDir).length;
  expect(out.match(/entries 0 to \d+ of earshot\/testnet-1 say the same, and nothing else/g)).toHaveLength(
    bundles,
  );
  expect(out).not.toContain("shown by the log");
  expect(status).toBe(0);
  const wrong = await verify(`${WITNESSES}quorum W1\n`, { more: ["--log", "gateway.test/log"] });
  expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining("http(s)://HOST/log is needed")]);
  const none = await verify(`${WITNESSES}quorum W1\n`, { more: ["--log", "http://gateway.test/api/v1"] });
  expect([none.status, none.out]).toEqual([1, expect.stringContaining("HTTP status 404")]);
});

describe("refused", () => {
  const cases: [what: string, policy: string, proof: () => string | null, at: string][] = [
    [
      "a witness that has not cosigned",
      `${WITNESSES}${witnessLine(3, third)}quorum W3\n`,
      () => proofText,
      "cosignatures",
    ],
    ["no proof", `${WITNESSES}quorum none\n`, () => null, "file"],
    ["no proof at all", `${WITNESSES}quorum W1\n`, () => "hello", "content"],
    [
      "a place where something else is",
      `${WITNESSES}quorum W1\n`,
      () => changed(({ index }) => ({ index: index - 1 })),
      "proof",
    ],
    [
      "a checkpoint that nobody cosigned",
      `${WITNESSES}quorum W1\n`,
      () => changed((_, note) => signedBy(note, note.signatures.slice(0, 1))),
      "cosignatures",
    ],
    [
      "a cosignature of another checkpoint",
      `${WITNESSES}quorum W1\n`,
      () =>
        changed((_, note) =>
          signedBy(note, [...note.signatures.slice(0, 1), cosign("o\n1\nr\n", "w/1", first, 1)]),
        ),
      "cosignatures",
    ],
    [
      "a checkpoint of another key",
      `${WITNESSES}quorum W1\n`,
      () =>
        changed((_, note) =>
          signedBy(note, [signNote(note.text, ORIGIN, third), ...note.signatures.slice(1)]),
        ),
      "checkpoint",
    ],
    [
      "a log of another name, though the network's key signed it",
      `${WITNESSES}quorum W1\n`,
      () => {
        const rename = (text: string) => text.replace(ORIGIN, "earshot/second");
        return changed((_, note) => {
          const text = rename(note.text);
          const signatures = [signNote(text, "earshot/second", networkSigner), cosign(text, "w/1", first, 1)];
          return { checkpoint: formatNote({ text, signatures }) };
        });
      },
      "checkpoint",
    ],
    [
      "a log that the policy does not name",
      `log ${formatNoteKey({ ...logKey, publicKey: third.publicKey })}\n${WITNESSES}quorum W1\n`,
      () => proofText,
      "checkpoint",
    ],
  ];
  test.each(cases)("%s", async (_what, policy, proof, at) => {
    const { status, out } = await verify(policy, { proof: proof() });
    expect(out).toStartWith("DIFFERS");
    expect(out).toContain(`file         ${PROOF_FILE}`);
    expect(out).toMatch(new RegExp(`where +${at}\n`));
    expect(status).toBe(1);
  });

  test("a policy that is none, with its line", async () => {
    const { status, err } = await verify("quorum W1\n");
    expect(status).toBe(2);
    expect(err).toContain('tlog-policy describes it is needed: line 1: the quorum is "W1"');
  });
});
