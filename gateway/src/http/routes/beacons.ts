import { decodePacket } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { StoredPacket } from "../../store/records.ts";
import type { RouteContext } from "../context.ts";
import { failure } from "../errors.ts";
import { beaconKeyText, hashText, invalid, json, missing, pageQuery } from "../schemas/common.ts";
import {
  beaconDetailSchema,
  beaconPageSchema,
  type receptionSchema,
  verdictSchema,
} from "../schemas/verdict.ts";
import { beaconView, receptionView } from "../views.ts";
import { nextAfter, pageOf } from "./paging.ts";

const list = createRoute({
  method: "get",
  path: "/api/v1/beacons",
  operationId: "listBeacons",
  summary: "Beacons that proved coverage, newest first",
  tags: ["beacons"],
  request: { query: pageQuery("beacon", 200, 50) },
  responses: { 200: json("One page", beaconPageSchema), ...invalid },
});

const one = createRoute({
  method: "get",
  path: "/api/v1/beacons/{key}",
  operationId: "getBeacon",
  summary: "One judged beacon: the beaconer's and all witnesses' reports with their verdicts",
  description: "Nothing about a beacon is published before its report deadline has passed and it is judged.",
  tags: ["beacons"],
  request: { params: z.object({ key: beaconKeyText }) },
  responses: { 200: json("The beacon", beaconDetailSchema), ...invalid, ...missing },
});

const verdict = createRoute({
  method: "get",
  path: "/api/v1/verdicts/{packetId}",
  operationId: "getVerdict",
  summary: "What became of one report",
  tags: ["beacons"],
  request: { params: z.object({ packetId: hashText }) },
  responses: { 200: json("The verdict", verdictSchema), ...invalid, ...missing },
});

const notJudged = (what: string, parameter: string, value: string) =>
  failure("not_found", `No ${what} ${value} has been judged`, {
    parameter,
    value,
    allowed: "one whose report deadline has passed",
  });

export function beaconRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, clock, parameters } = context;
  app.openapi(list, async (c) => {
    const page = pageOf(c.req.valid("query"), 50);
    const found = await store.recentBeacons(page);
    const visible = context.published(found);
    const beacons = visible.map((beacon) => beaconView(beacon, parameters));
    const next = nextAfter(found, visible, page, ({ beaconKey }) => beaconKey);
    return c.json({ nowMs: clock.now(), beacons, next }, 200);
  });
  app.openapi(one, async (c) => {
    const { key } = c.req.valid("param");
    const reports = await context.verdictViews(context.published(await store.verdictsOfBeacon(key)));
    const [first] = reports;
    if (first === undefined) return c.json(notJudged("beacon", "key", key), 404);
    const { entropyIndex, beaconAtMs, epoch, beaconer } = first;
    const beaconReports = reports.filter(({ type }) => type === "beacon");
    const receptions = receptionsIn(await store.reportsOfIndex(entropyIndex), reports);
    const witnessReports = reports
      .filter(({ type }) => type === "witness")
      .map((report) => ({ ...report, reception: receptions.get(report.packetId) ?? null }));
    const beacon = { key, entropyIndex, atMs: beaconAtMs, epoch, beaconer, beaconReports, witnessReports };
    return c.json(beacon, 200);
  });
  app.openapi(verdict, async (c) => {
    const { packetId } = c.req.valid("param");
    const found = await store.verdict(packetId);
    const views = await context.verdictViews(context.published(found === undefined ? [] : [found]));
    const [view] = views;
    return view === undefined ? c.json(notJudged("report", "packetId", packetId), 404) : c.json(view, 200);
  });
}

/** What the witness packets among these reports say, by packet id. */
function receptionsIn(
  packets: readonly StoredPacket[],
  reports: readonly { packetId: string }[],
): Map<string, z.infer<typeof receptionSchema>> {
  const found = new Map<string, z.infer<typeof receptionSchema>>();
  const wanted = new Set(reports.map(({ packetId }) => packetId));
  for (const { id, type, bytes } of packets) {
    if (type !== "witness" || !wanted.has(id)) continue;
    const read = decodePacket(bytes);
    if (read.ok && read.decoded.packet.type === "witness") found.set(id, receptionView(read.decoded.packet));
  }
  return found;
}
