import { checkLoginToken, downFilter, downTopic, entropyTopic, parseUpTopic } from "@earshot/protocol";
import type { LoginOutcome } from "./contract.ts";
import type { KeyCache } from "./ingest/key-cache.ts";

export interface AccessDeps {
  network: string;
  keys: KeyCache;
  now(): number;
  isAllowed(hotspotId: string): boolean;
}

/**
 * @param username hotspot id
 * @param password login token, signed by the hotspot's key
 */
export function login(username: string, password: string, deps: AccessDeps): LoginOutcome {
  const known = deps.keys.get(username);
  if (typeof known === "string") return { ok: false, code: known };
  if (!deps.isAllowed(username)) return { ok: false, code: "unknown_hotspot" };
  const checked = checkLoginToken(password, known.publicKey, deps.network, deps.now());
  return checked.ok ? { ok: true, hotspotId: username } : checked;
}

/** Only its own packets, under its own id. */
export function mayPublish(network: string, hotspotId: string, topic: string): boolean {
  const parsed = parseUpTopic(topic);
  return parsed !== undefined && parsed.network === network && parsed.hotspot === hotspotId;
}

/** Only what is sent to it, and the entropy. */
export const maySubscribe = (network: string, hotspotId: string, filter: string): boolean =>
  [
    entropyTopic(network),
    downFilter(network, hotspotId),
    downTopic(network, hotspotId, "verdict"),
    downTopic(network, hotspotId, "command"),
  ].includes(filter);
