import { equalBytes, type IndexRoot, indexRootMessage, packetsRoot } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { StoredPacket } from "../../store/records.ts";
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
  summary: "The reports about one entropy index that were judged, with the root that is signed for them",
  description:
    "There is none before the index is judged. Hotspots look for their own reports here (`earshot-agent audit`); that the root is in the network's log is shown by `/log/proof/index-root/N`.",
  tags: ["epochs"],
  request: {
    params: z.object({ index: wholeNumber(0, 0xffff_ffff) }),
  },
  responses: { 200: json("The root and the ids", indexRootSchema), ...invalid, ...missing },
});

/** More late reports than come while an index is judged. */
const MAX_LATER = 64;

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
    const ids = idsUnder(root.value, await store.reportsOfIndex(index));
    const packetIds = ids.map((id) => id.toHex()).sort();
    return c.json({ nowMs: clock.now(), index, message: message.toBase64(), packetIds }, 200);
  });
}

/** Without those that came after the root was made: the last of the late ones. */
function idsUnder({ root, count }: IndexRoot, reports: readonly StoredPacket[]): Uint8Array[] {
  const byTime = reports.toSorted((one, other) => one.receivedAtMs - other.receivedAtMs);
  const all = byTime.map(({ id }) => Uint8Array.fromHex(id));
  const later = Math.min(MAX_LATER, Math.max(0, all.length - count));
  const under = all.slice(0, all.length - later);
  return equalBytes(packetsRoot(under), root) ? under : all;
}
