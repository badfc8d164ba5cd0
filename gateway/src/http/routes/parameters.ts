import { formatParameters } from "@earshot/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { currentEpoch } from "../denial-views.ts";
import { json } from "../schemas/common.ts";
import { parametersPageSchema } from "../schemas/network.ts";

const versions = createRoute({
  method: "get",
  path: "/api/v1/parameters",
  operationId: "listParameters",
  summary: "Every version of the network's parameters, ascending, each as signed",
  description: "The version with the greatest activation epoch that has come is in force.",
  tags: ["network"],
  responses: { 200: json("The versions", parametersPageSchema) },
});

export function parameterRoutes(app: OpenAPIHono, context: RouteContext): void {
  app.openapi(versions, (c) => {
    const listed = context.versions.versions.map(({ parameters, hash, message }) => ({
      version: parameters.version,
      activationEpoch: parameters.activationEpoch,
      parametersHash: hash.toHex(),
      parameters: formatParameters(parameters),
      message: message.toBase64(),
    }));
    return c.json({ nowMs: context.clock.now(), epoch: currentEpoch(context), versions: listed }, 200);
  });
}
