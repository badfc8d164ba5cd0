import { expect, test } from "bun:test";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { formatCheckpoint } from "./checkpoint.ts";
import { cosign, formatNoteKey, SIGNATURE_TYPES, signNote } from "./note.ts";
import { cosignersOf, type LogPolicy, parsePolicy } from "./policy.ts";
import { EMPTY_TREE_ROOT } from "./tree.ts";

const signer = (n: number) => signerFromSeed(new Uint8Array(32).fill(n));
const vkey = (n: number, type: keyof typeof SIGNATURE_TYPES = "cosignature") =>
  formatNoteKey({ name: `example.com/${n}`, type: SIGNATURE_TYPES[type], publicKey: signer(n).publicKey });

/** The structure of the example in c2sp.org/tlog-policy. */
const EXAMPLE = `# who is believed
log ${vkey(1, "log")} https://log.example
\twitness X1 ${vkey(2)}
witness X2 ${vkey(3)}   https://x2.example/w
witness X3 ${vkey(4)}
group X-witnesses 2 X1 X2 X3

witness Y1 ${vkey(5)}
witness Y2 ${vkey(6)}
group Y-witnesses any Y1 Y2
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`;

function policyOf(text: string): LogPolicy {
  const read = parsePolicy(text);
  if (!read.ok) throw new Error(read.problem);
  return read.policy;
}

test("the specification's example: two of three, and one of two", () => {
  const { logs, witnesses, isQuorum, quorum } = policyOf(EXAMPLE);
  expect(logs.map(({ url }) => url)).toEqual(["https://log.example"]);
  expect(witnesses.map(({ name, url }) => [name, url])).toEqual([
    ["X1", undefined],
    ["X2", "https://x2.example/w"],
    ["X3", undefined],
    ["Y1", undefined],
    ["Y2", undefined],
  ]);
  expect(quorum).toBe("X-and-Y");
  const enough = (...names: string[]) => isQuorum(new Set(names));
  expect(enough("X1", "X3", "Y2")).toBe(true);
  expect(enough("X1", "X2", "X3")).toBe(false);
  expect(enough("X1", "Y1", "Y2")).toBe(false);
  expect(policyOf("quorum none\n").isQuorum(new Set())).toBe(true);
});

test("what is wrong is told with its line", () => {
  const one = `witness W ${vkey(2)}\n`;
  const cases: [string, string][] = [
    ["", "a line with the quorum is missing"],
    ["hello\n", 'line 1: it begins with "hello"; allowed are log, witness, group and quorum'],
    [`${one}${one}quorum W`, "line 2: this key stands in another line already"],
    [`${one}witness W ${vkey(3)}\nquorum W`, 'line 2: "W" is taken already'],
    [`witness none ${vkey(3)}\n`, 'line 1: "none" is taken already'],
    [`witness W ${vkey(2, "log")}\n`, "is not the verifier key of an Ed25519 cosigner (4)"],
    [`log ${vkey(2, "log")} http://a b\n`, "line 1: allowed is: log VKEY [URL]"],
    [`witness W ${vkey(2)} http://a b\n`, "line 1: allowed is: witness NAME VKEY [URL]"],
    ["quorum none\n".padEnd(10_012, "\n"), "it has more than 10000 lines"],
    [`log ${vkey(2)}\n`, "is not the verifier key of an Ed25519 log (1)"],
    [`${one}group G 2 W\n`, "line 2: allowed is: group NAME all|any|K NAME…, with K from 1"],
    [`${one}group G 0 W\n`, "line 2: allowed is: group"],
    [`${one}group G any V\n`, 'line 2: "V" is not defined above'],
    [`${one}group G any W\ngroup H any W\n`, 'line 3: "W" is in a group already'],
    [`quorum W\n${one}`, 'line 1: the quorum is "W"; allowed is none or a name that is defined above'],
    [`${one}quorum W\nquorum none\n`, "line 3: there is a quorum already"],
    ["quorum none\r\n", "line 1: it has a control character"],
  ];
  for (const [text, problem] of cases) {
    const read = parsePolicy(text);
    expect(read.ok ? "a policy" : read.problem, text).toContain(problem);
  }
});

test("cosigners are those whose signature is valid; a wrong one in a known name spoils the note", () => {
  const policy = policyOf(EXAMPLE);
  const text = formatCheckpoint({ origin: "example.com/1", size: 0, root: EMPTY_TREE_ROOT });
  const log = signNote(text, "example.com/1", signer(1));
  const by = (n: number) => cosign(text, `example.com/${n}`, signer(n), 1_700_000_000);
  const signatures = [log, by(2), by(5), by(9)];
  expect(cosignersOf({ text, signatures }, policy)).toEqual(new Set(["X1", "Y1"]));
  const other = cosign(`${text}more\n`, "example.com/3", signer(3), 1_700_000_000);
  expect(cosignersOf({ text, signatures: [...signatures, other] }, policy)).toBe("bad");
});
