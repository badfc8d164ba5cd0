import {
  formatEvmAddress,
  formatParameters,
  type LatestContacts,
  type NetworkParameters,
  type SequenceRange,
  type Settlement,
  type Verdict,
} from "@earshot/protocol";
import { type ShownHotspot, sortedById } from "./registry-hash.ts";
import { inChunks, jsonList } from "./text-chunks.ts";

/*
 * The JSON files of a bundle as text. Keys are written in one order and lists are sorted, so that the same content is
 * the same text. `bundle-readers.ts` reads them.
 */

type Payment = Settlement["payments"][number];

const hex = (bytes: Uint8Array): string => `0x${bytes.toHex()}`;
const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;
const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** Keys in alphabetical order: objects with the same parameters may have them in another one. */
export const formatParametersFile = (parameters: NetworkParameters): string =>
  json(Object.fromEntries(Object.entries(formatParameters(parameters)).sort(([a], [b]) => byText(a, b))));

export const formatRegistry = (shown: readonly ShownHotspot[]): Iterable<string> =>
  inChunks(jsonList(sortedById(shown), registryEntry));

const registryEntry = ({ hotspot, changes, sinceEpoch }: ShownHotspot) => ({
  id: hotspot.id,
  publicKey: hex(hotspot.publicKey),
  cell: hotspot.cell,
  latE7: hotspot.latE7,
  lonE7: hotspot.lonE7,
  elevationM: hotspot.elevationM,
  antennaGainDdbi: hotspot.antennaGainDdbi,
  region: hotspot.region,
  payee: hotspot.payee && formatEvmAddress(hotspot.payee),
  registeredAtMs: hotspot.registeredAtMs,
  settledCell: hotspot.settledCell,
  relocatedAtMs: hotspot.relocatedAtMs,
  retired: hotspot.retired && { fromEpoch: hotspot.retired.fromEpoch, successor: hotspot.retired.successor },
  predecessor: hotspot.predecessor,
  sinceEpoch,
  changes: changes.map(({ atMs, fromEpoch, evidence }) => ({ atMs, fromEpoch, evidence: hex(evidence) })),
  commitments: hotspot.commitments.map(({ chain, atMs, fromEpoch, evidence }) => ({
    ...{ chain, atMs, fromEpoch },
    evidence: hex(evidence),
  })),
});

export function formatSequences(used: ReadonlyMap<string, readonly SequenceRange[]>): string {
  const entries = [...used].filter(([, ranges]) => ranges.length > 0).sort(([a], [b]) => byText(a, b));
  return json(
    Object.fromEntries(entries.map(([id, ranges]) => [id, ranges.map(({ first, last }) => [first, last])])),
  );
}

/** Those that had any. */
export const formatContacts = (contacts: ReadonlyMap<string, LatestContacts>): Iterable<string> =>
  inChunks(
    jsonList(
      [...contacts]
        .filter(([, { beaconed, witnessed }]) => beaconed !== null || witnessed !== null)
        .sort(([a], [b]) => byText(a, b)),
      ([hotspot, { beaconed, witnessed }]) => ({ hotspot, beaconed, witnessed }),
    ),
  );

/** One line for each. @param parametersHash of the rules by which they were reached */
export const formatVerdicts = (
  verdicts: readonly Verdict[],
  parametersHash: Uint8Array,
): Iterable<string> => {
  const parameters = parametersHash.toHex();
  return lines(
    verdicts.toSorted((a, b) => byText(a.packetId, b.packetId)),
    ({ packetId, hotspotId, beaconKey, type, outcome, reason, measurements }) => ({
      packetId,
      hotspotId,
      beaconKey,
      type,
      outcome,
      reason,
      measurements: measurements.map(({ name, value }) => ({ name, value })),
      parameters,
    }),
  );
};

/** One line for each hotspot ever paid, with how often its reports met which reason in this epoch. */
export const formatLeaves = (
  payments: readonly Payment[],
  verdicts: readonly Pick<Verdict, "hotspotId" | "reason">[],
): Iterable<string> => {
  const reasons = reasonCounts(verdicts);
  return lines(
    payments.toSorted((a, b) => byText(a.hotspotId, b.hotspotId)),
    ({ hotspotId, payee, cumulative, delta }) => ({
      hotspot: hotspotId,
      payee: formatEvmAddress(payee),
      cumulative: cumulative.toString(),
      delta: delta.toString(),
      reasons: Object.fromEntries([...(reasons.get(hotspotId) ?? [])].sort(([a], [b]) => byText(a, b))),
    }),
  );
};

/** How often each reason was given, by hotspot. */
export function reasonCounts(
  verdicts: readonly Pick<Verdict, "hotspotId" | "reason">[],
): Map<string, Map<string, number>> {
  const counts = new Map<string, Map<string, number>>();
  for (const { hotspotId, reason } of verdicts) {
    const own = counts.get(hotspotId) ?? new Map<string, number>();
    counts.set(hotspotId, own);
    own.set(reason, (own.get(reason) ?? 0) + 1);
  }
  return counts;
}

const lines = <T>(values: readonly T[], write: (value: T) => unknown): Iterable<string> =>
  inChunks(written(values, write));

function* written<T>(values: readonly T[], write: (value: T) => unknown): Generator<string, void, void> {
  for (const value of values) yield `${JSON.stringify(write(value))}\n`;
}
