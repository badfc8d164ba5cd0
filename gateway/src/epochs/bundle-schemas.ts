import { type Hotspot, isRegionId, type SequenceRange } from "@earshot/protocol";
import { z } from "zod";

/** What a bundle's JSON files may hold, read into the protocol's own types. */

const hexBytes = (minLength: number, maxLength = minLength) =>
  z
    .string()
    .regex(/^0x([0-9a-f]{2})*$/, "must be lower-case hex after 0x")
    .transform((text) => Uint8Array.fromHex(text.slice(2)))
    .refine(({ length }) => length >= minLength && length <= maxLength, `must have ${minLength} bytes`);

const amount = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,77})$/, "must be decimal digits")
  .transform(BigInt);

const uint32 = z.int().min(0).max(0xffff_ffff);

const hotspotSchema = z.strictObject({
  id: z.string(),
  publicKey: hexBytes(32),
  latE7: z.int().min(-900_000_000).max(900_000_000),
  lonE7: z.int().min(-1_800_000_000).max(1_800_000_000),
  elevationM: z.int(),
  antennaGainDdbi: z.int(),
  region: z.string().refine(isRegionId, "must be a region of the protocol"),
  payee: hexBytes(20).nullable(),
  registeredAtMs: z.int().min(0),
  evidence: hexBytes(1, 1024).nullable(),
});

export const registrySchema = z.array(hotspotSchema).transform((list): Hotspot[] => list as Hotspot[]);

const range = z.tuple([uint32, uint32]).transform(([first, last]): SequenceRange => ({ first, last }));

/** Runs ascend and do not touch, so that the same numbers are the same runs. */
const ranges = z
  .array(range)
  .min(1)
  .refine(
    (list) =>
      list.every(
        ({ first, last }, i) => first <= last && (i === 0 || first > (list[i - 1] as SequenceRange).last + 1),
      ),
    "must be ascending runs that do not touch",
  );

export const sequencesSchema = z
  .record(z.string(), ranges)
  .transform((record) => new Map(Object.entries(record)));

export const storedLeafSchema = z.strictObject({
  hotspot: z.string(),
  payee: hexBytes(20),
  cumulative: amount,
  delta: amount,
});
