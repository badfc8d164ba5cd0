import { fieldOf, parseLosslessObject } from "./lossless-json.ts";
import { formatId6, parseRouterId } from "./router-id.ts";
import { routerPath } from "./station-access.ts";

export interface DiscoveryOptions {
  /** "ws://host:port" by which this server is reached. */
  baseUri: string;
  /** Why a station may not connect, if so. */
  refusal: (gatewayEui: string) => string | undefined;
}

export interface DiscoveryAnswer {
  ok: boolean;
  json: string;
}

const MUXS = "muxs-::1";

/** Answers `{"router": …}` with the endpoint of that router, or with an error in words. */
export function answerDiscovery(text: string, { baseUri, refusal }: DiscoveryOptions): DiscoveryAnswer {
  const message = parseLosslessObject(text);
  if (message === undefined) return failed("", "The request is not a JSON object");
  const gatewayEui = parseRouterId(fieldOf(message, "router"));
  if (gatewayEui === undefined) {
    return failed("", "`router` must be the station's EUI: ID6, hex digits or a number, and not 0");
  }
  const router = formatId6(gatewayEui);
  const why = refusal(gatewayEui);
  if (why !== undefined) return failed(router, why);
  const uri = `${baseUri}${routerPath(gatewayEui)}`;
  return { ok: true, json: JSON.stringify({ router, muxs: MUXS, uri }) };
}

function failed(router: string, error: string): DiscoveryAnswer {
  return { ok: false, json: JSON.stringify({ router, error }) };
}

const HOST = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?$/i;

/**
 * The address by which the station reached this server, so that it works behind a port forwarding. Station refuses a
 * URI without a port. `undefined` for a header that is no host.
 */
export function baseUriOf(
  host: string | undefined,
  isSecure: boolean,
  localPort: number,
): string | undefined {
  const match = host === undefined ? null : HOST.exec(host);
  if (match === null) return undefined;
  return `${isSecure ? "wss" : "ws"}://${host}${match[1] === undefined ? `:${localPort}` : ""}`;
}
