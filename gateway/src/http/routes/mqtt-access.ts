import { TokenBucket } from "@earshot/protocol/runtime";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { TOPIC_ACCESS, type TopicAccess } from "../../access/access.ts";
import { AddressRanges } from "../../access/client-address.ts";
import type { RouteContext } from "../context.ts";
import type { RequestEnvironment } from "../serve.ts";

/** As the plugins call them: mosquitto-go-auth and amqtt (`client_id`, `acc`), and what EMQX is configured to send. */
const FIELDS = {
  clientId: ["clientid", "client_id"],
  username: ["username"],
  password: ["password"],
  topic: ["topic"],
  access: ["access", "acc", "action"],
} as const;

type Fields = Record<keyof typeof FIELDS, string>;

/** Mosquitto's numbers (mosquitto_broker.h: MOSQ_ACL_READ and so on) and the words of others. */
const ACCESS_NAMES: Readonly<Record<string, TopicAccess>> = {
  "1": "read",
  "2": "write",
  "3": "readwrite",
  "4": "subscribe",
  publish: "write",
  ...Object.fromEntries(TOPIC_ACCESS.map((name) => [name, name])),
};

/** Each login may cost the check of a signature, some 60 µs. */
const LOGINS = { burst: 2000, perSecond: 300 } as const;
/** The broker of this machine. */
const LOOPBACK = ["127.0.0.0/8", "::1"];

/**
 * What a broker that checks logins and rights over HTTP asks: whether it should let a client in, and whether that one
 * may use a topic. Answers with the status (200 or 403) and a JSON body, of which each kind of broker looks at one.
 */
export function mqttAccessRoutes(
  app: OpenAPIHono,
  { clock, log, mqttAccess, ...context }: RouteContext,
): void {
  if (mqttAccess === undefined) return;
  const askers = new AddressRanges(context.brokerAddresses ?? LOOPBACK);
  const logins = new TokenBucket(LOGINS, clock.elapsedMs());
  const isBroker = (c: Context): boolean => {
    const { peer = "" } = (c.env ?? {}) as Partial<RequestEnvironment>;
    // A reverse proxy would forward anybody's request.
    const isForwarded = ["x-forwarded-for", "forwarded", "via"].some(
      (name) => c.req.header(name) !== undefined,
    );
    if (askers.has(peer) && !isForwarded) return true;
    log.warn("Asked about a login by somebody who is not in http.broker_addresses", { peer, isForwarded });
    return false;
  };
  app.post("/mqtt/auth", async (c) => {
    const fields = isBroker(c) ? await fieldsOf(c) : undefined;
    if (fields === undefined) return answer(c, false);
    if (!logins.take(clock.elapsedMs())) {
      log.warn("Too many logins are asked about", { perSecond: LOGINS.perSecond });
      return answer(c, false);
    }
    return answer(c, mqttAccess.mayLogIn(fields));
  });
  app.post("/mqtt/acl", async (c) => {
    const fields = isBroker(c) ? await fieldsOf(c) : undefined;
    const access = ACCESS_NAMES[fields?.access.toLowerCase() ?? ""];
    if (fields === undefined || access === undefined) return answer(c, false);
    return answer(c, mqttAccess.mayUse({ ...fields, access }));
  });
}

/** `ok`: mosquitto-go-auth, amqtt. `result`: EMQX. Why not is in the gateway's log alone. */
function answer(c: Context, isAllowed: boolean): Response {
  c.header("Cache-Control", "no-store");
  return c.json({ ok: isAllowed, result: isAllowed ? "allow" : "deny" }, isAllowed ? 200 : 403);
}

/** `undefined` where the body is neither JSON nor a form, or a field is no text or number. */
async function fieldsOf(c: Context): Promise<Fields | undefined> {
  const given = await bodyOf(c);
  if (given === undefined) return undefined;
  const fields: Partial<Fields> = {};
  for (const [name, spellings] of Object.entries(FIELDS)) {
    const value =
      spellings.map((one) => given.get(one)).find((one) => one !== undefined && one !== null) ?? "";
    if (typeof value !== "string" && typeof value !== "number") return undefined;
    fields[name as keyof Fields] = String(value);
  }
  return fields as Fields;
}

async function bodyOf(c: Context): Promise<ReadonlyMap<string, unknown> | undefined> {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  const text = await c.req.text();
  if (type === "application/x-www-form-urlencoded") return new Map(new URLSearchParams(text));
  if (type !== "application/json") return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? new Map(Object.entries(body)) : undefined;
  } catch {
    return undefined;
  }
}
