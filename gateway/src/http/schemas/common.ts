import { publicKeyOf } from "@earshot/protocol";
import { z } from "@hono/zod-openapi";
import { errorSchema } from "../errors.ts";

/** The shapes that routes share. A schema's error text says what is allowed; `refuseInvalid` shows it. */

export const atMs = z.int().openapi({ description: "Milliseconds since the Unix epoch (UTC)" });
export const amount = z
  .string()
  .regex(/^\d+$/)
  .openapi({ description: "Smallest units, decimal", example: "800000000000" });
export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .openapi({ description: "32 bytes, lower-case hex" });
export const root = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .openapi({ description: "32 bytes, 0x hex" });
export const base64 = z.base64();
export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .openapi({ description: "EVM address, checksummed (ERC-55)" });

const HOTSPOT_ID_FORM = /^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/;
const HOTSPOT_ID = "a hotspot id: z6Mk and 44 more base58 characters";

export const hotspotIdText = z
  .string({ error: HOTSPOT_ID })
  .regex(HOTSPOT_ID_FORM, { error: HOTSPOT_ID })
  .refine((id) => publicKeyOf(id) !== undefined, { error: HOTSPOT_ID })
  .openapi({ example: "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK" });

export const formats = z.array(z.int()).openapi({
  description:
    "The newest version of each type that a program writes or reads, by type number from 1; 0: none",
});

export const hashText = z.string().regex(/^[0-9a-f]{64}$/, { error: "64 lower-case hex digits" });

export const beaconKeyText = z
  .string()
  .regex(/^[0-9a-f]{24}$/, { error: "24 lower-case hex digits: entropy index and short id of the beacon" });

/** A whole number in a path or query, strict: no sign, exponent or blanks. */
export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error })
    .openapi({ type: "integer", minimum: min, maximum: max });
}

/** Where a page goes on: the `next` of the page before, whose form differs from list to list. */
const cursor = (pattern: RegExp) =>
  z
    .string()
    .regex(pattern, { error: "the `next` of the page before" })
    .optional()
    .openapi({ description: "The `next` of the page before" });

const CURSORS = {
  hotspot: HOTSPOT_ID_FORM,
  verdict: /^\d{1,15}\.[0-9a-f]{64}$/,
  beacon: /^[0-9a-f]{24}$/,
  epoch: /^\d{1,15}$/,
  denial: /^\d{1,15}$/,
} as const;

/** A page of a list: at most `max` entries. */
export const pageQuery = (of: keyof typeof CURSORS, max: number, defaultLimit: number) =>
  z.strictObject({
    limit: wholeNumber(1, max)
      .optional()
      .openapi({ description: `Entries on a page, ${defaultLimit} if not given` }),
    after: cursor(CURSORS[of]),
  });

/** For routes whose answer is dear and takes no parameter: a made-up one would have it made anew. */
export const noQuery = z.strictObject({});

export const next = z
  .string()
  .nullable()
  .openapi({ description: "Pass as `after` for the next page; null on the last" });

export const json = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { "application/json": { schema } },
});

export const invalid = { 400: json("A parameter is wrong", errorSchema) };
export const missing = { 404: json("There is none", errorSchema) };
