import { REGION_IDS, type RegionId } from "@earshot/protocol";
import { z } from "@hono/zod-openapi";
import { address, amount, atMs, hotspotIdText, next } from "./common.ts";

const position = {
  latitude: z.number().min(-90).max(90).openapi({ description: "Degrees north, WGS 84" }),
  longitude: z.number().min(-180).max(180).openapi({ description: "Degrees east, WGS 84" }),
};

const presence = {
  online: z.boolean().openapi({ description: "Connected, and reported its status lately" }),
  lastSeenAtMs: atMs.nullable(),
  lastSeenAgeMs: z.int().nullable(),
};

const recent = z
  .object({
    judged: z.int(),
    paid: z.int(),
    refusedByReason: z.record(z.string(), z.int()),
  })
  .openapi("RecentReports", { description: "Outcome of the hotspot's newest judged reports (at most 50)" });

export const hotspotSchema = z
  .object({
    id: hotspotIdText,
    name: z.string().openapi({ example: "angry-purple-tiger" }),
    ...position,
    elevationM: z.int().openapi({ description: "Of the antenna above ground" }),
    antennaGainDbi: z.number(),
    region: z.string().openapi({ example: "EU868" }),
    payee: address.nullable(),
    registeredAtMs: atMs,
    registeredBy: z.enum(["assertion", "operator"]),
    cell: z.string().openapi({ description: "H3 cell, resolution 8", example: "881fb46625fffff" }),
    ...presence,
    recent,
  })
  .openapi("Hotspot");

export const hotspotListSchema = z
  .object({ nowMs: atMs, total: z.int(), hotspots: z.array(hotspotSchema), next })
  .openapi("HotspotList");

const gnss = z.object({
  fixMode: z.int().openapi({ description: "0 unknown, 1 no fix, 2 two-dimensional, 3 three-dimensional" }),
  satellitesUsed: z.int(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  altitudeM: z.number().nullable(),
  horizontalErrorM: z.number().nullable(),
  integrityFlags: z.int(),
});

const status = z
  .object({
    atMs,
    receivedAtMs: atMs,
    state: z.enum(["online", "offline"]),
    uptimeS: z.int(),
    version: z.string(),
    radio: z
      .object({ ackPermille: z.int().nullable(), temperatureC: z.number().nullable() })
      .nullable()
      .openapi({
        description:
          "Null without a radio. Counts of frames heard and sent are left out: they would tell of beacons before their deadline.",
      }),
    gnss: gnss.nullable(),
    outboxQueued: z.int(),
    outboxDropped: z.int(),
  })
  .openapi("Status");

const reading = z
  .object({
    atMs,
    source: z.string(),
    periodMs: z.int(),
    quantities: z.array(
      z.object({
        name: z.string().openapi({ description: "With its unit", example: "power_w" }),
        min: z.number(),
        mean: z.number(),
        max: z.number(),
        count: z.int(),
      }),
    ),
  })
  .openapi("Reading");

const sequence = z
  .object({
    ranges: z.array(z.object({ first: z.int(), last: z.int() })),
    missing: z.int().openapi({ description: "Numbers between the first and the last that never came" }),
  })
  .openapi("Sequence", { description: "Which of the hotspot's numbered packets are stored" });

export const hotspotDetailSchema = z
  .object({
    nowMs: atMs,
    hotspot: hotspotSchema,
    did: z.string().openapi({ example: "did:key:z6Mk…" }),
    sequence,
    status: status.nullable(),
    readings: z.array(reading),
    earned: z
      .object({ epoch: z.int(), cumulative: amount, delta: amount })
      .nullable()
      .openapi({ description: "In the latest closed epoch; null if never paid" }),
  })
  .openapi("HotspotDetail");

const REGIONS = REGION_IDS as readonly [RegionId, ...RegionId[]];

const numberFrom = (min: number, max: number, unit: string) =>
  z.number({ error: `a number from ${min} to ${max} (${unit})` }).refine((n) => n >= min && n <= max, {
    error: `a number from ${min} to ${max} (${unit})`,
  });

/** What the operator sends to list a hotspot. */
export const registrationSchema = z
  .strictObject(
    {
      id: hotspotIdText,
      latitude: numberFrom(-90, 90, "degrees north"),
      longitude: numberFrom(-180, 180, "degrees east"),
      elevationM: numberFrom(-1000, 9000, "m above ground").default(0),
      antennaGainDbi: numberFrom(-10, 30, "dBi").default(0),
      region: z.enum(REGIONS, { error: `one of ${REGION_IDS.join(", ")}` }),
      payee: z
        .string({ error: "an EVM address: 0x and 40 hex digits, checksummed or lower-case" })
        .nullable()
        .default(null),
    },
    {
      error:
        "an object with id, latitude, longitude, region and, if wanted, elevationM, antennaGainDbi, payee",
    },
  )
  .openapi("Registration");
