import type { ISubscribePacket, ISubscription } from "mqtt-packet";
import type { Uplink } from "../uplink.ts";
import { MqttError, SUBACK_CODES } from "./close-reasons.ts";
import { MAX_FILTERS_A_PACKET } from "./endpoint-limits.ts";
import type { Message, Session } from "./session.ts";
import type { Sessions } from "./sessions.ts";

interface SubscribeDeps {
  uplink: Pick<Uplink, "maySubscribe">;
  sessions: Sessions;
}

/**
 * Takes into the session what it may subscribe to, and nothing of what it may not.
 * @returns a code for each filter, as MQTT 5 has them, and what greets the subscriber
 * @throws {MqttError}
 */
export function subscribe(
  { subscriptions, properties }: ISubscribePacket,
  session: Session,
  deps: SubscribeDeps,
): { codes: number[]; greetings: Message[] } {
  if (properties?.subscriptionIdentifier !== undefined) throw new MqttError("subscription_identifier");
  const known = new Set(session.subscriptions.keys());
  const codes = subscriptions.map((subscription, at) =>
    at < MAX_FILTERS_A_PACKET ? grant(subscription, session, deps) : SUBACK_CODES.quotaExceeded,
  );
  const greetings = subscriptions.flatMap(({ topic, rh = 0 }, at) => {
    // MQTT 5.0 §3.8.3.1, Retain Handling: always, for a new subscription, never.
    const isWanted = rh === 0 || (rh === 1 && !known.has(topic));
    const retained = (codes[at] as number) < 0x80 && isWanted ? deps.sessions.retained(topic) : undefined;
    return retained === undefined ? [] : [retained];
  });
  return { codes, greetings };
}

/** The QoS granted, or why the filter is refused. */
function grant({ topic, qos, rap = false }: ISubscription, session: Session, deps: SubscribeDeps): number {
  if (!deps.uplink.maySubscribe(session.hotspotId, topic)) return SUBACK_CODES.notAuthorized;
  const granted = qos === 0 ? 0 : 1;
  return deps.sessions.subscribe(session, topic, { qos: granted, retainAsPublished: rap })
    ? granted
    : SUBACK_CODES.quotaExceeded;
}
