import {
  type Clock,
  DRAND,
  type DrandChain,
  drandEntropy,
  drandRoundAt,
  drandRoundTimeMs,
  type Log,
} from "@earshot/protocol";
import { OutageLog } from "@earshot/protocol/runtime";
import type { DrandRelays } from "./drand-relays.ts";
import type { DrawnEntropy, EntropySource, RandomBytes } from "./entropy-source.ts";

interface DrandSourceDeps {
  network: string;
  entropyPeriodMs: number;
  chain: DrandChain;
  relays: Pick<DrandRelays, "signatureOf">;
  /** `unprovenEntropyCounts` of the parameters: whether beacons of a period without proof count. */
  unprovenCounts: boolean;
  /** Stands in for a value that cannot be proven, so that the chain of entropy goes on; it says so. */
  random: RandomBytes;
  clock: Clock;
  log: Log;
}

/** Waited for at most this share of a period: hotspots need the rest. */
const PATIENCE = 0.5;
/** Between two times of asking all relays. */
const AGAIN_MS = 1000;
/** Relays have a round so long after it was made. */
const SPREAD_MS = 300;

/**
 * Values of a drand chain. The round for an index is fixed: the first made when its period has begun or later, so that
 * nobody knows the value before. What does not come in time is replaced by bytes without proof, and the message says so:
 * the published parameter `unprovenEntropyCounts` decides what they are good for.
 */
export class DrandSource implements EntropySource {
  readonly #deps: DrandSourceDeps;
  readonly #outages: OutageLog;
  /** Periods in a row without proof. */
  #missed = 0;

  constructor(deps: DrandSourceDeps) {
    this.#deps = deps;
    this.#outages = new OutageLog("drand", deps.clock, deps.log);
  }

  /** While the chain is away. */
  get problem(): string | undefined {
    if (this.#missed === 0) return undefined;
    const periods = this.#missed === 1 ? "the last period" : `the last ${this.#missed} periods`;
    return `drand gave no entropy for ${periods}: published without proof`;
  }

  async draw(index: number, signal: AbortSignal): Promise<DrawnEntropy> {
    const { chain, clock, entropyPeriodMs, network, random, unprovenCounts } = this.#deps;
    const round = drandRoundAt(index * entropyPeriodMs, chain);
    const patienceMs = (index + PATIENCE) * entropyPeriodMs - clock.now();
    const signature = await this.#signatureOf(round, patienceMs, signal);
    const value = signature === null ? random(index) : drandEntropy(signature, network, index);
    return { value, source: { kind: DRAND, round, signature, counts: signature !== null || unprovenCounts } };
  }

  /** Asks at least once, also when the time for it is over: the round may have been there for long. */
  async #signatureOf(round: number, patienceMs: number, signal: AbortSignal): Promise<Uint8Array | null> {
    const { clock, chain, log, relays } = this.#deps;
    const untilMs = clock.elapsedMs() + patienceMs;
    const waitMs = drandRoundTimeMs(round, chain) + SPREAD_MS - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    for (;;) {
      const answer = await relays.signatureOf(round, signal);
      if (answer.ok) {
        this.#missed = 0;
        this.#outages.works("drand answers again");
        return answer.signature;
      }
      const why = answer.problems.join("; ");
      log.debug("No relay has the round yet", { round, why });
      if (clock.elapsedMs() + AGAIN_MS > untilMs) {
        this.#missed++;
        this.#outages.down("error", "drand gives no entropy: it is published without proof", { round, why });
        return null;
      }
      await clock.sleep(AGAIN_MS, signal);
    }
  }
}
