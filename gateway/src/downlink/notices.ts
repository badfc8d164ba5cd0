import {
  type Clock,
  type CommitmentNotice,
  downTopic,
  epochAtMs,
  epochSpanMs,
  isWithin,
  type KeyCopySigns,
  type Log,
  type LowestVersions,
  MAX_RECEIPT_COMMITMENTS,
  MAX_RECEIPT_RANGES,
  MAX_VERDICTS_PER_MESSAGE,
  type Measurement,
  PACKET_LIMITS,
  publicKeyOf,
  type Receipt,
  type RoleSigners,
  receiptMessage,
  type SequenceRange,
  type Signer,
  type StoredPacketNotice,
  type VerdictNotice,
  verdictMessage,
} from "@earshot/protocol";
import { TokenBuckets } from "@earshot/protocol/runtime";
import type { GatewayMetrics } from "../monitoring/metrics.ts";
import { PROGRAM } from "../monitoring/program.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { StoredPacket, StoredVerdict } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Downlink } from "./downlink.ts";
import { PendingReceipts } from "./pending-receipts.ts";

/** A verdict, and when the report came. */
export interface JudgedReport extends StoredVerdict {
  receivedAtMs: number;
}

interface NoticesDeps {
  parameters: Pick<ParametersLog, "fixed" | "inForce" | "versions">;
  signer: Signer | RoleSigners;
  clock: Pick<Clock, "now" | "elapsedMs">;
  downlink: Downlink;
  store: Pick<Store, "sequenceRanges" | "commitments">;
  metrics: Pick<GatewayMetrics, "downlinkFailures" | "refusalsUntold">;
  /** Signs that two agents use this hotspot's key. */
  copied?(hotspotId: string): Promise<KeyCopySigns | undefined>;
  log: Log;
}

/** Each refusal costs a signature, and two bytes cause one: limited for each hotspot, and counted for so many hotspots. */
const REFUSALS = { burst: 32, perSecond: 1 } as const;
const MAX_REFUSED_HOTSPOTS = 4096;

const noticeOf = (verdict: JudgedReport): VerdictNotice => ({
  packetId: Uint8Array.fromHex(verdict.packetId),
  receivedAtMs: verdict.receivedAtMs,
  outcome: verdict.outcome,
  reason: verdict.reason,
  measurements: verdict.measurements,
});

/**
 * Messages to hotspots: verdicts, refusals, receipts. Nothing waits for a broker: a hotspot that misses a verdict finds it
 * in the API, and the next receipt covers what a lost one covered.
 */
export class Notices {
  readonly #deps: NoticesDeps;
  readonly #pending = new PendingReceipts();
  readonly #refusals = new TokenBuckets(REFUSALS, MAX_REFUSED_HOTSPOTS);

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
  }

  verdicts(verdicts: readonly JudgedReport[]): void {
    const { parameters } = this.#deps;
    for (const [epoch, judged] of Map.groupBy(verdicts, (verdict) => verdict.epoch)) {
      const { hash } = parameters.inForce(epoch);
      const ofHotspot = Map.groupBy(judged, ({ hotspotId }) => hotspotId);
      for (const [hotspotId, own] of ofHotspot) this.#sendVerdicts(hotspotId, hash, own.map(noticeOf));
    }
  }

  /**
   * Bytes of this hotspot were refused before they were stored, or its assertion changes nothing. A burst of refusals is
   * sent, then one a second.
   */
  refusal(
    hotspotId: string,
    packetId: Uint8Array,
    reason: string,
    measurements: readonly Measurement[] = [],
  ): void {
    const { clock, metrics, parameters } = this.#deps;
    if (!this.#refusals.take(hotspotId, clock.elapsedMs())) {
      metrics.refusalsUntold++;
      return;
    }
    const { fixed } = parameters;
    const { hash } = parameters.inForce(epochAtMs(clock.now(), fixed));
    this.#sendVerdicts(hotspotId, hash, [
      {
        packetId,
        receivedAtMs: Math.floor(clock.now()),
        outcome: "refused",
        reason,
        measurements: [...measurements],
      },
    ]);
  }

  /** A packet is durable, new or a duplicate: the next receipt lists it. */
  stored({ hotspotId, sequence, id, receivedAtMs }: Pick<StoredPacket, ReceiptField>): void {
    const full = this.#pending.note(hotspotId, { sequence, packetId: Uint8Array.fromHex(id), receivedAtMs });
    if (full !== undefined) this.#sendReceipt(hotspotId, full.answers, full.stored, []);
  }

  /** The answer to a status packet: which packets came since the last one, and which numbers are in use. */
  async receipt(hotspotId: string, statusId: string): Promise<void> {
    const used = (await this.#deps.store.sequenceRanges(hotspotId)).slice(-MAX_RECEIPT_RANGES);
    const commitments = await this.#commitmentsOf(hotspotId);
    const answers = Uint8Array.fromHex(statusId);
    const copies = (await this.#deps.copied?.(hotspotId)) ?? null;
    this.#sendReceipt(hotspotId, answers, this.#pending.answer(hotspotId, answers), used, {
      copies,
      commitments,
    });
  }

  /** The newest. */
  async #commitmentsOf(hotspotId: string): Promise<CommitmentNotice[]> {
    const { store, parameters } = this.#deps;
    const own = (await store.commitments([hotspotId])).get(hotspotId) ?? [];
    return own.slice(-MAX_RECEIPT_COMMITMENTS).map(({ chain, head, fromEpoch }) => ({
      chain,
      head,
      countsFromMs: epochSpanMs(fromEpoch, parameters.fixed).fromMs,
    }));
  }

  #sendReceipt(
    hotspotId: string,
    answers: Uint8Array,
    stored: StoredPacketNotice[],
    used: SequenceRange[],
    rest: Pick<Receipt, "copies" | "commitments"> = { copies: null, commitments: null },
  ): void {
    const { clock, parameters, signer } = this.#deps;
    const { network } = parameters.fixed;
    const nowMs = Math.floor(clock.now());
    const receipt = {
      ...{ atMs: nowMs, hotspot: keyOf(hotspotId), answers, stored, used },
      ...{ gateway: PROGRAM, lowest: lowestVersions(parameters.versions), ...rest },
    };
    this.#send(downTopic(network, hotspotId, "receipt"), () => receiptMessage.seal(receipt, signer, network));
  }

  #sendVerdicts(hotspotId: string, parametersHash: Uint8Array, notices: readonly VerdictNotice[]): void {
    const { clock, parameters, signer } = this.#deps;
    const { network } = parameters.fixed;
    for (let from = 0; from < notices.length; from += MAX_VERDICTS_PER_MESSAGE) {
      const verdicts = notices.slice(from, from + MAX_VERDICTS_PER_MESSAGE);
      const content = { atMs: Math.floor(clock.now()), hotspot: keyOf(hotspotId), parametersHash, verdicts };
      const sealed = () => verdictMessage.seal(content, signer, network);
      this.#send(downTopic(network, hotspotId, "verdict"), sealed);
    }
  }

  /** Without a key to sign it with (`/healthz` says so) it counts as not sent, like one that the broker does not take. */
  #send(topic: string, sealed: () => Uint8Array): void {
    const publish = async () => this.#deps.downlink.publish(topic, sealed());
    publish().catch((error: unknown) => {
      this.#deps.metrics.downlinkFailures++;
      this.#deps.log.debug("Message not sent", { topic, err: error });
    });
  }
}

/** What the newest version announces, unless that is never: after the year 2100. */
function lowestVersions(versions: ParametersLog["versions"]): LowestVersions | null {
  const parameters = versions.at(-1)?.parameters;
  if (parameters === undefined) return null;
  const { minBeaconVersion: beacon, minWitnessVersion: witness } = parameters;
  const fromEpoch = Math.max(parameters.minVersionsFromEpoch, parameters.activationEpoch);
  const { fromMs } = epochSpanMs(fromEpoch, parameters);
  const isNever = beacon <= 1 && witness <= 1;
  return isNever || !isWithin(fromMs, PACKET_LIMITS.timeMs) ? null : { fromEpoch, fromMs, beacon, witness };
}

type ReceiptField = "hotspotId" | "sequence" | "id" | "receivedAtMs";

/** @throws {TypeError} for an invalid id, which ingest would have refused */
function keyOf(hotspotId: string): Uint8Array {
  const key = publicKeyOf(hotspotId);
  if (key === undefined) throw new TypeError(`${hotspotId} is no hotspot's id`);
  return key;
}
