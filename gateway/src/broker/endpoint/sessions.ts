import type { ISubscribePacket, ISubscription } from "mqtt-packet";
import type { Uplink } from "../uplink.ts";
import { MqttError, SUBACK_CODES } from "./close-reasons.ts";
import {
  MAX_AWAY_SESSIONS,
  MAX_FILTERS,
  MAX_FILTERS_A_PACKET,
  MAX_QUEUED_BYTES,
  MAX_SESSION_EXPIRY_S,
} from "./endpoint-limits.ts";
import { type Message, Session, type Subscription } from "./session.ts";

/** All sessions, and which messages go to which. Times are `Clock.elapsedMs`. */
export class Sessions {
  readonly #byId = new Map<string, Session>();
  /** Longest away first. */
  readonly #away = new Set<Session>();
  readonly #byFilter = new Map<string, Set<Session>>();
  readonly #total = { queuedBytes: 0 };
  readonly #retained = new Map<string, Message>();

  get size(): number {
    return this.#byId.size;
  }

  get(hotspotId: string): Session | undefined {
    return this.#byId.get(hotspotId);
  }

  /**
   * The hotspot's session, for a connection that has just logged in.
   * @param isClean forget an earlier one
   * @param expiryS as the client asks
   */
  open(hotspotId: string, isClean: boolean, expiryS: number): { session: Session; isPresent: boolean } {
    const earlier = this.#byId.get(hotspotId);
    if (earlier !== undefined && isClean) this.#discard(earlier);
    const isPresent = earlier !== undefined && !isClean;
    const session = isPresent ? earlier : new Session(hotspotId, this.#total);
    session.expiryS = Math.min(expiryS, MAX_SESSION_EXPIRY_S);
    this.#byId.set(hotspotId, session);
    this.#away.delete(session);
    return { session, isPresent };
  }

  /** Its connection has ended. */
  leave(session: Session, elapsedMs: number): void {
    session.outlet = undefined;
    if (session.expiryS === 0) {
      this.#discard(session);
      return;
    }
    session.expiresElapsedMs = elapsedMs + session.expiryS * 1000;
    this.#away.add(session);
    if (this.#away.size > MAX_AWAY_SESSIONS) this.#discardLongestAway();
  }

  /** Forgets sessions that have expired. */
  expire(elapsedMs: number): void {
    for (const session of this.#away) if (session.expiresElapsedMs <= elapsedMs) this.#discard(session);
  }

  /** False, and nothing is kept, if the session has too many already. The caller has checked that it may. */
  subscribe(session: Session, filter: string, subscription: Subscription): boolean {
    const { subscriptions } = session;
    if (!subscriptions.has(filter) && subscriptions.size >= MAX_FILTERS) return false;
    subscriptions.set(filter, subscription);
    const subscribers = this.#byFilter.get(filter);
    if (subscribers === undefined) this.#byFilter.set(filter, new Set([session]));
    else subscribers.add(session);
    return true;
  }

  /** False if there was no such subscription. */
  unsubscribe(session: Session, filter: string): boolean {
    const subscribers = this.#byFilter.get(filter);
    subscribers?.delete(session);
    if (subscribers?.size === 0) this.#byFilter.delete(filter);
    return session.subscriptions.delete(filter);
  }

  /** Delivers a message to every subscriber of its topic; returns how many had no room for it. */
  route(message: Message): number {
    let dropped = 0;
    if (message.retain) this.#retained.set(message.topic, message);
    for (const [session, subscription] of this.#subscribersOf(message.topic)) {
      const qos = message.qos === 1 && subscription.qos === 1 ? 1 : 0;
      const retain = message.retain && subscription.retainAsPublished;
      const copy = { ...message, qos, retain } as const;
      if (!this.#hasRoomFor(copy) || !session.offer(copy)) dropped++;
    }
    return dropped;
  }

  /** The newest retained message, if the filter names its topic. */
  retained(filter: string): Message | undefined {
    return this.#retained.get(filter);
  }

  /** Once each, however many of its filters match, with the best of their QoS. */
  #subscribersOf(topic: string): Map<Session, Subscription> {
    const found = new Map<Session, Subscription>();
    // The filters that a hotspot may have end in a name or in "+".
    for (const filter of [topic, `${topic.slice(0, topic.lastIndexOf("/"))}/+`]) {
      for (const session of this.#byFilter.get(filter) ?? []) {
        const subscription = session.subscriptions.get(filter);
        if (subscription === undefined || (found.get(session)?.qos ?? -1) >= subscription.qos) continue;
        found.set(session, subscription);
      }
    }
    return found;
  }

  #hasRoomFor({ qos, bytes }: Message): boolean {
    if (qos === 0) return true;
    while (this.#total.queuedBytes + bytes.length > MAX_QUEUED_BYTES) {
      if (!this.#discardLongestAway()) return false;
    }
    return true;
  }

  #discardLongestAway(): boolean {
    const [longest] = this.#away;
    if (longest !== undefined) this.#discard(longest);
    return longest !== undefined;
  }

  #discard(session: Session): void {
    for (const filter of [...session.subscriptions.keys()]) this.unsubscribe(session, filter);
    session.clear();
    this.#away.delete(session);
    if (this.#byId.get(session.hotspotId) === session) this.#byId.delete(session.hotspotId);
  }
}

interface SubscribeDeps {
  uplink: Pick<Uplink, "maySubscribe">;
  sessions: Sessions;
}

/**
 * Adds the filters that the session may subscribe to.
 * @returns an MQTT 5 code for each filter, and the retained messages to send
 * @throws {MqttError}
 */
export function subscribe(
  { subscriptions, properties }: ISubscribePacket,
  session: Session,
  deps: SubscribeDeps,
): { codes: number[]; retainedMessages: Message[] } {
  if (properties?.subscriptionIdentifier !== undefined) throw new MqttError("subscription_identifier");
  const known = new Set(session.subscriptions.keys());
  const codes = subscriptions.map((subscription, at) =>
    at < MAX_FILTERS_A_PACKET ? grant(subscription, session, deps) : SUBACK_CODES.quotaExceeded,
  );
  const retainedMessages = subscriptions.flatMap(({ topic, rh = 0 }, at) => {
    // MQTT 5.0 §3.8.3.1, Retain Handling: always, for a new subscription, never.
    const isWanted = rh === 0 || (rh === 1 && !known.has(topic));
    const retained = (codes[at] as number) < 0x80 && isWanted ? deps.sessions.retained(topic) : undefined;
    return retained === undefined ? [] : [retained];
  });
  return { codes, retainedMessages };
}

/** The QoS granted, or why the filter is refused. */
function grant({ topic, qos, rap = false }: ISubscription, session: Session, deps: SubscribeDeps): number {
  if (!deps.uplink.maySubscribe(session.hotspotId, topic)) return SUBACK_CODES.notAuthorized;
  const granted = qos === 0 ? 0 : 1;
  return deps.sessions.subscribe(session, topic, { qos: granted, retainAsPublished: rap })
    ? granted
    : SUBACK_CODES.quotaExceeded;
}
