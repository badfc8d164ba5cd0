import { z } from "@hono/zod-openapi";
import { atMs, base64, hotspotIdText, next } from "./common.ts";

export const denialSchema = z
  .object({
    position: z.int().openapi({ description: "Counts the network's denials from 1" }),
    hotspot: hotspotIdText,
    peer: hotspotIdText.nullable().openapi({
      description: "Other end of a denied edge; null when the hotspot itself is denied",
    }),
    reason: z.string(),
    evidence: z.string().openapi({ description: "Where it is found: a URL, a CID, a case number" }),
    atMs,
    fromEpoch: z.int(),
    untilEpoch: z.int().openapi({ description: "First epoch in which it is no longer in force" }),
    state: z.enum(["waiting", "in_force", "ended", "taken_back", "replaced"]),
    message: base64.openapi({ description: "As the network signed it (COSE_Sign1)" }),
  })
  .openapi("Denial");

export const denialPageSchema = z
  .object({ nowMs: atMs, epoch: z.int(), denials: z.array(denialSchema), next })
  .openapi("DenialPage");

/** Bytes, as in the signed message; more than a reader wants to read anyway. */
const short = (bytes: number) => {
  const error = `a text of 1 to ${bytes} bytes`;
  return z
    .string({ error })
    .refine((text) => text.trim() !== "" && new TextEncoder().encode(text).length <= bytes, { error });
};

const MAX_EPOCHS = 10_000;
const epochs = `a whole number from 1 to ${MAX_EPOCHS}`;

/** What the operator sends to deny a hotspot or an edge. */
export const denialRequestSchema = z
  .strictObject(
    {
      hotspot: hotspotIdText,
      peer: hotspotIdText.nullable().default(null),
      reason: short(80),
      evidence: short(200),
      epochs: z
        .int({ error: epochs })
        .min(1, { error: epochs })
        .max(MAX_EPOCHS, { error: epochs })
        .default(30)
        .openapi({
          description: "For how many epochs it is in force, from the next one on",
        }),
    },
    { error: "an object with hotspot, reason, evidence and, if wanted, peer, epochs" },
  )
  .openapi("DenialRequest");
