import { type GpsReading, IntegrityMonitor } from "@earshot/drivers";
import { clampTo, type Gnss, PACKET_LIMITS, type Range } from "@earshot/protocol/hotspot";

/** A fix older than this does not count any more. */
export const GNSS_FRESH_MS = 30_000;

/**
 * A packet's GNSS block, from the receiver's latest reading; null without one. Values are clamped to a packet's limits.
 *
 * @param flags of the agent's `IntegrityMonitor`; left out, of this reading alone
 */
export function gnssOf(reading: GpsReading | undefined, flags?: number): Gnss | null {
  if (reading === undefined) return null;
  const { latDeg, lonDeg } = reading;
  // A position that was typed in or surveyed earlier is no measurement and does not prove where the receiver is.
  const isMeasured = reading.mode >= 2 && reading.timeOnly !== true;
  const hasFix = isMeasured && isDegrees(latDeg, 90) && isDegrees(lonDeg, 180);
  const { altMslM, horizontalErrorM } = reading;
  return {
    fixMode: reading.timeOnly === true ? 0 : reading.mode,
    satellitesUsed: clampTo(reading.satellitesUsed ?? usedInView(reading), PACKET_LIMITS.satellitesUsed) ?? 0,
    latE7: hasFix ? degreesE7(latDeg) : null,
    lonE7: hasFix ? degreesE7(lonDeg) : null,
    altitudeM: hasFix ? clamped(altMslM, PACKET_LIMITS.altitudeM) : null,
    horizontalErrorDm: hasFix ? clamped(horizontalErrorM, PACKET_LIMITS.horizontalErrorDm, 10) : null,
    integrityFlags: flags ?? flagsOf(reading),
  };
}

function flagsOf(reading: GpsReading): number {
  const monitor = new IntegrityMonitor();
  monitor.add(reading);
  return monitor.summary(reading.atMs).flags;
}

const usedInView = ({ satellites }: GpsReading): number => satellites.filter(({ used }) => used).length;

const isDegrees = (value: number | undefined, limit: number): boolean =>
  value !== undefined && Math.abs(value) <= limit;

const degreesE7 = (degrees: number | undefined): number => Math.round((degrees ?? 0) * 1e7) + 0;

const clamped = (value: number | undefined, range: Range, factor = 1): number | null =>
  clampTo((value ?? Number.NaN) * factor, range) ?? null;
