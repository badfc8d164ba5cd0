import { type Clock, drawIndex, epochOf, type Log } from "@earshot/protocol";
import type { Mutex } from "@earshot/protocol/runtime";
import type { Notices } from "../downlink/notices.ts";
import { latestCounted } from "../entropy/counted-entropy.ts";
import type { EventHub } from "../monitoring/events.ts";
import { count, type GatewayMetrics } from "../monitoring/metrics.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { StoredEpoch, StoredPacket } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";
import { type Judgement, type JudgeReportsDeps, judgeReports } from "./judge-reports.ts";

interface JudgingDeps extends JudgeReportsDeps {
  store: Store;
  progress: Progress;
  clock: Pick<Clock, "now">;
  events: EventHub;
  metrics: GatewayMetrics;
  notices: Pick<Notices, "verdicts">;
  mutex: Mutex;
  /** Resolves once all packets received before are stored. */
  drained(): Promise<void>;
  closeEpoch(epoch: number): Promise<StoredEpoch>;
  parameters: Pick<ParametersLog, "inForce" | "problem">;
  log: Log;
}

const MAX_LATE_WAITING = 10_000;
/** Late reports that are judged before other work gets its turn. */
const LATE_PORTION = 256;
/** Reports without a verdict that are read at a time. */
const MAX_UNJUDGED = 10_000;

/**
 * Judges index by index, each once an entropy exists that draws its witnesses, and closes epochs between their last
 * index and the next one's first. Everything it knows is in the store, so it goes on after a restart where it stopped.
 */
export class Judging {
  readonly #deps: JudgingDeps;
  #late: StoredPacket[] = [];
  #isJudgingLate = false;

  constructor(deps: JudgingDeps) {
    this.#deps = deps;
  }

  /**
   * Judges and closes all that is due. Rejects when the store fails, and at an epoch whose rules this program does not
   * have; then nothing is lost, call it again.
   */
  advance(signal?: AbortSignal): Promise<void> {
    return this.#deps.mutex.run(async () => {
      while (signal?.aborted !== true && (await this.#step()));
    });
  }

  /** Call at start: an earlier run may have been killed between storing a late report and judging it. */
  recover(): Promise<void> {
    const { mutex, progress } = this.#deps;
    return mutex.run(() => this.#judgeForgotten(progress.openEpoch, progress.judgedThrough));
  }

  /** A report came after judging of its index began: it is refused at once, and never paid. */
  late(packet: StoredPacket): void {
    // The rest is found in the store when the epoch closes.
    if (this.#late.length >= MAX_LATE_WAITING) return;
    this.#late.push(packet);
    if (!this.#isJudgingLate) void this.#judgeWaiting();
  }

  /** In portions, so that scheduled work never waits for all of them. */
  async #judgeWaiting(): Promise<void> {
    const { mutex, log, pause } = this.#deps;
    this.#isJudgingLate = true;
    while (this.#late.length > 0) {
      await mutex
        .run(() => this.#judgeLate(this.#late.splice(0, LATE_PORTION)))
        .catch((error: unknown) => {
          log.error("Cannot judge late reports", { err: error });
        });
      await pause();
    }
    this.#isJudgingLate = false;
  }

  /** Reports of an epoch without a verdict: a killed run left them, or too many late ones were waiting. */
  async #judgeForgotten(epoch: number, throughIndex: number): Promise<void> {
    const { parameters, pause, store } = this.#deps;
    if (parameters.problem(epoch) !== undefined) return;
    for (let found = MAX_UNJUDGED; found === MAX_UNJUDGED; ) {
      const unjudged = await store.unjudgedReports(epoch, throughIndex, MAX_UNJUDGED);
      found = unjudged.length;
      while (unjudged.length > 0) {
        await this.#judgeLate(unjudged.splice(0, LATE_PORTION));
        await pause();
      }
    }
  }

  /** One index or one epoch; false when nothing is due. */
  async #step(): Promise<boolean> {
    const { progress, store } = this.#deps;
    const { epochPeriods } = progress.parameters;
    const latest = await latestCounted(store, drawIndex(progress.judgedThrough + 1, progress.parameters));
    if (latest === undefined) return false;
    const isDrawn = (index: number) => drawIndex(index, progress.parameters) <= latest;
    const next = await store.nextIndex(progress.judgedThrough);
    const epoch = await this.#firstLiveEpoch();
    const lastIndex = epoch === undefined ? Number.POSITIVE_INFINITY : (epoch + 1) * epochPeriods - 1;
    if (epoch !== undefined && isDrawn(lastIndex) && (next === undefined || next > lastIndex)) {
      this.#checkRules(epoch);
      await this.#finish(epoch, lastIndex);
      return true;
    }
    if (next === undefined || !isDrawn(next)) return false;
    this.#checkRules(epochOf(next, progress.parameters));
    await this.#judgeThrough(next);
    return true;
  }

  /** @throws {RangeError} if this program cannot judge the epoch */
  #checkRules(epoch: number): void {
    const problem = this.#deps.parameters.problem(epoch);
    if (problem !== undefined) throw new RangeError(problem);
  }

  /** The open epoch, or the next one after it in which the network was up. */
  async #firstLiveEpoch(): Promise<number | undefined> {
    const { progress, store } = this.#deps;
    const { openEpoch, parameters } = progress;
    const entropy = await store.firstEntropy(openEpoch * parameters.epochPeriods);
    const filed = await store.firstFiledEpoch(openEpoch - 1);
    if (entropy === undefined) return filed;
    return Math.min(epochOf(entropy.entropy.index, parameters), filed ?? Number.POSITIVE_INFINITY);
  }

  /** Judges the first index up to this one that has anything to judge. */
  async #judgeThrough(entropyIndex: number): Promise<void> {
    const { drained, progress, store } = this.#deps;
    progress.startJudging(entropyIndex);
    await drained();
    // What was being stored just now may be about an index in between, where there was nothing to judge before.
    const first = (await store.nextIndex(progress.judgedThrough)) ?? entropyIndex;
    const judgement = await this.#judge(first, await store.reportsOfIndex(first));
    await this.#record(first, judgement);
    this.#publish(first, judgement);
  }

  async #record(entropyIndex: number, { verdicts, proven, contacts }: Judgement): Promise<void> {
    const { metrics, progress, store } = this.#deps;
    await store.addJudgement(entropyIndex, verdicts, proven, contacts);
    progress.judgedThrough = entropyIndex;
    metrics.judgedThrough = entropyIndex;
  }

  async #judgeLate(packets: readonly StoredPacket[]): Promise<void> {
    const { store } = this.#deps;
    // It may have come just in time for the judging that it seemed to be too late for.
    const judged = await store.judgedAmong(packets.map(({ id }) => id));
    const open = packets.filter(({ id }) => !judged.has(id));
    const judgements = new Map<number, Judgement>();
    for (const [entropyIndex, own] of Map.groupBy(open, (packet) => packet.entropyIndex)) {
      if (entropyIndex !== null) judgements.set(entropyIndex, await this.#judge(entropyIndex, own));
    }
    await store.addLateVerdicts([...judgements.values()].flatMap(({ verdicts }) => verdicts));
    for (const [entropyIndex, judgement] of judgements) this.#publish(entropyIndex, judgement);
  }

  /** Reports about one index are judged by the rules, registry and denials of the epoch that they are filed under. */
  async #judge(entropyIndex: number, packets: readonly StoredPacket[]): Promise<Judgement> {
    const all: Judgement = { verdicts: [], proven: [], contacts: [] };
    for (const [epoch, own] of Map.groupBy(packets, (packet) => packet.epoch)) {
      // What this program cannot judge is found in the store once another one closes the epoch.
      if (epoch === null || this.#deps.parameters.problem(epoch) !== undefined) continue;
      const about = { entropyIndex, epoch, packets: own };
      const judgement = await judgeReports(about, this.#deps.clock.now(), this.#deps);
      all.verdicts.push(...judgement.verdicts);
      all.proven.push(...judgement.proven);
      all.contacts.push(...judgement.contacts);
    }
    return all;
  }

  /** Closes an epoch, unless a report shows up at the last moment: then that is judged first. */
  async #finish(epoch: number, lastIndex: number): Promise<void> {
    const { closeEpoch, drained, events, metrics, progress, store } = this.#deps;
    progress.startClosing(epoch, lastIndex);
    await drained();
    const next = await store.nextIndex(progress.judgedThrough);
    if (next !== undefined && next <= lastIndex) return this.#judgeThrough(next);
    if (progress.judgedThrough < lastIndex)
      await this.#record(lastIndex, { verdicts: [], proven: [], contacts: [] });
    await this.#judgeForgotten(epoch, lastIndex);
    const closed = await closeEpoch(epoch);
    progress.closed(epoch);
    metrics.closedEpoch = epoch;
    events.emit({ kind: "epoch", epoch: closed });
  }

  #publish(entropyIndex: number, { verdicts }: Judgement): void {
    const { events, log, metrics, notices } = this.#deps;
    for (const { outcome, reason, hotspotId: hotspot, packetId: packet, epoch } of verdicts) {
      count(metrics.verdicts, reason);
      count(metrics.outcomes, outcome);
      if (log.isDebug && outcome === "refused") {
        log.debug("Report refused", { hotspot, packet, reason, entropyIndex, epoch });
      }
    }
    notices.verdicts(verdicts);
    if (verdicts.length > 0) events.emit({ kind: "verdicts", entropyIndex, verdicts });
  }
}
