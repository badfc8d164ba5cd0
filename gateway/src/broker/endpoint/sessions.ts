import { MAX_AWAY_SESSIONS, MAX_FILTERS, MAX_QUEUED_BYTES, MAX_SESSION_EXPIRY_S } from "./endpoint-limits.ts";
import { type Message, Session, type Subscription } from "./session.ts";

/** All sessions, and who gets what. Times are `Clock.elapsedMs`. */
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

  /** Hands a message to everybody who subscribed to its topic; tells how many of them had no room for it. */
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

  /** What greets a new subscriber: the newest retained message, if the filter names its topic. */
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
