import { z } from "@hono/zod-openapi";
import { atMs, hotspotIdText, wholeNumber } from "./common.ts";

const SOURCE = "the name of a device: 1 to 32 bytes, no control characters";

export const sourceText = z
  .string({ error: SOURCE })
  .regex(/^[ -~\u00a0-\uffff]{1,32}$/, { error: SOURCE })
  .refine((text) => Buffer.byteLength(text) <= 32, { error: SOURCE })
  .openapi({ description: "The device, as named in the agent's configuration", example: "meter" });

/** As the hotspot signed it, whatever that is. */
const sourceName = z.string();

const permille = z.int().min(0).max(1000);

const values = {
  min: z.number(),
  mean: z.number(),
  max: z.number(),
  count: z.int().openapi({ description: "Measurements in the period" }),
};

const name = z.string().openapi({ description: "With its unit", example: "power_w" });
const unit = z
  .string()
  .openapi({ description: "As written; empty where there is or we know none", example: "W" });

const fault = z
  .object({
    code: z.enum(["out_of_bounds", "jump", "constant_too_long", "unavailable"]),
    times: z.int().openapi({ description: "Periods with it; of `unavailable` silences" }),
    permille: permille.openapi({ description: "Of the periods received; of `unavailable` of the time" }),
    lastAtMs: atMs.nullable().openapi({ description: "The newest period with it; null of `unavailable`" }),
    sentence: z.string().openapi({ example: "constant for 7 h: the sensor may be stuck" }),
  })
  .openapi("ReadingFault");

const quality = z
  .object({
    score: permille.openapi({ description: "Share of time covered × share of periods without fault" }),
    received: z.int().openapi({ description: "Periods with this quantity" }),
    sound: z.int().openapi({ description: "Of them without fault" }),
    availabilityPermille: permille,
    restarts: z.int().openapi({ description: "How often a counter began anew" }),
    faults: z.array(fault),
  })
  .openapi("ReadingQuality");

const source = z
  .object({
    source: sourceName,
    score: permille.nullable().openapi({ description: "That of its worst quantity; null without any" }),
    firstAtMs: atMs,
    latestAtMs: atMs,
    ageMs: z.int().openapi({ description: "Since the end of the newest period" }),
    periodMs: z.int(),
    quantities: z.array(
      z.object({
        name,
        unit,
        plausible: z
          .object({ min: z.number(), max: z.number() })
          .nullable()
          .openapi({ description: "Beyond these something is broken; null where nobody described it" }),
        atMs: atMs.openapi({ description: "End of the newest period with it" }),
        ...values,
        quality,
      }),
    ),
  })
  .openapi("ReadingSource");

export const readingSourcesSchema = z
  .object({
    nowMs: atMs,
    hotspotId: hotspotIdText,
    windowMs: z.int().openapi({ description: "How far back quality is looked at" }),
    sources: z.array(source).openapi({ description: "At most 32, by name" }),
  })
  .openapi("ReadingSources");

const LATEST_MS = 2 ** 48;

export const seriesQuery = z.strictObject({
  from: wholeNumber(0, LATEST_MS).optional().openapi({
    description: "Periods that ended then or later (ms since the Unix epoch); 24 h before `to` if not given",
  }),
  to: wholeNumber(0, LATEST_MS)
    .optional()
    .openapi({ description: "Periods that ended then or earlier; now if not given" }),
  limit: wholeNumber(1, 3000)
    .optional()
    .openapi({ description: "The newest so many readings of the range, 500 if not given" }),
});

export const readingSeriesSchema = z
  .object({
    nowMs: atMs,
    hotspotId: hotspotIdText,
    source: sourceName,
    fromMs: atMs,
    toMs: atMs,
    quantities: z
      .array(
        z.object({
          name,
          unit,
          points: z
            .array(
              z.object({
                atMs: atMs.openapi({ description: "End of the period" }),
                periodMs: z.int(),
                ...values,
              }),
            )
            .openapi({ description: "Oldest first" }),
        }),
      )
      .openapi({ description: "At most 32" }),
    earlier: atMs
      .nullable()
      .openapi({ description: "Pass as `to` for what is older; null when the range is complete" }),
  })
  .openapi("ReadingSeries");
