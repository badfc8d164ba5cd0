import type { Clock, Log } from "@earshot/protocol";
import { TokenBuckets } from "@earshot/protocol/runtime";
import { count, type GatewayMetrics } from "../monitoring/metrics.ts";
import {
  type ClientAccess,
  type Credentials,
  entryRefusal,
  gatewayMayUse,
  isSameSecret,
  mayUse,
  shownUsername,
  type TopicUse,
} from "./access.ts";
import { LOGINS, MAX_COUNTED_HOTSPOTS } from "./login-rates.ts";

interface ExternalBrokerAccessDeps {
  uplink: ClientAccess;
  network: string;
  /** The gateway's own account at the broker that asks, if it has one. */
  account?: Credentials | undefined;
  clock: Pick<Clock, "elapsedMs">;
  metrics: GatewayMetrics;
  log: Log;
}

/** Answers another broker's questions about its clients by the rules of the embedded one. */
export class ExternalBrokerAccess {
  readonly #deps: ExternalBrokerAccessDeps;
  readonly #logins = new TokenBuckets(LOGINS, MAX_COUNTED_HOTSPOTS);

  constructor(deps: ExternalBrokerAccessDeps) {
    this.#deps = deps;
  }

  mayLogIn(credentials: Credentials): boolean {
    const { account, clock, log, metrics, uplink } = this.#deps;
    const { clientId, username, password } = credentials;
    if (username === account?.username) {
      return clientId === account.clientId && isSameSecret(password, account.password);
    }
    const refused = entryRefusal(credentials, uplink, (id) => this.#logins.take(id, clock.elapsedMs()));
    if (refused === undefined) return true;
    const code = refused.refusal === "bad_login" ? refused.code : refused.refusal;
    // The gateway has counted those whose token it refused.
    if (refused.refusal !== "bad_login") count(metrics.loginsRefused, refused.refusal);
    log.info("Login refused", { hotspot: shownUsername(username), reason: code });
    return false;
  }

  /** For a client that the broker has let in, by this gateway's answer or by its own rules. */
  mayUse(use: TopicUse): boolean {
    const { account, network, uplink } = this.#deps;
    const isGateway = use.username === account?.username;
    if (use.clientId !== (isGateway ? account?.clientId : use.username)) return false;
    return isGateway ? gatewayMayUse(network, use) : mayUse(use, uplink);
  }
}
