/**
 * What one hotspot, and hotspots that nobody has heard yet, may cost the gateway. Not parameters of the network: no
 * verdict on a stored packet depends on them. Configured in `[limits]`.
 */
export interface Limits {
  /** Packets of one hotspot that are taken at once; as many more each second. What comes on top is `rate_limited`. */
  packetsAtOnce: number;
  packetsPerSecond: number;
  /** Bytes of one hotspot's packets: this many at once, and a day. */
  bytesPerDay: number;
  /** Reports of one hotspot on beacons of one entropy period; what comes on top is refused (`too_many_reports`). */
  witnessReportsPerPeriod: number;
  beaconReportsPerPeriod: number;
  /** Hotspots that registered themselves and have not reported yet: of more the oldest are forgotten. */
  maxUnheard: number;
  /** After so many days without a packet such a hotspot is forgotten too. */
  unheardDays: number;
}

/**
 * A full outbox of an agent (16 MiB) goes through at once. A hotspot that hears another's beacon each second reports 60
 * a minute; the busiest meter station sends some 37 MB a day.
 */
export const DEFAULT_LIMITS: Limits = {
  packetsAtOnce: 100_000,
  packetsPerSecond: 10,
  bytesPerDay: 67_108_864,
  witnessReportsPerPeriod: 64,
  beaconReportsPerPeriod: 4,
  maxUnheard: 20_000,
  unheardDays: 7,
};
