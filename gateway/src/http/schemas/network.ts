import { OUTCOMES } from "@earshot/protocol";
import { z } from "@hono/zod-openapi";
import { atMs, base64, formats, hash, hotspotIdText } from "./common.ts";

const parametersJson = z
  .record(z.string(), z.union([z.string(), z.number(), z.record(z.string(), z.unknown())]))
  .openapi("Parameters", {
    description:
      "The published rules; amounts as decimal text, bytes as 0x hex, regions with their greatest EIRP in tenths of a dBm. Names that only later programs know are here too.",
  });

const problem = z
  .string()
  .nullable()
  .openapi({ description: "Why this gateway cannot judge by these rules: it needs an update" });

export const parametersPageSchema = z
  .object({
    nowMs: atMs,
    epoch: z.int().openapi({ description: "The current epoch" }),
    versions: z.array(
      z.object({
        version: z.int(),
        activationEpoch: z.int(),
        parametersHash: hash,
        parameters: parametersJson,
        problem,
        message: base64.openapi({ description: "As the network signed it (COSE_Sign1)" }),
      }),
    ),
  })
  .openapi("ParametersVersions");

export const keysPageSchema = z
  .object({
    nowMs: atMs,
    epoch: z.int().openapi({ description: "The current epoch" }),
    root: hotspotIdText.openapi({
      description: "The root key, which signs the documents: agents and auditors pin it",
    }),
    documents: z.array(
      z.object({
        version: z.int(),
        atMs,
        hash: hash.openapi({ description: "SHA-256 of the message, which the next document names" }),
        keys: z.array(
          z.object({
            role: z.string(),
            key: hotspotIdText,
            fromEpoch: z.int(),
            untilEpoch: z.int().nullable(),
            revokedFromEpoch: z.int().nullable(),
          }),
        ),
        message: base64.openapi({ description: "As the root key signed it (COSE_Sign1)" }),
      }),
    ),
  })
  .openapi("KeyDocuments");

export const networkSchema = z
  .object({
    nowMs: atMs,
    network: z.string(),
    parameters: parametersJson.openapi({ description: "In force now" }),
    parametersHash: hash,
    problem,
    next: z
      .object({ parameters: parametersJson, parametersHash: hash, problem })
      .nullable()
      .openapi({ description: "The next version, published and not yet in force" }),
    publicKey: hash.openapi({ description: "Ed25519 root key of the network: agents and auditors pin it" }),
    publicKeyId: hotspotIdText.openapi({ description: "The same key as `verify-epoch` prints it" }),
    registration: z.enum(["open", "listed"]),
    entropy: z
      .object({
        index: z.int(),
        atMs,
        ageMs: z.int(),
        source: z
          .object({
            round: z.int().openapi({ description: "Of the drand chain that the parameters name" }),
            isProven: z.boolean().openapi({ description: "The chain's signature is in the message" }),
            counts: z.boolean().openapi({ description: "Beacons of its period count" }),
          })
          .nullable()
          .openapi({
            description: "Null: the operator's word, as nothing shows that it did not choose the value",
          }),
      })
      .nullable()
      .openapi({ description: "The newest" }),
    judgedThrough: z
      .object({ index: z.int(), atMs })
      .nullable()
      .openapi({ description: "Newest entropy period whose reports are judged" }),
    gateway: z
      .object({ version: z.string().openapi({ example: "0.1.0" }), formats })
      .openapi({ description: "The program that answers" }),
    rules: z.record(z.string(), z.array(z.string())).openapi({
      description: "Reasons in the order in which they are checked",
    }),
  })
  .openapi("Network");

export const cellsSchema = z
  .object({
    nowMs: atMs,
    cells: z.array(
      z.object({
        cell: z.string(),
        boundary: z
          .array(z.tuple([z.number(), z.number()]))
          .openapi({ description: "Corners: degrees north, degrees east" }),
        state: z.enum(["proven", "refused", "quiet", "offline"]),
        hotspots: z.array(hotspotIdText),
      }),
    ),
  })
  .openapi("Cells");

export const linkSchema = z
  .object({
    beaconer: hotspotIdText,
    witness: hotspotIdText,
    distanceM: z.int(),
    paid: z.int(),
    unpaid: z.int(),
    refused: z.int(),
    lastOutcome: z.enum(OUTCOMES),
    lastReason: z.string(),
    lastSentence: z.string(),
    lastAtMs: atMs,
    lastBeaconKey: z.string(),
  })
  .openapi("Link");

export const linksSchema = z
  .object({
    nowMs: atMs,
    total: z.int().openapi({ description: "How many there are; the newest are given" }),
    links: z.array(linkSchema),
  })
  .openapi("Links");

export const healthSchema = z
  .object({
    ok: z.boolean(),
    nowMs: atMs,
    problems: z.array(z.string()),
    entropyAgeMs: z.int().nullable(),
    judgedThroughAgeMs: z.int().nullable(),
    latestEpoch: z.int().nullable(),
  })
  .openapi("Health");
