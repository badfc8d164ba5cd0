import { createHash, timingSafeEqual } from "node:crypto";

/** What a WebSocket asks for: where the router endpoint is, or to be the router named. */
export type StationEndpoint = { kind: "discovery" } | { kind: "router"; gatewayEui: string };

const ROUTER_PATH = /^\/router\/([0-9a-f]{16})$/;

export function stationEndpoint(path: string): StationEndpoint | undefined {
  if (path === "/router-info" || path === "/router-info/") return { kind: "discovery" };
  const gatewayEui = ROUTER_PATH.exec(path)?.[1];
  return gatewayEui === undefined ? undefined : { kind: "router", gatewayEui };
}

export function routerPath(gatewayEui: string): string {
  return `/router/${gatewayEui}`;
}

const digest = (text: string) => createHash("sha256").update(text).digest();

/**
 * Whether an `Authorization` header carries one of the tokens, with or without "Bearer ". The time taken reveals nothing
 * about any token: digests of equal length are compared, all of them.
 */
export function isAuthorised(tokens: readonly string[], authorization: string | undefined): boolean {
  const given = digest((authorization ?? "").trim().replace(/^Bearer\s+/i, ""));
  let found = false;
  for (const token of tokens) found = timingSafeEqual(digest(token), given) || found;
  return found && authorization !== undefined;
}
