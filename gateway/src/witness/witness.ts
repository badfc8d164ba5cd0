import type { Clock, Log, Signer } from "@earshot/protocol";
import { errorText } from "@earshot/protocol/runtime";
import {
  type AddCheckpoint,
  type Checkpoint,
  cosign,
  EMPTY_TREE_ROOT,
  formatNote,
  formatSignatures,
  type LogPolicy,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  type SignedNote,
  signatureOf,
  verifyConsistency,
} from "@earshot/protocol/tlog";
import type { Cosigned, WitnessState } from "./witness-state.ts";

interface WitnessDeps {
  /** Of its cosignatures; no two witnesses share one. */
  name: string;
  signer: Signer;
  /** The logs that it knows. */
  logs: LogPolicy["logs"];
  state: WitnessState;
  clock: Pick<Clock, "now">;
  log: Log;
}

/** A checkpoint with its proof is below 10 KiB, and has room for signatures of other kinds. */
const MAX_BODY_BYTES = 65_536;
const SIZE_TYPE = "text/x.tlog.size";
const TEXT_TYPE = "text/plain; charset=utf-8";

/**
 * A witness (c2sp.org/tlog-witness): cosigns a log's checkpoint only if its tree begins with the one that it cosigned
 * last, and only after the new one is stored. So nobody who asks for its cosignature is shown another log than others.
 */
export class Witness {
  readonly #deps: WitnessDeps;

  constructor(deps: WitnessDeps) {
    this.#deps = deps;
  }

  readonly fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/add-checkpoint") {
      if (request.method !== "POST") return answer(405, "POST is needed", { Allow: "POST" });
      const body = await textOf(request);
      return body === undefined
        ? answer(413, `at most ${MAX_BODY_BYTES} bytes are allowed`)
        : this.#add(body);
    }
    const [, hash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(pathname) ?? [];
    const found = hash === undefined ? undefined : this.#deps.state.byHash(hash);
    return found === undefined ? answer(404, "there is no such checkpoint") : answer(200, found.note);
  };

  #add(body: string): Response {
    const request = parseAddCheckpoint(body);
    const note = request && parseNote(request.checkpoint);
    const checkpoint = note && parseCheckpoint(note);
    if (request === undefined || note === undefined || checkpoint === undefined) {
      return answer(400, "a line old N, lines of a proof, a blank line and a checkpoint are needed");
    }
    const refusal = this.#signatureRefusal(note, checkpoint);
    if (refusal !== undefined) return refusal;
    try {
      return this.#cosign(request, note, checkpoint);
    } catch (error) {
      // Stored or not, nothing is cosigned: the log asks again, and is told which size is stored.
      this.#deps.log.error("Cannot keep a checkpoint", { origin: checkpoint.origin, err: error });
      return answer(500, `it cannot be stored: ${errorText(error)}`);
    }
  }

  #signatureRefusal(note: SignedNote, { origin }: Checkpoint): Response | undefined {
    const known = this.#deps.logs.filter(({ key }) => key.name === origin);
    if (known.length === 0) return answer(404, `the log ${JSON.stringify(origin)} is not known here`);
    const found = known.map(({ key }) => signatureOf(note, key));
    if (found.includes("bad")) return answer(403, "a signature of the log is wrong");
    return found.some((signature) => signature !== undefined)
      ? undefined
      : answer(403, "no key that is known here has signed it for the log");
  }

  #cosign(request: AddCheckpoint, note: SignedNote, checkpoint: Checkpoint): Response {
    const { clock, log, name, signer, state } = this.#deps;
    const { origin, size, root } = checkpoint;
    if (request.oldSize > size)
      return answer(400, `old ${request.oldSize} is above the checkpoint's ${size}`);
    // Signed before it is stored, handed out only after that: the timestamp and the state are of one moment.
    const cosignature = cosign(note.text, name, signer, Math.floor(clock.now() / 1000));
    const signatures = [...this.#ownSignatures(note, origin), cosignature];
    const next: Cosigned = { origin, size, root, note: formatNote({ text: note.text, signatures }) };
    const outcome = state.replace(next, (known) => problemOf(request, known ?? EMPTY, checkpoint));
    if (outcome === "cosigned") return answer(200, formatSignatures([cosignature]));
    if (outcome.problem === "size") return answer(409, String(outcome.size), {}, SIZE_TYPE);
    // A log that forks has signed the proof of it.
    log.warn("A log's checkpoint does not continue the one before", {
      ...{ origin, size, checkpoint: request.checkpoint, knownSize: outcome.size },
    });
    return answer(422, "bad consistency proof");
  }

  /** The log's own, which were checked. */
  #ownSignatures(note: SignedNote, origin: string): SignedNote["signatures"] {
    return this.#deps.logs.flatMap(({ key }) => {
      const signature = key.name === origin ? signatureOf(note, key) : undefined;
      return typeof signature === "object" ? [signature] : [];
    });
  }
}

const EMPTY = { size: 0, root: EMPTY_TREE_ROOT };

/** Why a checkpoint does not follow what is stored. */
function problemOf(
  { oldSize, proof }: AddCheckpoint,
  known: Pick<Cosigned, "size" | "root">,
  next: Checkpoint,
): "size" | "proof" | undefined {
  if (oldSize !== known.size) return "size";
  return verifyConsistency(known, next, proof) ? undefined : "proof";
}

function answer(status: number, body: string, headers: Record<string, string> = {}, type = TEXT_TYPE) {
  const text = body.endsWith("\n") ? body : `${body}\n`;
  return new Response(text, { status, headers: { "Content-Type": type, ...headers } });
}

/** `undefined` when it is too long. */
async function textOf({ body }: Request): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  for await (const part of body ?? []) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return undefined;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
