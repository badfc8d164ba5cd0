import animalHash from "angry-purple-tiger";

/**
 * The three words by which people know a hotspot, such as "angry-purple-tiger", derived from its id (`z6Mk…`) in the
 * way technicians know from Helium. For recognising, never for identifying: there are about 16 million names, so two
 * hotspots may share one, and anybody can search for a key with a given name.
 */
export function hotspotName(id: string): string {
  return animalHash(id, { style: "lowercase", separator: "-" });
}
