import type { AgentStatus, KeysFacts } from "../board/agent-status.ts";
import { broken, ok, type Part } from "./part.ts";
import { ago } from "./time-text.ts";

const TITLE = "Network keys";
/** A message that was refused for its key is no news after so long: the network publishes entropy each minute or so. */
const NEWS_MS = 600_000;
const ASK =
  "Compare [network] public_key and the broker with what the network's operator publishes, and tell the operator.";

const WHY: Readonly<Record<string, string>> = {
  wrong_signer: "which does not sign that for this network",
  key_not_in_force: "whose turn it was not",
  key_revoked: "which is revoked",
};

/** Who signs for the network: nothing to say while its one key signs everything. */
export function keysPart({ keys, atMs }: AgentStatus): Part[] {
  if (keys === undefined) return [];
  const problem = problemOf(keys, atMs);
  if (problem !== undefined) return [broken(TITLE, problem, ASK)];
  return keys.version === 0 ? [] : [ok(TITLE, `Version ${keys.version} of the network's key document`)];
}

function problemOf({ version, refused, stranger }: KeysFacts, atMs: number): string | undefined {
  if (refused !== undefined) {
    const inUse = version === 0 ? "none is known" : `version ${version} stays in use`;
    return `A key document that came ${ago(refused.atMs, atMs)} was refused: ${refused.why} (${inUse})`;
  }
  if (stranger === undefined || atMs - stranger.atMs > NEWS_MS) return undefined;
  const { kind, key, code } = stranger;
  return `A message (${kind}) came ${ago(stranger.atMs, atMs)} that is signed by ${key}, ${WHY[code] ?? code}`;
}
