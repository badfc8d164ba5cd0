import { indexRootMessage } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { reportsUnderRoot } from "../../log/log-sources.ts";
import type { RouteContext } from "../context.ts";
import { failure } from "../errors.ts";
import { atMs, base64, hashText, invalid, json, missing, wholeNumber } from "../schemas/common.ts";

const indexRootSchema = z
  .object({
    nowMs: atMs,
    index: z.int(),
    message: base64.openapi({ description: "The root as the network signed it (COSE_Sign1)" }),
    packetIds: z.array(hashText).openapi({ description: "SHA-256 of the reports that it is over, sorted" }),
  })
  .openapi("IndexRoot");

const one = createRoute({
  method: "get",
  path: "/api/v1/index-roots/{index}",
  operationId: "getIndexRoot",
  summary:
    "The reports about one entropy index that came before it was judged, with the root that is signed for them",
  description:
    "There is none before the index is judged. Hotspots look for their own reports here (`earshot-agent audit`); that the root is in the network's log is shown by `/log/proof/index-root/N`.",
  tags: ["epochs"],
  request: {
    params: z.object({ index: wholeNumber(0, 0xffff_ffff) }),
  },
  responses: { 200: json("The root and the ids", indexRootSchema), ...invalid, ...missing },
});

export function indexRootRoutes(app: OpenAPIHono, { store, clock, parameters }: RouteContext): void {
  app.openapi(one, async (c) => {
    const { index } = c.req.valid("param");
    const message = (await store.newestLogEntry("index", index))?.message;
    const root = message && indexRootMessage.open(message, parameters.network);
    if (message === undefined || root?.ok !== true) {
      return c.json(
        failure("no_index_root", `There is no root over the reports about index ${index} (yet)`),
        404,
      );
    }
    const reports = await store.reportsOfIndex(index);
    const packetIds = reportsUnderRoot(reports, index, parameters)
      .map(({ id }) => id)
      .sort();
    return c.json({ nowMs: clock.now(), index, message: message.toBase64(), packetIds }, 200);
  });
}
