import type { Clock } from "@earshot/protocol";
import { abortAfter } from "@earshot/protocol/runtime";
import {
  type AddCheckpoint,
  formatAddCheckpoint,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseSignatures,
  parseWhole,
  type SignedNote,
  signatureOf,
} from "@earshot/protocol/tlog";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What a witness answers to a checkpoint. */
export type WitnessAnswer =
  | { kind: "cosigned"; signature: NoteSignature }
  /** It has cosigned a tree of another size before. */
  | { kind: "other size"; size: number }
  | { kind: "refused"; problem: string };

interface Asking {
  fetch: Fetch;
  clock: Pick<Clock, "sleep">;
  signal: AbortSignal;
}

const ANSWER_LIMIT_MS = 10_000;
/** Cosignatures of a witness with many keys. */
const MAX_ANSWER_BYTES = 16_384;

/** Asks one witness once (c2sp.org/tlog-witness). @param url its submission prefix @throws when it cannot be reached */
export async function askWitness(
  { url, key }: { url: string; key: NoteKey },
  request: AddCheckpoint,
  { fetch, clock, signal }: Asking,
): Promise<WitnessAnswer> {
  const tooLong = new Error(`no answer within ${ANSWER_LIMIT_MS / 1000} s`);
  return abortAfter(clock, ANSWER_LIMIT_MS, tooLong, signal, async (limited) => {
    const response = await fetch(`${url.replace(/\/+$/, "")}/add-checkpoint`, {
      method: "POST",
      body: formatAddCheckpoint(request),
      redirect: "manual",
      signal: limited,
    });
    return answerOf(response.status, await textOf(response), { request, key });
  });
}

function answerOf(
  status: number,
  body: string,
  { request, key }: { request: AddCheckpoint; key: NoteKey },
): WitnessAnswer {
  if (status === 409) {
    const size = parseWhole(body.trimEnd());
    return size === undefined
      ? { kind: "refused", problem: `it answered 409 without a size: ${shown(body)}` }
      : { kind: "other size", size };
  }
  if (status !== 200) return { kind: "refused", problem: `it answered ${status}: ${shown(body)}` };
  const { text } = parseNote(request.checkpoint) as SignedNote;
  const signatures = parseSignatures(body) ?? [];
  const signature = signatureOf({ text, signatures }, key);
  return typeof signature === "object"
    ? { kind: "cosigned", signature }
    : { kind: "refused", problem: `its answer has no valid cosignature of ${key.name}` };
}

const shown = (body: string): string => JSON.stringify(body.trim().slice(0, 100));

async function textOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  for await (const part of body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`it answered with more than ${MAX_ANSWER_BYTES} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
