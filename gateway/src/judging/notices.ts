import {
  type Clock,
  downTopic,
  epochAtMs,
  type Log,
  MAX_RECEIPT_RANGES,
  MAX_VERDICTS_PER_MESSAGE,
  type Measurement,
  receiptMessage,
  type Signer,
  type VerdictNotice,
  verdictMessage,
} from "@earshot/protocol";
import type { Downlink } from "../downlink.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Store, StoredVerdict } from "../store/store.ts";

export interface NoticesDeps {
  parameters: Pick<ParametersLog, "clockwork" | "inForce">;
  signer: Signer;
  clock: Pick<Clock, "now">;
  downlink: Downlink;
  store: Pick<Store, "sequenceRanges">;
  metrics: Pick<GatewayMetrics, "downlinkFailures">;
  log: Log;
}

const noticeOf = (verdict: StoredVerdict): VerdictNotice => ({
  packetId: Uint8Array.fromHex(verdict.packetId),
  outcome: verdict.outcome,
  reason: verdict.reason,
  measurements: verdict.measurements,
});

/**
 * What hotspots are told. Nothing waits for a broker: a hotspot that misses a verdict finds it in the API, and the
 * next receipt says all that the one before said.
 */
export class Notices {
  readonly #deps: NoticesDeps;

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
  }

  verdicts(verdicts: readonly StoredVerdict[]): void {
    const { parameters } = this.#deps;
    for (const [epoch, judged] of Map.groupBy(verdicts, (verdict) => verdict.epoch)) {
      const { hash } = parameters.inForce(epoch);
      const ofHotspot = Map.groupBy(judged, ({ hotspotId }) => hotspotId);
      for (const [hotspotId, own] of ofHotspot) this.#sendVerdicts(hotspotId, hash, own.map(noticeOf));
    }
  }

  /** Bytes of this hotspot were refused before they were stored, or what it asserts changes nothing. */
  refusal(
    hotspotId: string,
    packetId: Uint8Array,
    reason: string,
    measurements: readonly Measurement[] = [],
  ): void {
    const { clock, parameters } = this.#deps;
    const { clockwork } = parameters;
    const { hash } = parameters.inForce(epochAtMs(clock.now(), clockwork));
    this.#sendVerdicts(hotspotId, hash, [
      { packetId, outcome: "refused", reason, measurements: [...measurements] },
    ]);
  }

  /** Which of the hotspot's packets are stored: what its agent may forget. */
  async receipt(hotspotId: string): Promise<void> {
    const { clock, parameters, signer, store } = this.#deps;
    const { network } = parameters.clockwork;
    const stored = (await store.sequenceRanges(hotspotId)).slice(-MAX_RECEIPT_RANGES);
    const message = receiptMessage.seal({ atMs: clock.now(), stored }, signer, network);
    this.#send(downTopic(network, hotspotId, "command"), message);
  }

  #sendVerdicts(hotspotId: string, parametersHash: Uint8Array, notices: readonly VerdictNotice[]): void {
    const { clock, parameters, signer } = this.#deps;
    const { network } = parameters.clockwork;
    for (let from = 0; from < notices.length; from += MAX_VERDICTS_PER_MESSAGE) {
      const verdicts = notices.slice(from, from + MAX_VERDICTS_PER_MESSAGE);
      const message = verdictMessage.seal({ atMs: clock.now(), parametersHash, verdicts }, signer, network);
      this.#send(downTopic(network, hotspotId, "verdict"), message);
    }
  }

  #send(topic: string, message: Uint8Array): void {
    this.#deps.downlink.publish(topic, message).catch((error: unknown) => {
      this.#deps.metrics.downlinkFailures++;
      this.#deps.log("debug", "Message not sent", { topic, error: String(error) });
    });
  }
}
