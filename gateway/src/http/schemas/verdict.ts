import { OUTCOMES, RSSI_KINDS } from "@earshot/protocol";
import { z } from "@hono/zod-openapi";
import { atMs, beaconKeyText, hash, hotspotIdText, next } from "./common.ts";

export const verdictSchema = z
  .object({
    packetId: hash,
    hotspotId: hotspotIdText,
    hotspotName: z.string(),
    beaconKey: beaconKeyText,
    beaconer: hotspotIdText.nullable().openapi({
      description: "Whose beacon the report is about; null when that hotspot is not registered",
    }),
    type: z.enum(["beacon", "witness"]),
    outcome: z.enum(OUTCOMES).openapi({
      description:
        "`unpaid`: nothing is wrong with the report, but it earns nothing (not drawn, or not heard)",
    }),
    reason: z.string().openapi({ description: "Stable identifier; `ok` when paid", example: "too_close" }),
    sentence: z.string().openapi({ description: "The reason in words, with the numbers" }),
    measurements: z.array(
      z.object({ name: z.string().openapi({ description: "With its unit" }), value: z.number() }),
    ),
    epoch: z.int(),
    entropyIndex: z.int(),
    beaconAtMs: atMs.openapi({ description: "When the beacon's entropy was due" }),
    judgedAtMs: atMs,
    parametersHash: hash.openapi({ description: "Of the parameters that it was judged by" }),
  })
  .openapi("Verdict");

export const receptionSchema = z
  .object({
    atMs: atMs.openapi({ description: "By the hotspot's clock" }),
    rssiDbm: z.int(),
    rssiKind: z.enum(RSSI_KINDS).nullable().openapi({
      description: "What the level is of: all in the channel, noise included, or the frame alone",
    }),
    snrDb: z.number(),
    freqOffsetHz: z
      .int()
      .nullable()
      .openapi({ description: "The beaconer's carrier less that of the radio that heard it" }),
    fineTimeNs: z.int().nullable().openapi({ description: "Within its second" }),
    fineTimeEncrypted: z
      .boolean()
      .nullable()
      .openapi({ description: "True: the radio took one and encrypted it, so `fineTimeNs` is null" }),
    concentrator: z.string().nullable().openapi({ description: "EUI, hex", example: "aa555a0000000001" }),
    antenna: z.int().nullable().openapi({ description: "The concentrator's own number of it" }),
  })
  .openapi("Reception", { description: "How a witness heard it: null is what its radio does not tell" });

const witnessReportSchema = verdictSchema
  .extend({
    reception: receptionSchema.nullable().openapi({ description: "Null where the packet is not kept" }),
  })
  .openapi("WitnessReport");

export const verdictPageSchema = z
  .object({ nowMs: atMs, verdicts: z.array(verdictSchema), next })
  .openapi("VerdictPage");

export const beaconSchema = z
  .object({
    key: beaconKeyText,
    entropyIndex: z.int(),
    atMs,
    epoch: z.int(),
    beaconer: hotspotIdText,
    beaconerName: z.string(),
    paidWitnesses: z.array(hotspotIdText),
  })
  .openapi("Beacon");

export const beaconPageSchema = z
  .object({ nowMs: atMs, beacons: z.array(beaconSchema), next })
  .openapi("BeaconPage");

export const beaconDetailSchema = z
  .object({
    key: beaconKeyText,
    entropyIndex: z.int(),
    atMs,
    epoch: z.int(),
    beaconer: hotspotIdText.nullable(),
    beaconReports: z.array(verdictSchema),
    witnessReports: z.array(witnessReportSchema),
  })
  .openapi("BeaconDetail");
