import { createHash, timingSafeEqual } from "node:crypto";
import {
  allUpFilter,
  checkLoginToken,
  downFilter,
  downTopic,
  entropyTopic,
  keysTopic,
  type LoginRefusal,
  parseUpTopic,
} from "@earshot/protocol";
import type { KeyCache } from "./key-cache.ts";

export type LoginOutcome =
  | { ok: true; hotspotId: string }
  | { ok: false; code: LoginRefusal | "unknown_user" | "inadmissible_key" | "unknown_hotspot" };

/** What a client of a broker logs in with. */
export interface Credentials {
  clientId: string;
  username: string;
  password: string;
}

/** What a broker asks about its clients: who may log in, and who may publish and subscribe where. */
export interface ClientAccess {
  /** @param username hotspot id @param password login token */
  login(username: string, password: string): LoginOutcome;
  mayPublish(hotspotId: string, topic: string): boolean;
  maySubscribe(hotspotId: string, filter: string): boolean;
}

interface AccessDeps {
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

/** Of a user name that a stranger chose, the most that a log line repeats. */
const MAX_SHOWN_LENGTH = 64;

export const shownUsername = (username: string): string =>
  username.length > MAX_SHOWN_LENGTH ? `${username.slice(0, MAX_SHOWN_LENGTH - 1)}…` : username;

/** Why a login is refused; `code`: why its token was refused. */
type EntryRefusal =
  | { refusal: "client_id" | "other_client_id" | "too_often" }
  | { refusal: "bad_login"; code: Extract<LoginOutcome, { ok: false }>["code"] };

/**
 * Whether a client may log in: the same rule for the embedded broker and for brokers that ask over HTTP.
 * @param mayLogIn asked when the token is the hotspot's, so that nobody else uses up how often it may
 */
export function entryRefusal(
  { clientId, username, password }: Credentials,
  uplink: Pick<ClientAccess, "login">,
  mayLogIn: (hotspotId: string) => boolean,
): EntryRefusal | undefined {
  if (clientId === "") return { refusal: "client_id" };
  // Before the token, since it costs nothing.
  if (clientId !== username) return { refusal: "other_client_id" };
  const outcome = uplink.login(username, password);
  if (!outcome.ok) return { refusal: "bad_login", code: outcome.code };
  return mayLogIn(username) ? undefined : { refusal: "too_often" };
}

/** Only its own packets, under its own id. */
export function mayPublish(network: string, hotspotId: string, topic: string): boolean {
  const parsed = parseUpTopic(topic);
  return parsed !== undefined && parsed.network === network && parsed.hotspot === hotspotId;
}

/** Only its own down topics, and what the network tells all. */
export const maySubscribe = (network: string, hotspotId: string, filter: string): boolean =>
  [
    keysTopic(network),
    entropyTopic(network),
    downFilter(network, hotspotId),
    downTopic(network, hotspotId, "verdict"),
    downTopic(network, hotspotId, "receipt"),
  ].includes(filter);

/** `read` is a message that a client would be sent, `subscribe` a filter that it asks for. */
export const TOPIC_ACCESS = ["read", "write", "readwrite", "subscribe"] as const;
export type TopicAccess = (typeof TOPIC_ACCESS)[number];

export interface TopicUse {
  clientId: string;
  username: string;
  topic: string;
  access: TopicAccess;
}

/** Whether a client that has logged in may use a topic this way. A hotspot may nowhere both read and write. */
export function mayUse(
  { username, topic, access }: TopicUse,
  uplink: Pick<ClientAccess, "mayPublish" | "maySubscribe">,
): boolean {
  if (access === "write") return uplink.mayPublish(username, topic);
  return access !== "readwrite" && uplink.maySubscribe(username, topic);
}

/** The gateway itself: it reads what all hotspots send, and writes what all are told and what is sent to each. */
export function gatewayMayUse(network: string, { topic, access }: TopicUse): boolean {
  const isUp = topic === allUpFilter(network) || parseUpTopic(topic)?.network === network;
  const [, , of, hotspot, direction] = topic.split("/");
  const isDown = of === network && hotspot !== undefined && direction === "down" && !/[+#]/.test(topic);
  if (access === "write") return topic === entropyTopic(network) || topic === keysTopic(network) || isDown;
  return access !== "readwrite" && isUp;
}

/** Compares hashes, in constant time, so that neither content nor length of a secret can be measured. */
export const isSameSecret = (given: string, known: string): boolean =>
  timingSafeEqual(digest(given), digest(known));

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
