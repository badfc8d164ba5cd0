import { isPlausible, QUANTITIES, type ReadingPacket } from "@earshot/protocol";
import { count, type GatewayMetrics } from "../monitoring/metrics.ts";

/** Counts what a new reading holds. Quantities that nobody described share one name: hotspots could make up many. */
export function countReading(
  { quantities }: Pick<ReadingPacket, "quantities">,
  metrics: Pick<GatewayMetrics, "quantities" | "implausible">,
): void {
  for (const quantity of quantities) {
    const name = Object.hasOwn(QUANTITIES, quantity.name) ? quantity.name : "other";
    count(metrics.quantities, name);
    if (!isPlausible(quantity)) count(metrics.implausible, name);
  }
}
