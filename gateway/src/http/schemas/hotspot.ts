import { KEY_PLACES, PACKET_LIMITS, REGION_IDS, type RegionId } from "@earshot/protocol";
import { z } from "@hono/zod-openapi";
import { address, amount, atMs, base64, formats, hotspotIdText, next } from "./common.ts";
import { denialSchema } from "./denial.ts";

const position = {
  latitude: z.number().min(-90).max(90).openapi({ description: "Degrees north, WGS 84" }),
  longitude: z.number().min(-180).max(180).openapi({ description: "Degrees east, WGS 84" }),
};

const presence = {
  online: z.boolean().openapi({ description: "Connected, and reported its status lately" }),
  lastSeenAtMs: atMs.nullable(),
};

const recent = z
  .object({
    judged: z.int(),
    paid: z.int(),
    unpaid: z.int().openapi({ description: "Valid, and yet they earned nothing" }),
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
    relocatedAtMs: atMs.nullable().openapi({ description: "Last moved by more than a correction" }),
    registeredBy: z
      .enum(["assertion", "operator", "key"])
      .openapi({ description: "Who signed the newest change; `key`: it is one of the hotspot's key" }),
    retired: z
      .object({
        fromEpoch: z.int(),
        successor: hotspotIdText
          .nullable()
          .openapi({ description: "Goes on in its place; null when revoked" }),
      })
      .nullable()
      .openapi({ description: "From which epoch on its key does not count; null while it is in use" }),
    predecessor: hotspotIdText.nullable().openapi({ description: "The hotspot whose place it took" }),
    positionCell: z.string().openapi({
      description: "H3 cell, resolution 12, whose centre the position is",
      example: "8c1fb46625501ff",
    }),
    cell: z.string().openapi({ description: "H3 cell, resolution 8", example: "881fb46625fffff" }),
    ...presence,
    agentVersion: z.string().nullable().openapi({ description: "Of its newest status", example: "0.1.0" }),
    recent,
  })
  .openapi("Hotspot");

export const hotspotListSchema = z
  .object({ nowMs: atMs, hotspots: z.array(hotspotSchema), next })
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

const machine = z
  .object({
    cpuTemperatureC: z.number().nullable(),
    load: z
      .number()
      .nullable()
      .openapi({ description: "Processes that ran or waited in the last minute, for each core" }),
    diskUsedPermille: z.int().nullable().openapi({ description: "Of the disk that holds the agent's state" }),
    underVoltage: z
      .boolean()
      .nullable()
      .openapi({ description: "The supply falls short of the board's need" }),
  })
  .openapi("Machine");

const traffic = z
  .object({
    fromMs: atMs,
    untilMs: atMs,
    received: z.int().openapi({ description: "Frames with a good checksum" }),
    garbled: z.int().openapi({ description: "Frames with a bad one" }),
    transmitted: z.int(),
  })
  .openapi("RadioTraffic");

const losses = z
  .object({
    atMs,
    counts: z.array(
      z.object({
        reason: z.string().openapi({ example: "frame_crc_unknown" }),
        count: z.int(),
        text: z.string().openapi({ description: "The reason in words, to follow the count" }),
      }),
    ),
  })
  .openapi("Losses");

const status = z
  .object({
    atMs,
    receivedAtMs: atMs,
    state: z.enum(["online", "offline"]),
    uptimeS: z.int(),
    version: z.string(),
    formats: formats.nullable(),
    radio: z
      .object({
        ackPermille: z.int().nullable(),
        temperatureC: z.number().nullable(),
        channels: z.int().nullable().openapi({ description: "How many it hears at once: 1 of a modem" }),
        spreadingFactors: z.int().nullable().openapi({ description: "How many it hears at once" }),
      })
      .nullable()
      .openapi({
        description:
          "Null without a radio. Counts of frames heard and sent are not here: they would reveal beacons before their deadline; `radioTraffic` has them later.",
      }),
    machine: machine.nullable().openapi({ description: "Null when it does not report it" }),
    gnss: gnss.nullable(),
    outboxQueued: z.int(),
    outboxDropped: z.int(),
    keyHeld: z.enum(KEY_PLACES).nullable().openapi({
      description:
        "Where its key is: on the machine of its radios, or elsewhere, as on a server that keeps keys for many",
    }),
  })
  .openapi("Status");

const sequence = z
  .object({
    ranges: z
      .array(z.object({ first: z.int(), last: z.int() }))
      .openapi({ description: "Runs of the newest 1000 stored numbers, ascending; at most 200" }),
    missing: z.int().openapi({ description: "Numbers between these that never came" }),
  })
  .openapi("Sequence", { description: "Which of the hotspot's numbered packets are stored" });

const sequenceGaps = z
  .object({
    total: z.int().openapi({ description: "How many runs of numbers are missing" }),
    missing: z.int().openapi({ description: "How many numbers are in them" }),
    runs: z
      .array(z.object({ first: z.int(), last: z.int() }))
      .openapi({ description: "The newest 100 of them, newest first" }),
  })
  .openapi("SequenceGaps", { description: "Packets among the newest that were numbered and never came" });

export const hotspotDetailSchema = z
  .object({
    nowMs: atMs,
    hotspot: hotspotSchema,
    did: z.string().openapi({ example: "did:key:z6Mk…" }),
    sequence,
    sequenceGaps,
    denials: z
      .array(denialSchema)
      .openapi({ description: "What the network denies it, and those whose place it took, newest first" }),
    status: status.nullable(),
    radioTraffic: traffic.nullable().openapi({
      description:
        "What the radio counted over about an hour, which ended before the oldest report deadline that has not passed; null without two status packets of that time",
    }),
    losses: losses.nullable().openapi({
      description:
        "What was refused, dropped, lost or never sent since the agent started, as of the last status packet before the oldest report deadline that has not passed; null without one",
    }),
    keyCopies: z
      .object({
        isLikely: z
          .boolean()
          .openapi({ description: "The signs are those of a key that two agents use at once" }),
        reusedNumbers: z.int().openapi({ description: "Sequence numbers that two packets have" }),
        agentTurns: z.int().openapi({ description: "How often an agent came again after another one" }),
        radioTurns: z.int().openapi({ description: "The same of the concentrators that heard for it" }),
        concentrators: z.int(),
      })
      .openapi({ description: "Signs of a copied key in its newest stored packets" }),
    earned: z
      .object({ epoch: z.int(), cumulative: amount, delta: amount })
      .nullable()
      .openapi({ description: "In the latest closed epoch; null if never paid" }),
  })
  .openapi("HotspotDetail");

export const changeSchema = z
  .object({
    atMs: atMs.openapi({ description: "When the network took it in" }),
    fromEpoch: z.int().openapi({ description: "First epoch judged by it" }),
    signedBy: z.enum(["owner", "operator", "key"]).openapi({
      description: "`key`: its key, or the one before it, says that another takes its place, or none",
    }),
    isRetired: z.boolean().openapi({ description: "Whether its key counts no more after this change" }),
    successor: hotspotIdText.nullable().openapi({ description: "Goes on in its place from this change on" }),
    ...position,
    positionCell: z.string(),
    elevationM: z.int(),
    antennaGainDbi: z.number(),
    region: z.string(),
    payee: address.nullable(),
    relocatedAtMs: atMs.nullable(),
    evidence: base64.openapi({
      description:
        "The signed bytes: the owner's status packet, the operator's registration, or a change of its key",
    }),
  })
  .openapi("RegistryChange");

/** The longest is a rotation of some 230 bytes; newer agents may append to it. */
const MAX_KEY_CHANGE_CHARACTERS = 1368;

/** What a hotspot signed about its key. */
export const keyChangeRequestSchema = z
  .strictObject(
    {
      message: z
        .base64({ error: "the signed message in base64" })
        .max(MAX_KEY_CHANGE_CHARACTERS, { error: `at most ${MAX_KEY_CHANGE_CHARACTERS} characters` }),
    },
    { error: "an object with message" },
  )
  .openapi("KeyChangeRequest");

export const keyChangeSchema = z
  .object({
    hotspotId: hotspotIdText,
    successor: hotspotIdText.nullable().openapi({ description: "Takes its place; null when revoked" }),
    fromEpoch: z.int().openapi({ description: "First epoch that is judged by it" }),
    fromMs: atMs.openapi({ description: "When that begins" }),
  })
  .openapi("KeyChange");

export const registryHistorySchema = z
  .object({ nowMs: atMs, hotspotId: hotspotIdText, changes: z.array(changeSchema) })
  .openapi("RegistryHistory");

const heardSchema = z
  .object({
    heard: z.int().openapi({ description: "Beacons validly heard" }),
    rssiMeanDbm: z.number(),
    rssiDeviationDb: z.number(),
    rssiMinDbm: z.int(),
    rssiMaxDbm: z.int(),
  })
  .openapi("Heard");

export const edgesSchema = z
  .object({
    nowMs: atMs,
    hotspotId: hotspotIdText,
    windowEpochs: z.int(),
    fromEpoch: z.int().nullable().openapi({ description: "First epoch counted; null if there is none" }),
    toEpoch: z.int().nullable(),
    edges: z.array(
      z.object({
        peer: hotspotIdText,
        peerName: z.string(),
        heard: heardSchema.nullable().openapi({ description: "What this hotspot heard of the peer" }),
        heardBy: heardSchema.nullable().openapi({ description: "What the peer heard of this hotspot" }),
      }),
    ),
  })
  .openapi("Edges");

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
      elevationM: numberFrom(...PACKET_LIMITS.elevationM, "m above ground").default(0),
      antennaGainDbi: numberFrom(
        PACKET_LIMITS.antennaGainDdbi[0] / 10,
        PACKET_LIMITS.antennaGainDdbi[1] / 10,
        "dBi",
      ).default(0),
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
