import { openEnvelope } from "../cose.ts";
import { hotspotId } from "../crypto/did-key.ts";
import { isAdmissibleKey } from "../crypto/ed25519.ts";
import { CONTRADICTIONS, contradictionOf } from "../network/contradiction.ts";
import { type Entropy, entropyMessage } from "../network/entropy.ts";
import { NetworkKeys } from "../network/keys.ts";
import { MAX_MESSAGE_BYTES } from "../network/message.ts";

/** What a hotspot's `/status.json` says of a network that contradicts itself; messages in base64. */
interface ContradictionFile {
  network: string;
  /** The newest key document, if there is one. */
  keys: string[];
  statements: [one: string, other: string];
}

export interface ContradictionFinding {
  network: string;
  /** Id of the network's root key. */
  networkKey: string;
  kind: keyof typeof CONTRADICTIONS;
  /** In words. */
  what: string;
  /** Of the two messages. */
  indexes: [one: number, other: number];
}

export type ContradictionAnswer = { ok: true; finding: ContradictionFinding } | { ok: false; why: string };

/** The file's content, or undefined for anything else. */
export function readContradiction(text: string): ContradictionFile | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { network, keys, statements } = (json ?? {}) as Record<string, unknown>;
  const areTexts = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((one) => typeof one === "string");
  if (typeof network !== "string" || !areTexts(keys) || !areTexts(statements)) return undefined;
  const [one, other] = statements;
  if (one === undefined || other === undefined || statements.length !== 2) return undefined;
  return { network, keys, statements: [one, other] };
}

/**
 * Whether both messages are the network's and cannot both be honest. Never throws.
 *
 * @param root the network's key, where it is known: else the file says whose statements they are
 */
export function judgeContradiction(file: ContradictionFile, root?: Uint8Array): ContradictionAnswer {
  const { network } = file;
  const [documents, statements] = [file.keys.map(bytesOf), file.statements.map(bytesOf)];
  const keys = keysOf(network, documents, statements[0], root);
  if (typeof keys === "string") return { ok: false, why: keys };
  const opened: Entropy[] = [];
  for (const statement of statements) {
    const message = entropyMessage.open(statement ?? new Uint8Array(), network, keys);
    if (!message.ok) return { ok: false, why: `a message is not entropy of ${network}: ${message.code}` };
    opened.push(message.value);
  }
  const [one, other] = opened as [Entropy, Entropy];
  const kind = contradictionOf(one, other);
  if (kind === undefined) return { ok: false, why: "the two messages do not contradict each other" };
  const found = { network, networkKey: hotspotId(keys.root), kind, what: CONTRADICTIONS[kind] };
  return { ok: true, finding: { ...found, indexes: [one.index, other.index] } };
}

function keysOf(
  network: string,
  documents: readonly (Uint8Array | undefined)[],
  statement: Uint8Array | undefined,
  pinned: Uint8Array | undefined,
): NetworkKeys | string {
  const opened = openEnvelope(documents[0] ?? statement ?? new Uint8Array(), MAX_MESSAGE_BYTES);
  const root = pinned ?? (opened.ok ? opened.envelope.publicKey : undefined);
  if (root === undefined || !isAdmissibleKey(root)) return "nobody has signed the file's statements";
  let keys = NetworkKeys.ofRoot(network, Uint8Array.from(root));
  for (const document of documents) {
    const answer = keys.replacedBy(document ?? new Uint8Array());
    if (!answer.ok) return answer.why;
    keys = answer.keys;
  }
  return keys;
}

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return undefined;
  }
}
