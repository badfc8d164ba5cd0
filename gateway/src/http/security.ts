import { createHash, timingSafeEqual } from "node:crypto";
import type { OpenAPIHono } from "@hono/zod-openapi";
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
  app.use("/api/*", cors({ origin: "*", allowMethods: ["GET", "HEAD"], allowHeaders: [], maxAge: 3600 }));
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
