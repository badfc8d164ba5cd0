import {
  downTopic,
  type Entropy,
  entropyTopic,
  hotspotId,
  keysTopic,
  type LossReason,
  MAX_MESSAGE_BYTES,
  openEnvelope,
  readClock,
} from "@earshot/protocol/hotspot";
import type { EntropyTracker } from "../beacon/entropy-tracker.ts";
import type { CoreContext } from "../core/core-context.ts";
import type { IncomingMessage } from "../publisher/publisher.ts";
import { applyReceipt, applyVerdicts } from "./answers.ts";
import { NetworkMemory } from "./network-memory.ts";

/** Handles messages from the broker by topic. One that is not valid is counted, logged and dropped. */
export class Inbox {
  readonly #context: CoreContext;
  readonly #tracker: EntropyTracker;
  readonly #memory: NetworkMemory;
  readonly #onEntropy: (entropy: Entropy) => void;
  readonly #byTopic: ReadonlyMap<string, (bytes: Uint8Array) => string | undefined>;

  constructor(context: CoreContext, tracker: EntropyTracker, onEntropy: (entropy: Entropy) => void) {
    this.#context = context;
    this.#tracker = tracker;
    this.#memory = new NetworkMemory(context);
    this.#onEntropy = onEntropy;
    const { name } = context.config.network;
    this.#byTopic = new Map([
      [keysTopic(name), (bytes: Uint8Array) => this.#applyKeys(bytes)],
      [entropyTopic(name), (bytes: Uint8Array) => this.#applyEntropy(bytes)],
      [downTopic(name, context.hotspotId, "verdict"), (bytes: Uint8Array) => applyVerdicts(context, bytes)],
      [downTopic(name, context.hotspotId, "receipt"), (bytes: Uint8Array) => applyReceipt(context, bytes)],
    ]);
  }

  handle({ topic, bytes }: IncomingMessage): void {
    const { board, log } = this.#context;
    const apply = this.#byTopic.get(topic);
    const refusal = apply === undefined ? "unknown_topic" : apply(bytes);
    if (refusal === undefined) return;
    this.#noteSigner(topic, bytes, refusal);
    board.losses.add(lossOf(refusal));
    log.warn("Refused a message from the broker", { topic, reason: refusal });
  }

  #applyKeys(bytes: Uint8Array): string | undefined {
    const { board, clock, keys, log } = this.#context;
    const answer = keys.accept(bytes);
    board.setKeys(keys.known, answer.ok ? undefined : answer.why, clock.elapsedMs());
    if (!answer.ok) {
      log.warn("Refused a key document", { reason: answer.code, why: answer.why });
      return answer.code;
    }
    if (answer.isNew) log.info("New key document", { version: answer.keys.version });
    return undefined;
  }

  /** Whose message it is that was refused for its key, for a person to compare. */
  #noteSigner(topic: string, bytes: Uint8Array, code: string): void {
    if (!isSignerRefusal(code)) return;
    const { board, clock } = this.#context;
    const opened = openEnvelope(bytes, MAX_MESSAGE_BYTES);
    if (!opened.ok) return;
    const key = hotspotId(opened.envelope.publicKey);
    board.setStranger({ kind: topic.slice(topic.lastIndexOf("/") + 1), key, code }, clock.elapsedMs());
  }

  #applyEntropy(bytes: Uint8Array): string | undefined {
    const { board, clock, log, outbox } = this.#context;
    const answer = this.#tracker.accept(bytes, readClock(clock));
    if (answer.ok || answer.code === "old") this.#memory.note(answer.entropy, bytes);
    // The broker sends a retained message again in each session: that is no fault.
    if (!answer.ok) return answer.code === "old" ? undefined : answer.code;
    const { index, atMs, periodMs, validityMs } = answer.entropy;
    if (Math.abs(clock.now() - atMs) <= validityMs) outbox.confirmTime();
    if (answer.insteadOf !== undefined) {
      log.warn("The network's entropy was ahead of the time, and goes on from here", {
        index,
        insteadOf: answer.insteadOf,
      });
    }
    const isChainBroken = answer.chained === false;
    if (isChainBroken) log.warn("The network's entropy does not continue its chain", { index });
    board.setEntropy(
      {
        ...{ index, atMs: index * periodMs, periodMs, validityMs, isChainBroken },
        ...{ isLive: answer.chained === true, aheadMs: answer.aheadMs },
      },
      clock.elapsedMs(),
    );
    this.#onEntropy(answer.entropy);
    return undefined;
  }
}

const LOSSES: Readonly<Record<string, LossReason>> = {
  unknown_topic: "message_topic",
  other_hotspot: "message_hotspot",
  wrong_index: "message_time",
  unproven: "message_entropy",
  bad_signature: "message_signature",
  wrong_signer: "message_signature",
  key_not_in_force: "message_signature",
  key_revoked: "message_signature",
  unreadable_keys: "message_signature",
  old_keys: "message_signature",
  other_keys: "message_signature",
  inadmissible_key: "message_signature",
};

const isSignerRefusal = (code: string): boolean =>
  code === "wrong_signer" || code === "key_not_in_force" || code === "key_revoked";

const lossOf = (refusal: string): LossReason => LOSSES[refusal] ?? "message_form";
