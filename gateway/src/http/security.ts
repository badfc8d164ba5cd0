import { createHash, timingSafeEqual } from "node:crypto";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { failure } from "./errors.ts";

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

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Compares hashes, in constant time, so that neither content nor length of the token can be measured. */
export function isBearer(header: string | undefined, token: string): boolean {
  const given = /^Bearer ([!-~]{1,512})$/.exec(header ?? "")?.[1];
  return given !== undefined && token !== "" && timingSafeEqual(digest(given), digest(token));
}

/** Without a token, or with a wrong one. */
export function askForToken(c: Context) {
  c.header("WWW-Authenticate", 'Bearer realm="earshot"');
  return c.json(failure("unauthorized", "Send `Authorization: Bearer <token>`"), 401);
}
