import { distanceM, entropyTimeMs, explainVerdict, type Hotspot } from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { StoredVerdict } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { linkSchema } from "./schemas/network.ts";

export type Link = z.infer<typeof linkSchema>;

/** A link without its length, which depends on where its ends are. */
export type Heard = Omit<Link, "distanceM">;

/** `beaconKey`: 8 hex digits of entropy index, then 16 of the sender's short id. */
const shortIdOf = (beaconKey: string): string => beaconKey.slice(8);

/** The registered senders of the beacons that verdicts are about, by beacon key; strangers are absent. */
export async function sendersOf(
  verdicts: readonly Pick<StoredVerdict, "beaconKey">[],
  store: Pick<Store, "hotspotsByShortId">,
): Promise<Map<string, Hotspot>> {
  const keys = [...new Set(verdicts.map(({ beaconKey }) => beaconKey))];
  const senders = await store.hotspotsByShortId(keys.map(shortIdOf));
  return new Map(
    keys.flatMap((key) => {
      const sender = senders.get(shortIdOf(key));
      return sender === undefined ? [] : [[key, sender] as const];
    }),
  );
}

/**
 * Groups witness verdicts into one entry for each pair, directed from beaconer to witness.
 * @param senders by beacon key
 */
export function heardIn(
  verdicts: readonly StoredVerdict[],
  senders: ReadonlyMap<string, Hotspot>,
  parameters: FixedParameters,
): Heard[] {
  const pairs = new Map<string, Heard>();
  for (const verdict of verdicts) {
    const { hotspotId: witness, beaconKey, type, outcome } = verdict;
    const beaconer = senders.get(beaconKey)?.id;
    if (type !== "witness" || beaconer === undefined || beaconer === witness) continue;
    const key = `${beaconer} ${witness}`;
    const before = pairs.get(key);
    const { paid, unpaid, refused } = before ?? { paid: 0, unpaid: 0, refused: 0 };
    const counts = { paid, unpaid, refused };
    counts[outcome]++;
    pairs.set(key, { beaconer, witness, ...newest(before, verdict, parameters), ...counts });
  }
  return [...pairs.values()];
}

type Newest = Pick<Heard, "lastOutcome" | "lastReason" | "lastSentence" | "lastAtMs" | "lastBeaconKey">;

function newest(known: Newest | undefined, verdict: StoredVerdict, parameters: FixedParameters): Newest {
  const atMs = entropyTimeMs(verdict.entropyIndex, parameters);
  if (known !== undefined && known.lastAtMs >= atMs) {
    const { lastOutcome, lastReason, lastSentence, lastAtMs, lastBeaconKey } = known;
    return { lastOutcome, lastReason, lastSentence, lastAtMs, lastBeaconKey };
  }
  return {
    lastOutcome: verdict.outcome,
    lastReason: verdict.reason,
    lastSentence: explainVerdict(verdict),
    lastAtMs: atMs,
    lastBeaconKey: verdict.beaconKey,
  };
}

/** The newest `limit` links between registered hotspots, with their length; `heard` is sorted in place. */
export async function linksFrom(
  heard: Heard[],
  limit: number,
  store: Pick<Store, "hotspotsById">,
): Promise<Link[]> {
  const shown = heard.sort((a, b) => b.lastAtMs - a.lastAtMs).slice(0, limit);
  const hotspots = await store.hotspotsById(shown.flatMap(({ beaconer, witness }) => [beaconer, witness]));
  return shown.flatMap((link) => {
    const [beaconer, witness] = [hotspots.get(link.beaconer), hotspots.get(link.witness)];
    if (beaconer === undefined || witness === undefined) return [];
    return [{ ...link, distanceM: distanceM(beaconer, witness) }];
  });
}
