import type { MiddlewareHandler } from "hono";
import type { RouteContext } from "./context.ts";
import { errorSchema, failure } from "./errors.ts";
import { json } from "./schemas/common.ts";
import { askForToken, isBearer } from "./security.ts";

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
    return isBearer(c.req.header("authorization"), admin.token) ? next() : askForToken(c);
  };

/** Answers 415 where the validator would not look at the body at all. */
export const requireJson: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return next();
  const message = `Content-Type is ${JSON.stringify(type ?? "")}; allowed is: application/json`;
  return c.json(failure("unsupported_media_type", message), 415);
};
