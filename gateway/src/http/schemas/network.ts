import { z } from "@hono/zod-openapi";
import { atMs, hash, hotspotIdText } from "./common.ts";

export const networkSchema = z
  .object({
    nowMs: atMs,
    network: z.string(),
    parameters: z.record(z.string(), z.union([z.string(), z.number()])).openapi({
      description: "The published rules; amounts as decimal text, bytes as 0x hex",
    }),
    parametersHash: hash,
    publicKey: hash.openapi({ description: "Ed25519 key that signs entropy, receipts and verdicts" }),
    publicKeyId: hotspotIdText.openapi({ description: "The same key as `verify-epoch` prints it" }),
    registration: z.enum(["open", "listed"]),
    entropy: z.object({ index: z.int(), atMs, ageMs: z.int() }).nullable(),
    judgedThrough: z
      .object({ index: z.int(), atMs })
      .nullable()
      .openapi({ description: "Newest entropy period whose reports are judged" }),
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
    refused: z.int(),
    lastOutcome: z.enum(["paid", "refused"]),
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
