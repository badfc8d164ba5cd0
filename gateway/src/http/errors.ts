import type { Log } from "@earshot/protocol";
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { MissingKeyError } from "../keys/key-ring.ts";

/** The one form of every failure below /api. */
export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().openapi({ description: "Stable identifier", example: "invalid_parameter" }),
      message: z.string().openapi({ description: "What is wrong, for people" }),
      parameter: z.string().optional().openapi({ description: "The parameter or field at fault" }),
      value: z.string().optional().openapi({ description: "What was given" }),
      allowed: z.string().optional().openapi({ description: "What may be given" }),
    }),
  })
  .openapi("Error");

export type ErrorBody = z.infer<typeof errorSchema>;

export const failure = (
  code: string,
  message: string,
  details: Omit<ErrorBody["error"], "code" | "message"> = {},
): ErrorBody => ({ error: { code, message, ...details } });

/** Long or hostile input is not echoed in full. */
const MAX_ECHOED_CHARACTERS = 100;

type Target = "param" | "query" | "json" | "header" | "cookie" | "form";

/** Answers 400 for input that does not match a route's schema, naming the first parameter that is wrong. */
export async function refuseInvalid(
  result: { target: string; success: boolean; error?: z.ZodError },
  c: Context,
): Promise<Response | undefined> {
  const issue = result.error?.issues[0];
  if (result.success || issue === undefined) return undefined;
  const path = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : issue.path;
  const parameter = path.join(".") || "body";
  const value = shown(valueAt(await inputOf(c, result.target as Target), path));
  const allowed = issue.code === "unrecognized_keys" ? "no such parameter" : issue.message;
  const given = value === undefined ? "is missing" : `is ${value}`;
  const message = `${parameter} ${given}; allowed is: ${allowed}`;
  return c.json(failure("invalid_parameter", message, { parameter, value, allowed }), 400);
}

async function inputOf(c: Context, target: Target): Promise<unknown> {
  if (target === "param") return c.req.param();
  if (target === "query") return c.req.query();
  return target === "json" ? c.req.json() : undefined;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  );
}

function shown(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  return text.length > MAX_ECHOED_CHARACTERS ? `${text.slice(0, MAX_ECHOED_CHARACTERS)}…` : text;
}

const STATUS_CODES: Record<number, string> = {
  400: "bad_request",
  401: "unauthorized",
  413: "too_large",
  415: "unsupported_media_type",
  503: "busy",
};

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** Methods of the routes at a path, HEAD beside GET; none where there is no route. */
function methodsAt(app: OpenAPIHono, path: string): string[] {
  const found = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  return found.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
}

/** Makes whatever is thrown, and whatever is not found, an answer in the same form. */
export function handleErrors(app: OpenAPIHono, log: Log): void {
  app.notFound((c) => {
    const allowed = methodsAt(app, c.req.path);
    if (allowed.length > 0) {
      c.header("Allow", allowed.join(", "));
      if (c.req.method === "OPTIONS") return c.body(null, 204);
      const message = `${c.req.method} is not known here; allowed is: ${allowed.join(", ")}`;
      return c.json(failure("method_not_allowed", message), 405);
    }
    if (!c.req.path.startsWith("/api")) return c.text("There is no such page. The fleet is at /\n", 404);
    const message = `There is no ${c.req.method} ${c.req.path}; GET /api/v1/openapi.json lists what there is`;
    return c.json(failure("unknown_route", message), 404);
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException) {
      if (error.status === 503) c.header("Retry-After", "1");
      return c.json(failure(STATUS_CODES[error.status] ?? "refused", error.message), error.status);
    }
    if (error instanceof MissingKeyError) return c.json(failure("key_missing", error.message), 503);
    log.error("Request failed", { method: c.req.method, path: c.req.path, err: error });
    return c.json(failure("internal", "The gateway failed to answer; its log says why"), 500);
  });
}
