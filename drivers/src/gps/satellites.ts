import { omitUndefined } from "@earshot/protocol/runtime";
import type { Satellite } from "./gps-reading.ts";

/** One text per satellite, as RINEX writes it: G5, R12. */
export function satelliteKey({ system, id }: Pick<Satellite, "system" | "id">): string {
  return `${system}${id}`;
}

/** Receivers report a satellite once for each signal it sends. Makes one of them, with the best C/N0. */
export function mergeSignals(reported: readonly Satellite[]): Satellite[] {
  const merged = new Map<string, Satellite>();
  for (const satellite of reported) {
    const key = satelliteKey(satellite);
    merged.set(key, merge(merged.get(key), satellite));
  }
  return [...merged.values()];
}

function merge(first: Satellite | undefined, second: Satellite): Satellite {
  if (first === undefined) return second;
  const cn0DbHz = Math.max(first.cn0DbHz ?? 0, second.cn0DbHz ?? 0);
  const used = first.used || second.used;
  return omitUndefined({ ...first, ...second, cn0DbHz: cn0DbHz > 0 ? cn0DbHz : undefined, used });
}
