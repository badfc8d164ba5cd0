import { type Clock, type DrandChain, drandEntropy, drandRoundAt, drandRoundTimeMs, type Log } from "@earshot/protocol";
import { OutageLog, pause } from "@earshot/protocol/runtime";
import type { DrandRelays } from "./drand-relays.ts";
import { DRAND, type DrawnEntropy, type EntropySource, type RandomBytes } from "./entropy-source.ts";

interface DrandSourceDeps {
  network: string;
  entropyPeriodMs: number;
  chain: DrandChain;
  relays: Pick<DrandRelays, "signatureOf">;
  /** Stands in for a value that cannot be proven, so that the chain of entropy goes on; it says so. */
  random: RandomBytes;
  clock: Clock;
  log: Log;
}

/** Waited for at most this share of a period: agents need the rest. */
const PATIENCE = 0.5;
/** Between two rounds of asking. */
const AGAIN_MS = 1000;
/** Relays have a round that long after it was made. */
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

  /** A sentence for `/healthz` while the chain is away. */
  get problem(): string | undefined {
    if (this.#missed === 0) return undefined;
    return `drand gave no entropy for ${this.#missed} periods in a row: they are published without proof`;
  }

  async draw(index: number, signal: AbortSignal): Promise<DrawnEntropy> {
    const { chain, entropyPeriodMs, network, random } = this.#deps;
    const round = drandRoundAt(index * entropyPeriodMs, chain);
    const signature = await this.#signatureOf(round, (index + PATIENCE) * entropyPeriodMs, signal);
    const value = signature === null ? random(index) : drandEntropy(signature, network, index);
    return { value, source: { kind: DRAND, round, signature } };
  }

  /** Asks at least once, also where half of the period is over: the round may be there for long. */
  async #signatureOf(round: number, untilMs: number, signal: AbortSignal): Promise<Uint8Array | null> {
    const { clock, chain, log, relays } = this.#deps;
    const begun = clock.elapsedMs();
    const patienceMs = untilMs - clock.now();
    const availableMs = drandRoundTimeMs(round, chain) + SPREAD_MS - clock.now();
    if (availableMs > 0 && !(await pause(clock, availableMs, signal))) signal.throwIfAborted();
    for (;;) {
      const answer = await relays.signatureOf(round, signal);
      if (answer.ok) {
        this.#missed = 0;
        this.#outages.works("drand answers");
        return answer.signature;
      }
      log.debug("drand has not answered yet", { round, problems: answer.problems.join("; ") });
      if (clock.elapsedMs() + AGAIN_MS - begun > patienceMs) {
        this.#missed++;
        this.#outages.down("warn", "drand gave no entropy: the period is published without proof", {
          round,
          why: answer.problems.join("; "),
        });
        return null;
      }
      if (!(await pause(clock, AGAIN_MS, signal))) signal.throwIfAborted();
    }
  }
}
