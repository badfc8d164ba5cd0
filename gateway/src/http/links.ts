import { distanceM, explainVerdict, type Hotspot, type Outcome } from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import type { StoredVerdict } from "../store/store.ts";
import type { HotspotDirectory } from "./directory.ts";
import type { linkSchema } from "./schemas/network.ts";

export type Link = z.infer<typeof linkSchema>;

interface LinkContext {
  directory: HotspotDirectory;
  hotspots: ReadonlyMap<string, Hotspot>;
  timeOfIndex: (entropyIndex: number) => number;
}

/** Gathers witness verdicts into one edge for each pair, directed from beaconer to witness. */
export async function linksFrom(verdicts: readonly StoredVerdict[], context: LinkContext): Promise<Link[]> {
  const beaconers = await context.directory.beaconers(verdicts.map(({ beaconKey }) => beaconKey));
  const links = new Map<string, Link>();
  for (const verdict of verdicts) {
    const beaconer = beaconers.get(verdict.beaconKey);
    const witness = context.hotspots.get(verdict.hotspotId);
    if (beaconer === undefined || witness === undefined || beaconer.id === witness.id) continue;
    const key = `${beaconer.id} ${witness.id}`;
    links.set(key, counted(links.get(key), verdict, beaconer, witness, context));
  }
  return [...links.values()];
}

function counted(
  link: Link | undefined,
  verdict: StoredVerdict,
  beaconer: Hotspot,
  witness: Hotspot,
  { timeOfIndex }: LinkContext,
): Link {
  const atMs = timeOfIndex(verdict.entropyIndex);
  const add = (outcome: Outcome) => (verdict.outcome === outcome ? 1 : 0);
  const newest =
    link !== undefined && link.lastAtMs >= atMs
      ? link
      : {
          lastOutcome: verdict.outcome,
          lastReason: verdict.reason,
          lastSentence: explainVerdict(verdict),
          lastAtMs: atMs,
          lastBeaconKey: verdict.beaconKey,
        };
  return {
    ...newest,
    beaconer: beaconer.id,
    witness: witness.id,
    distanceM: link?.distanceM ?? distanceM(beaconer, witness),
    paid: (link?.paid ?? 0) + add("paid"),
    unpaid: (link?.unpaid ?? 0) + add("unpaid"),
    refused: (link?.refused ?? 0) + add("refused"),
  };
}
