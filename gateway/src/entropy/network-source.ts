import { type Clock, type DrandChain, epochOf, type Log } from "@earshot/protocol";
import { drandChecker } from "@earshot/protocol/drand";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Fetch } from "../verify/download.ts";
import { DEFAULT_RELAY_URLS, DrandRelays } from "./drand-relays.ts";
import { DrandSource } from "./drand-source.ts";
import { type DrawnEntropy, type EntropySource, localSource, type RandomBytes } from "./entropy-source.ts";

/** Where signatures of drand rounds are had. */
export interface RelayAccess {
  /** Addresses of relays, at most `MAX_RELAYS`; asked in this order. */
  urls: readonly string[];
  fetch: Fetch;
}

export const DEFAULT_RELAYS: RelayAccess = { urls: DEFAULT_RELAY_URLS, fetch: (...asked) => fetch(...asked) };

interface NetworkSourceDeps {
  parameters: Pick<ParametersLog, "fixed" | "inForce">;
  random: RandomBytes;
  relays: RelayAccess;
  clock: Clock;
  log: Log;
}

/** The source that the parameters in force in an index's epoch name. */
export class NetworkSource implements EntropySource {
  readonly #deps: NetworkSourceDeps;
  readonly #local: EntropySource;
  #drand: { chain: DrandChain; unprovenCounts: boolean; source: DrandSource } | undefined;

  constructor(deps: NetworkSourceDeps) {
    this.#deps = deps;
    this.#local = localSource(deps.random);
  }

  /** For `/healthz`. */
  get problem(): string | undefined {
    return this.#drand?.source.problem;
  }

  draw(index: number, signal: AbortSignal): Promise<DrawnEntropy> {
    const { parameters } = this.#deps;
    const inForce = parameters.inForce(epochOf(index, parameters.fixed)).parameters;
    const chain = inForce.drandChain;
    if (chain === null) this.#drand = undefined;
    const source = chain && this.#drandSource(chain, inForce.unprovenEntropyCounts === 1);
    return (source ?? this.#local).draw(index, signal);
  }

  /** The one from before, as long as the parameters say the same. */
  #drandSource(chain: DrandChain, unprovenCounts: boolean): DrandSource {
    const known = this.#drand;
    if (known?.chain.hash === chain.hash && known.unprovenCounts === unprovenCounts) return known.source;
    const { clock, log, parameters, random, relays: access } = this.#deps;
    const { entropyPeriodMs, network } = parameters.fixed;
    const checker = drandChecker(chain.publicKey);
    const relays = new DrandRelays({ ...access, chain, checker, clock, entropyPeriodMs });
    const source = new DrandSource({
      ...{ network, entropyPeriodMs, chain, relays, unprovenCounts, random, clock, log },
    });
    this.#drand = { chain, unprovenCounts, source };
    return source;
  }
}
