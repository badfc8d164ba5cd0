import { formatEvmAddress, parseEvmAddress, type SequenceRange } from "@earshot/protocol";
import { z } from "zod";

/** What a bundle's JSON files may hold, read into the protocol's own types. */

const hexBytes = (minLength: number, maxLength = minLength) =>
  z
    .string()
    .regex(/^0x([0-9a-f]{2})*$/, "must be lower-case hex after 0x")
    .transform((text) => Uint8Array.fromHex(text.slice(2)))
    .refine(({ length }) => length >= minLength && length <= maxLength, `must have ${minLength} bytes`);

const address = z
  .string()
  .refine((text) => isChecksummed(text), "must be an EVM address with its checksum (ERC-55)")
  .transform((text) => parseEvmAddress(text) as Uint8Array);

function isChecksummed(text: string): boolean {
  const bytes = parseEvmAddress(text);
  return bytes !== undefined && formatEvmAddress(bytes) === text;
}

const amount = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,77})$/, "must be decimal digits")
  .transform(BigInt);

const uint32 = z.int().min(0).max(0xffff_ffff);
const timeMs = z.int().min(0);

const changeSchema = z.strictObject({ atMs: timeMs, fromEpoch: uint32, evidence: hexBytes(1, 1024) });

const commitmentSchema = z.strictObject({
  chain: uint32,
  atMs: timeMs,
  fromEpoch: uint32,
  evidence: hexBytes(1, 1024),
});

export const registrySchema = z.array(
  z.strictObject({
    id: z.string(),
    publicKey: hexBytes(32),
    cell: z.string(),
    latE7: z.int(),
    lonE7: z.int(),
    elevationM: z.int(),
    antennaGainDdbi: z.int(),
    region: z.string(),
    payee: address.nullable(),
    registeredAtMs: timeMs,
    settledCell: z.string(),
    relocatedAtMs: timeMs.nullable(),
    retired: z.strictObject({ fromEpoch: uint32, successor: z.string().nullable() }).nullable(),
    predecessor: z.string().nullable(),
    sinceEpoch: uint32,
    changes: z.array(changeSchema).min(1),
    commitments: z.array(commitmentSchema),
  }),
);

/** What a registry file says of a hotspot: to be compared with what follows from its changes. */
export type RegistryEntry = z.infer<typeof registrySchema>[number];

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

export const contactsSchema = z.array(
  z.strictObject({ hotspot: z.string(), beaconed: uint32.nullable(), witnessed: uint32.nullable() }),
);

export const storedLeafSchema = z.strictObject({
  hotspot: z.string(),
  payee: address,
  cumulative: amount,
  delta: amount,
  reasons: z.record(z.string(), z.int().min(1)),
});
