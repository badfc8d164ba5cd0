import type { MiddlewareHandler } from "hono";
import type { RouteContext } from "./context.ts";
import { errorSchema, failure } from "./errors.ts";
import { json } from "./schemas/common.ts";
import { isBearer } from "./security.ts";

/** What a route for the operator may answer beside its own. */
export const adminResponses = {
  401: json("The admin token is missing or wrong", errorSchema),
  403: json("This gateway takes no changes through the API", errorSchema),
  413: json("The body is too large", errorSchema),
  415: json("The body is not application/json", errorSchema),
};

export const adminSecurity = [{ adminToken: [] }];

/** Runs before the body is looked at: who may not change anything learns nothing from validation. */
export const requireAdmin =
  ({ admin }: Pick<RouteContext, "admin">): MiddlewareHandler =>
  async (c, next) => {
    if (admin === undefined) {
      return c.json(failure("read_only", "This gateway was started without an admin token"), 403);
    }
    if (isBearer(c.req.header("authorization"), admin.token)) return next();
    c.header("WWW-Authenticate", 'Bearer realm="earshot"');
    return c.json(failure("unauthorized", "Send `Authorization: Bearer <admin token>`"), 401);
  };
