import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { cellToBoundary } from "h3-js";
import type { Activity } from "../activity.ts";
import type { RouteContext } from "../context.ts";
import { type Heard, heardIn, linksFrom, sendersOf } from "../links.ts";
import { hotspotIdText, invalid, json, missing, noQuery, wholeNumber } from "../schemas/common.ts";
import { cellsSchema, linksSchema } from "../schemas/network.ts";
import { cellOf } from "../views.ts";
import { unknownHotspot } from "./hotspots.ts";

/** What one map draws at most: the first hotspots by id. */
const MAX_MAP_HOTSPOTS = 2000;
/** Own beacons of one hotspot whose witnesses are looked up. */
const OWN_BEACONS = 30;
const DEFAULT_LINKS = 1000;

const cells = createRoute({
  method: "get",
  path: "/api/v1/cells",
  operationId: "listCells",
  summary: "H3 cells (resolution 8) that hold hotspots, with outline and state",
  description: `Of the first ${MAX_MAP_HOTSPOTS} hotspots. proven: a recent report was paid; refused: some refused and none paid; quiet: online, nothing paid or refused; offline: nobody there.`,
  tags: ["map"],
  request: { query: noQuery },
  responses: { 200: json("The cells", cellsSchema), ...invalid },
});

const links = createRoute({
  method: "get",
  path: "/api/v1/links",
  operationId: "listLinks",
  summary: "Who heard whom lately, paid or refused, of judged beacons",
  tags: ["map"],
  request: {
    query: z.strictObject({
      hotspot: hotspotIdText.optional().openapi({ description: "Only links of this hotspot" }),
      limit: wholeNumber(1, 5000)
        .optional()
        .openapi({ description: `The newest so many, ${DEFAULT_LINKS} if not given` }),
    }),
  },
  responses: { 200: json("One link for each pair and direction", linksSchema), ...invalid, ...missing },
});

export function mapRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { clock, store } = context;
  app.openapi(cells, async (c) => c.json({ nowMs: clock.now(), cells: await cellViews(context) }, 200));
  app.openapi(links, async (c) => {
    const { hotspot, limit = DEFAULT_LINKS } = c.req.valid("query");
    if (hotspot !== undefined && (await store.hotspot(hotspot)) === undefined) {
      return c.json(unknownHotspot(hotspot), 404);
    }
    const heard = hotspot === undefined ? await heardByAll(context) : await about(hotspot, context);
    const newest = await linksFrom(heard, limit, store);
    return c.json({ nowMs: clock.now(), total: heard.length, links: newest }, 200);
  });
}

async function heardByAll({ activity, store }: RouteContext): Promise<Heard[]> {
  const hotspots = await store.hotspotPage({ limit: MAX_MAP_HOTSPOTS });
  const activities = await activity.of(hotspots.map(({ id }) => id));
  return [...activities.values()].flatMap(({ heard }) => heard);
}

/** What a hotspot witnessed, and who witnessed its own beacons. */
async function about(id: string, { published, store, parameters }: RouteContext): Promise<Heard[]> {
  const own = await store.verdictsOfHotspot(id, { limit: 200 });
  const beacons = own.filter(({ type }) => type === "beacon").slice(0, OWN_BEACONS);
  const witnesses = await Promise.all(beacons.map(({ beaconKey }) => store.verdictsOfBeacon(beaconKey)));
  const all = new Map([...own, ...witnesses.flat()].map((verdict) => [verdict.packetId, verdict]));
  const visible = published([...all.values()]);
  return heardIn(visible, await sendersOf(visible, store), parameters);
}

type CellState = "proven" | "refused" | "quiet" | "offline";
/** A cell shows the best that one of its hotspots shows. */
const RANK: readonly CellState[] = ["proven", "refused", "quiet", "offline"];

function stateOf(activity: Activity | undefined, online: boolean): CellState {
  if (!online) return "offline";
  if (activity === undefined) return "quiet";
  if (activity.paid > 0) return "proven";
  return activity.judged > activity.unpaid ? "refused" : "quiet";
}

async function cellViews({ store, activity, presence }: RouteContext) {
  const hotspots = await store.hotspotPage({ limit: MAX_MAP_HOTSPOTS });
  const ids = hotspots.map(({ id }) => id);
  const [statuses, activities] = await Promise.all([store.statuses(ids), activity.of(ids)]);
  const found = new Map<string, { state: CellState; hotspots: string[] }>();
  for (const hotspot of hotspots) {
    const { online } = presence.of(hotspot.id, statuses.get(hotspot.id));
    const state = stateOf(activities.get(hotspot.id), online);
    const key = cellOf(hotspot);
    const cell = found.get(key) ?? { state, hotspots: [] };
    if (RANK.indexOf(state) < RANK.indexOf(cell.state)) cell.state = state;
    cell.hotspots.push(hotspot.id);
    found.set(key, cell);
  }
  return [...found].map(([cell, rest]) => ({
    cell,
    boundary: cellToBoundary(cell).map(([lat, lon]): [number, number] => [lat, lon]),
    ...rest,
  }));
}
