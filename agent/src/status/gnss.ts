import { type GpsReading, IntegrityMonitor } from "@earshot/drivers";
import type { Gnss } from "@earshot/protocol/hotspot";

/** A fix older than this says nothing about now. */
export const GNSS_FRESH_MS = 30_000;

/**
 * How the receiver knows itself by its recent reading; null without one. Values are cut to what a packet can say.
 *
 * @param flags of the agent's `IntegrityMonitor`; left out, of this reading alone
 */
export function gnssOf(reading: GpsReading | undefined, flags?: number): Gnss | null {
  if (reading === undefined) return null;
  const { latDeg, lonDeg } = reading;
  // A position that was typed in or surveyed before is no measurement: it proves nothing about where the receiver is.
  const isMeasured = reading.mode >= 2 && reading.timeOnly !== true;
  const hasFix = isMeasured && isWithin(latDeg, 90) && isWithin(lonDeg, 180);
  const { altMslM, horizontalErrorM } = reading;
  return {
    fixMode: reading.timeOnly === true ? 0 : reading.mode,
    satellitesUsed: clamp(reading.satellitesUsed ?? usedInView(reading), 0, 255),
    latE7: hasFix ? degreesE7(latDeg) : null,
    lonE7: hasFix ? degreesE7(lonDeg) : null,
    altitudeM: hasFix && altMslM !== undefined ? clamp(altMslM, -1000, 20_000) : null,
    horizontalErrorDm:
      hasFix && horizontalErrorM !== undefined ? clamp(horizontalErrorM * 10, 0, 65_535) : null,
    integrityFlags: flags ?? flagsOf(reading),
  };
}

function flagsOf(reading: GpsReading): number {
  const monitor = new IntegrityMonitor();
  monitor.add(reading);
  return monitor.summary(reading.atMs).flags;
}

const usedInView = ({ satellites }: GpsReading): number => satellites.filter(({ used }) => used).length;

const isWithin = (value: number | undefined, limit: number): boolean =>
  value !== undefined && Math.abs(value) <= limit;

const degreesE7 = (degrees: number | undefined): number => Math.round((degrees ?? 0) * 1e7) + 0;

const clamp = (value: number, min: number, max: number): number =>
  Math.min(max, Math.max(min, Math.round(value))) + 0;
