import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { isSameSecret } from "../access/access.ts";
import type { RouteContext } from "./context.ts";
import { errorSchema, failure } from "./errors.ts";
import { json } from "./schemas/common.ts";

/** The largest request is a registration of a few hundred bytes. */
const MAX_BODY_BYTES = 16_384;

/** The page loads nothing from elsewhere and runs nothing inline; anybody may read the API from a page of their own. */
export function protect(app: OpenAPIHono): void {
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      crossOriginResourcePolicy: false,
      referrerPolicy: "no-referrer",
      xFrameOptions: "DENY",
      // Left to whatever terminates TLS: the gateway itself speaks plain HTTP.
      strictTransportSecurity: false,
      permissionsPolicy: { geolocation: [], camera: [], microphone: [] },
    }),
  );
  const readable = cors({ origin: "*", allowMethods: ["GET", "HEAD"], allowHeaders: [], maxAge: 3600 });
  app.use("/api/*", (c, next) => {
    // Other OPTIONS than a browser's question are answered with the methods that there are.
    const isAsked = c.req.method !== "OPTIONS" || c.req.header("access-control-request-method") !== undefined;
    return isAsked ? readable(c, next) : next();
  });
  app.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => c.json(failure("too_large", `A request body may have ${MAX_BODY_BYTES} bytes`), 413),
    }),
  );
}

export function isBearer(header: string | undefined, token: string): boolean {
  const given = /^Bearer ([!-~]{1,512})$/.exec(header ?? "")?.[1];
  return given !== undefined && token !== "" && isSameSecret(given, token);
}

/** Without a token, or with a wrong one. */
export function askForToken(c: Context) {
  c.header("WWW-Authenticate", 'Bearer realm="earshot"');
  return c.json(failure("unauthorized", "Send `Authorization: Bearer <token>`"), 401);
}

/** Further responses of routes for the operator. */
export const adminResponses = {
  401: json("The admin token is missing or wrong", errorSchema),
  403: json("This gateway takes no changes through the API", errorSchema),
  413: json("The body is too large", errorSchema),
  415: json("The body is not application/json", errorSchema),
};

export const adminSecurity = [{ adminToken: [] }];

/** Runs before the body is read: without the token nobody learns anything from validation. */
export const requireAdmin =
  ({ admin }: Pick<RouteContext, "admin">): MiddlewareHandler =>
  async (c, next) => {
    if (admin === undefined) {
      return c.json(failure("read_only", "This gateway was started without an admin token"), 403);
    }
    return isBearer(c.req.header("authorization"), admin.token) ? next() : askForToken(c);
  };

/** Answers 415 where the validator would not look at the body at all. */
export const requireJson: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return next();
  const message = `Content-Type is ${JSON.stringify(type ?? "")}; allowed is: application/json`;
  return c.json(failure("unsupported_media_type", message), 415);
};
