import type { HeliumDenylist } from "./types.ts";

const edgeOf = (a: string, b: string): string => [a, b].sort().join(" ");

/**
 * Hotspots and edges that are not paid. Helium's list was an xor filter over hashes; an empty one contained everything,
 * so a list that failed to load denied everybody. That stays. The filter's false positives (1 in 65,536) do not.
 */
export function heliumDenylist(
  hotspots: Iterable<string>,
  edges: Iterable<readonly [string, string]> = [],
): HeliumDenylist {
  const denied = new Set(hotspots);
  const deniedEdges = new Set([...edges].map(([a, b]) => edgeOf(a, b)));
  const isEmpty = denied.size === 0 && deniedEdges.size === 0;
  return {
    deniesHotspot: (key) => isEmpty || denied.has(key),
    deniesEdge: (a, b) => isEmpty || deniedEdges.has(edgeOf(a, b)),
  };
}
