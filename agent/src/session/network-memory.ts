import {
  CONTRADICTIONS,
  type Contradiction,
  contradictionOf,
  type Entropy,
  entropyMessage,
} from "@earshot/protocol/hotspot";
import type { ContradictionFacts } from "../board/agent-status.ts";
import type { CoreContext } from "../core/core-context.ts";

/** An entropy message as it came. */
interface Statement {
  entropy: Entropy;
  bytes: Uint8Array;
}

/** Closed epochs that are remembered, beside the first: an operator that rewrites them signs each anew. */
const MAX_EPOCHS = 16;
/** One of each kind is enough to show to anybody. */
const MAX_FOUND = Object.keys(CONTRADICTIONS).length;
const KEY = "network";

/**
 * What the network has signed of itself: the first message ever seen stays, and the first that told of each of the newest
 * closed epochs. Each further message is compared with them, so that epochs dropped or closed anew, and a chain begun anew,
 * show here whoever else was told another story. Kept in the outbox's store, over restarts.
 */
export class NetworkMemory {
  readonly #context: Pick<CoreContext, "board" | "config" | "keys" | "log" | "outbox">;
  /** Of messages that announce a state, by index. */
  #statements: Statement[];
  #latest: Statement | undefined;
  readonly #found: ContradictionFacts[];

  constructor(context: Pick<CoreContext, "board" | "config" | "keys" | "log" | "outbox">) {
    this.#context = context;
    const { statements, found } = this.#load();
    this.#statements = statements;
    this.#found = found;
    context.board.contradictions = found;
  }

  /** Of a message whose signature holds. */
  note(entropy: Entropy, bytes: Uint8Array): void {
    const statement = { entropy, bytes: bytes.slice() };
    const known = this.#latest === undefined ? this.#statements : [...this.#statements, this.#latest];
    for (const other of known) {
      const kind = contradictionOf(other.entropy, entropy);
      if (kind !== undefined) this.#tell(kind, other, statement);
    }
    if (this.#latest === undefined || entropy.index > this.#latest.entropy.index) this.#latest = statement;
    this.#keep(statement);
  }

  #tell(kind: Contradiction, one: Statement, other: Statement): void {
    if (this.#found.length >= MAX_FOUND || this.#found.some((found) => found.kind === kind)) return;
    const { board, log } = this.#context;
    const statements: [string, string] = [one.bytes.toBase64(), other.bytes.toBase64()];
    const { config, keys } = this.#context;
    const documents = keys.known.documents.slice(-1).map(({ message }) => message.toBase64());
    const network = config.network.name;
    this.#found.push({ kind, text: CONTRADICTIONS[kind], network, keys: documents, statements });
    board.losses.add("network_contradicts");
    const [index, earlier] = [other.entropy.index, one.entropy.index];
    log.error("The network contradicts what it signed before", {
      what: CONTRADICTIONS[kind],
      index,
      earlier,
    });
    this.#save();
  }

  /** The first of each closed epoch, in order; what comes behind the newest is not kept. */
  #keep(statement: Statement): void {
    const { state } = statement.entropy;
    const closed = state?.closedEpoch;
    if (state === null || closed === undefined) return;
    const newest = this.#statements.at(-1)?.entropy.state?.closedEpoch;
    if (newest !== undefined && (closed ?? -1) <= (newest ?? -1)) return;
    const [first, ...others] = [...this.#statements, statement];
    this.#statements = [...(first ? [first] : []), ...others.slice(-MAX_EPOCHS)];
    this.#save();
  }

  #save(): void {
    const { config, log, outbox } = this.#context;
    const text = JSON.stringify({
      network: networkOf(config),
      statements: this.#statements.map(({ bytes }) => bytes.toBase64()),
      found: this.#found,
    });
    try {
      outbox.remember(KEY, text);
    } catch (error) {
      log.warn("Cannot keep what the network signed", { err: error });
    }
  }

  /** Of a damaged record, or one of another network, nothing. */
  #load(): { statements: Statement[]; found: ContradictionFacts[] } {
    const { config, outbox } = this.#context;
    try {
      const kept = JSON.parse(outbox.recall(KEY) ?? "null") as Kept | null;
      if (kept?.network !== networkOf(config)) return { statements: [], found: [] };
      const statements = kept.statements.map((text) => this.#statementOf(Uint8Array.fromBase64(text)));
      const found = kept.found.filter(({ kind }) => Object.hasOwn(CONTRADICTIONS, kind));
      return { statements, found: found.slice(0, MAX_FOUND) };
    } catch {
      return { statements: [], found: [] };
    }
  }

  #statementOf(bytes: Uint8Array): Statement {
    const opened = entropyMessage.open(bytes, this.#context.config.network.name);
    if (!opened.ok) throw new TypeError(opened.code);
    return { entropy: opened.value, bytes };
  }
}

interface Kept {
  network: string;
  statements: string[];
  found: ContradictionFacts[];
}

const networkOf = ({ network }: Pick<CoreContext["config"], "network">): string =>
  `${network.name} ${network.publicKey.toHex()}`;
