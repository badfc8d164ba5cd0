import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  MAX_AWAY_SESSIONS,
  MAX_FILTERS,
  MAX_QUEUED_BYTES,
  MAX_QUEUED_MESSAGES,
  MAX_SESSION_EXPIRY_S,
} from "./endpoint-limits.ts";
import type { Delivery, Outlet, Session } from "./session.ts";
import { Sessions } from "./sessions.ts";

const FOR_GOOD_S = 0xffff_ffff;
const DAY_MS = MAX_SESSION_EXPIRY_S * 1000;
const subscription = { qos: 1, retainAsPublished: false } as const;

function outletTo(got: Delivery[], receiveMaximum = 65_535): Outlet {
  return {
    receiveMaximum,
    isReady: true,
    deliver: (delivery) => got.push(delivery) > 0,
    takeOver() {},
  };
}

function openSession(sessions: Sessions, id: string): Session {
  const { session } = sessions.open(id, false, FOR_GOOD_S);
  sessions.subscribe(session, `${id}/down/+`, subscription);
  return session;
}

const send = (sessions: Sessions, id: string, bytes = Uint8Array.of(1)) =>
  sessions.route({ topic: `${id}/down/verdict`, bytes, qos: 1, retain: false });

test("sessions of those who are away are kept for a day at most, whatever they ask for", () => {
  const sessions = new Sessions();
  sessions.leave(openSession(sessions, "a"), 0);
  const { session } = sessions.open("b", false, 60);
  sessions.leave(session, 0);
  sessions.expire(59_999);
  expect(sessions.size).toBe(2);
  sessions.expire(60_000);
  expect([sessions.get("a") !== undefined, sessions.get("b")]).toEqual([true, undefined]);
  sessions.expire(DAY_MS);
  expect(sessions.size).toBe(0);
});

test("of those who are away so many are kept, the longest away go first, and who came back is not away", () => {
  const sessions = new Sessions();
  for (let i = 0; i < MAX_AWAY_SESSIONS; i++) sessions.leave(openSession(sessions, `h${i}`), i);
  sessions.open("h0", false, FOR_GOOD_S);
  for (const id of ["x", "y"]) sessions.leave(openSession(sessions, id), 1e6);
  expect(
    [sessions.get("h0"), sessions.get("h1"), sessions.get("h2")].map((session) => session?.hotspotId),
  ).toEqual(["h0", undefined, "h2"]);
  expect(sessions.size).toBe(MAX_AWAY_SESSIONS + 1);
});

test("a session has so many filters, and one that was refused leaves nothing", () => {
  const sessions = new Sessions();
  const session = openSession(sessions, "a");
  const more = Array.from({ length: MAX_FILTERS }, (_, i) => `a/${i}/verdict`);
  expect(more.map((filter) => sessions.subscribe(session, filter, subscription))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(sessions.subscribe(session, "a/down/+", subscription)).toBe(true);
  const got: Delivery[] = [];
  session.attach(outletTo(got));
  sessions.route({ topic: more[3] as string, bytes: Uint8Array.of(1), qos: 1, retain: false });
  expect(got).toEqual([]);
});

test("a message goes once to each who subscribes to its topic then, with the best QoS of its filters", () => {
  const id = fc.constantFrom("a", "b", "c");
  const filter = fc.constantFrom("x/down/verdict", "x/down/command", "x/down/+", "entropy");
  const step = fc.record({
    what: fc.constantFrom("subscribe", "unsubscribe", "leave", "send"),
    id,
    filter,
    qos: fc.constantFrom(0 as const, 1 as const),
  });
  const matches = (filter: string, topic: string) =>
    filter === topic || (filter === "x/down/+" && topic.startsWith("x/down/"));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const sessions = new Sessions();
      const wanted = new Map<string, Map<string, 0 | 1>>();
      const got = new Map<string, Delivery[]>();
      const sessionOf = (of: string): Session => {
        const known = sessions.get(of);
        if (known !== undefined) return known;
        const { session } = sessions.open(of, true, 0);
        const list: Delivery[] = [];
        got.set(of, list);
        wanted.set(of, new Map());
        session.attach(outletTo(list));
        return session;
      };
      for (const { what, id, filter, qos } of steps) {
        const session = sessionOf(id);
        if (what === "subscribe") {
          sessions.subscribe(session, filter, { qos, retainAsPublished: false });
          wanted.get(id)?.set(filter, qos);
        } else if (what === "unsubscribe") {
          expect(sessions.unsubscribe(session, filter)).toBe(wanted.get(id)?.delete(filter) === true);
        } else if (what === "leave") {
          sessions.leave(session, 0);
          got.delete(id);
          wanted.delete(id);
        } else if (!filter.endsWith("+")) {
          for (const list of got.values()) list.length = 0;
          sessions.route({ topic: filter, bytes: Uint8Array.of(1), qos: 1, retain: false });
          for (const [of, filters] of wanted) {
            const granted = [...filters].filter(([each]) => matches(each, filter)).map(([, each]) => each);
            const expected = granted.length === 0 ? [] : [Math.max(...granted)];
            expect([of, got.get(of)?.map((each) => each.qos)]).toEqual([of, expected as (0 | 1)[]]);
            for (const { messageId, qos: sent } of got.get(of) ?? [])
              if (sent === 1) sessions.get(of)?.acknowledge(messageId);
          }
        }
      }
    }),
  );
});

test("messages that wait are bounded for one session, and over all by the sessions longest away", () => {
  const sessions = new Sessions();
  for (const id of ["a", "b"]) sessions.leave(openSession(sessions, id), 0);
  for (let i = 0; i < MAX_QUEUED_MESSAGES; i++) expect(send(sessions, "a")).toBe(0);
  expect(send(sessions, "a")).toBe(1);
  const half = new Uint8Array(MAX_QUEUED_BYTES / 2);
  expect([send(sessions, "b", half), sessions.get("a") !== undefined]).toEqual([0, true]);
  expect([send(sessions, "b", half), sessions.get("a")]).toEqual([0, undefined]);
  // Nobody else is away: what is too much for all is not kept, and a session that goes gives its share back.
  openSession(sessions, "c");
  expect([send(sessions, "c", half), sessions.get("b")]).toEqual([0, undefined]);
  expect([send(sessions, "c", half), send(sessions, "c")]).toEqual([0, 1]);
});

test("each message arrives, in order, whatever is acknowledged when and however often the client comes back", () => {
  const step = fc.constantFrom("send", "acknowledge", "reconnect");
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 5 }),
      (steps, receiveMaximum) => {
        const sessions = new Sessions();
        const session = openSession(sessions, "a");
        const arrived: number[] = [];
        let wire: Delivery[] = [];
        let sent = 0;
        const arrive = (): boolean => {
          const delivery = wire.shift();
          if (delivery === undefined) return false;
          const number = delivery.bytes[0] as number;
          if (!delivery.dup) arrived.push(number);
          expect(arrived).toContain(number);
          expect(session.acknowledge(delivery.messageId)).toBe(true);
          return true;
        };
        const reconnect = () => {
          // What was on its way is lost with the connection.
          for (const { dup, bytes } of wire) if (!dup) arrived.push(bytes[0] as number);
          wire = [];
          session.attach(outletTo(wire, receiveMaximum));
          session.send();
        };
        reconnect();
        for (const what of steps) {
          if (what === "send") send(sessions, "a", Uint8Array.of(sent++));
          else if (what === "acknowledge") arrive();
          else reconnect();
          expect(wire.length).toBeLessThanOrEqual(receiveMaximum);
          expect(new Set(wire.map(({ messageId }) => messageId)).size).toBe(wire.length);
        }
        while (arrive());
        expect(arrived).toEqual(Array.from({ length: sent }, (_, i) => i));
      },
    ),
  );
});
