import {
  decodePacket,
  denialMessage,
  entropyMessage,
  isKeyChange,
  openKeyChange,
  parametersMessage,
  registrationMessage,
} from "@earshot/protocol";
import type { StoreOptions } from "../store/database.ts";
import { StoreRefusedError } from "../store/owner.ts";
import type { StoredDocument } from "../store/stored-documents.ts";

/** Why it cannot be read; undefined when it can. Who signed it is for others to ask. */
type Problem = (message: Uint8Array, network: string) => string | undefined;

const problemOf =
  (codec: {
    open(message: Uint8Array, network: string): { ok: true } | { ok: false; code: string };
  }): Problem =>
  (message, network) => {
    const opened = codec.open(message, network);
    return opened.ok ? undefined : opened.code;
  };

/** The owner's word is a status packet or a change of the key, the operator's a registration. */
const changeProblem: Problem = (message, network) => {
  if (decodePacket(message).ok) return undefined;
  return problemOf(isKeyChange(message) ? { open: openKeyChange } : registrationMessage)(message, network);
};

const PROBLEMS: Readonly<Record<StoredDocument["kind"], Problem>> = {
  parameters: problemOf(parametersMessage),
  denial: problemOf(denialMessage),
  entropy: problemOf(entropyMessage),
  change: changeProblem,
};

/**
 * Refuses a store with documents of its network that this gateway cannot read: it could neither go on with its chains nor
 * judge by its rules, and whoever changed its tables first could not go back.
 */
export const documentCheck =
  (network: string): NonNullable<StoreOptions["check"]> =>
  (documents) => {
    for (const { kind, name, message } of documents) {
      const problem = PROBLEMS[kind](message, network);
      if (problem === undefined) continue;
      const why =
        problem === "bad_signature"
          ? `its signature is not one in the network "${network}"`
          : `${problem}: a version of Earshot wrote it whose format this one does not know, or it is damaged`;
      throw new StoreRefusedError(
        `Cannot open the store: its ${name}, cannot be read (${why}). Nothing was changed. Start the version that wrote it, or begin with an empty database`,
      );
    }
  };
