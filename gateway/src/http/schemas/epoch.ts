import { z } from "@hono/zod-openapi";
import { address, amount, atMs, hash, hotspotIdText, next, root } from "./common.ts";

export const epochSchema = z
  .object({
    epoch: z.int(),
    fromMs: atMs,
    toMs: atMs,
    closedAtMs: atMs,
    pool: amount,
    paid: amount,
    unallocated: amount,
    root,
    manifestHash: hash,
    parametersHash: hash,
  })
  .openapi("Epoch");

export const epochPageSchema = z
  .object({
    nowMs: atMs,
    open: z.object({ epoch: z.int(), fromMs: atMs, toMs: atMs, judgedShare: z.number() }).openapi({
      description: "The epoch that is being measured now, and how much of it is judged (0 to 1)",
    }),
    problem: z.string().nullable().openapi({
      description: "Why this gateway cannot judge the open epoch, or from a later one on: it needs an update",
    }),
    epochs: z.array(epochSchema),
    next,
  })
  .openapi("EpochPage");

export const paymentSchema = z
  .object({
    hotspotId: hotspotIdText,
    hotspotName: z.string(),
    payee: address,
    delta: amount,
    cumulative: amount,
  })
  .openapi("Payment");

export const epochDetailSchema = z
  .object({ epoch: epochSchema, payments: z.array(paymentSchema) })
  .openapi("EpochDetail");

export const claimSchema = z
  .object({
    epoch: z.int(),
    hotspotId: hotspotIdText,
    chainId: z.string().regex(/^\d+$/),
    contract: address,
    hotspot: root.openapi({ description: "The hotspot's public key, as bytes32" }),
    payee: address,
    cumulative: amount,
    delta: amount,
    root,
    proof: z.array(root).openapi({ description: "Siblings from the leaf up to the root" }),
  })
  .openapi("Claim");

export const bundleSchema = z
  .object({
    epoch: z.int(),
    name: z.string().openapi({ description: "Folder to put the files in" }),
    manifestHash: hash,
    cid: z.string().openapi({ description: "Of the manifest, which names all other files by their hash" }),
    files: z.array(
      z.object({
        name: z.string(),
        bytes: z.int(),
        sha256: hash,
        cid: z.string().openapi({ description: "CIDv1 (raw, sha2-256) in base32" }),
        url: z.string(),
      }),
    ),
  })
  .openapi("Bundle");
