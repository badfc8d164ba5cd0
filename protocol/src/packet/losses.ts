/**
 * What a hotspot refused, dropped, lost or never sent, counted by reason. Names are stable: they are part of status
 * packets, the gateway's API and metrics. The phrase follows a count: "200 frames that …".
 */
export const LOSS_REASONS = {
  // Frames that a driver refused. Those of a bad or missing checksum are noise, which `RadioSummary.rxBad` counts.
  frame_crc_unknown: 'frames without "stat", the result of their checksum',
  frame_frequency: "frames without a frequency that a radio can have",
  frame_modulation: "frames of unknown modulation",
  frame_data_rate: "frames without a data rate that a radio can have",
  frame_data: "frames whose data are missing, damaged or too long",
  frame_fields: "frames that lack a field, or have one out of its range",
  frame_unready: "frames that arrived before the radio was set up",
  datagram_damaged: "damaged messages from the radio's program",
  datagram_foreign: "datagrams that no packet forwarder sends",
  forwarder_refused: "requests from forwarders or stations that are not allowed",
  // Frames that begin like a beacon but give no witness packet.
  frame_level: "beacons heard whose level or settings do not fit a packet",
  frame_unset_clock:
    "beacons heard while this machine's clock was not set, beyond those that are kept until it is",
  frame_stale: "frames that look like beacons but contain no current entropy",
  // Windows without a beacon, by the radio's answer or by what was missing.
  beacon_tx_freq: "beacons refused by the radio for their frequency (TX_FREQ)",
  beacon_tx_power: "beacons refused by the radio for their power (TX_POWER)",
  beacon_late: "beacons that came too late for the radio (TOO_LATE)",
  beacon_early: "beacons that came too early for the radio (TOO_EARLY)",
  beacon_collision: "beacons for which the radio had no room (COLLISION)",
  beacon_gps: "beacons refused because the concentrator's GPS is not locked (GPS_UNLOCKED)",
  beacon_unanswered: "beacons that the radio did not acknowledge (NO_ACK): perhaps sent, not reported",
  beacon_no_forwarder: "beacons without a packet forwarder that asks for work",
  beacon_no_radio: "beacons without an open radio",
  beacon_duty_cycle: "beacons for which the band's duty cycle left no time",
  beacon_no_entropy: "beacons whose entropy did not arrive",
  beacon_unproven_entropy:
    "beacons not sent because their period's entropy has no proof and counts for nothing",
  beacon_late_entropy: "beacons whose entropy came too late, by this machine's clock",
  beacon_not_running: "beacons whose time had passed when the agent started",
  beacon_clock: "beacons not sent because this machine's clock is behind the network's",
  beacon_failed: "beacons that failed for another reason",
  // Packets that cannot be encoded, because a field is out of range.
  unmade_beacon: "beacon packets that could not be made",
  unmade_witness: "witness packets that could not be made",
  unmade_status: "status packets that could not be made",
  unmade_reading: "reading packets that could not be made",
  // Packets that were made.
  outbox_failed: "packets that could not be stored",
  outbox_full: "packets dropped because they were too old or the outbox was full",
  outbox_damaged: "damaged outbox, whose file is kept: its unreadable packets are lost",
  // Received over a link and not accepted.
  message_topic: "messages from the broker on a topic that was not subscribed to",
  message_form: "messages from the broker that are malformed",
  message_signature: "messages from the broker without a valid signature of the network",
  message_hotspot: "messages from the broker for another hotspot",
  message_time: "entropy messages whose index does not match their time",
  message_entropy: "entropy messages without the drand signature that they should have",
  network_contradicts: "entropy messages that contradict what the network signed before",
  readings_flood: "readings dropped because they came faster than they could be processed",
  readings_unusable: "measured values that do not fit a reading packet",
} as const;

export type LossReason = keyof typeof LOSS_REASONS;

/** One reason and how often, since the agent started. */
export interface LossCount {
  /** A `LossReason`, or a name that a newer agent has. */
  reason: string;
  count: number;
}

/** Longest name of a reason in a status packet, and how many reasons it has room for. */
export const MAX_LOSS_NAME_BYTES = 24;
export const MAX_LOSSES = 16;
const OTHER = "other";
const MAX_COUNT = 0xffff_ffff;

/** The phrase for a reason; a name that is not in the table is shown as it is. */
export const explainLoss = (reason: string): string =>
  Object.hasOwn(LOSS_REASONS, reason) ? LOSS_REASONS[reason as LossReason] : reason.replaceAll("_", " ");

/**
 * The list for a status packet: sorted by name; where there are too many, the rarest are added up as `other`; null where
 * nothing was lost.
 */
export function lossList(counts: Iterable<readonly [reason: string, count: number]>): LossCount[] | null {
  const all = [...counts].filter(([, count]) => count > 0);
  if (all.length === 0) return null;
  const byCount = all.toSorted(([a, n], [b, m]) => m - n || compare(a, b));
  const kept = all.length <= MAX_LOSSES ? byCount : byCount.slice(0, MAX_LOSSES - 1);
  const rest = byCount.slice(kept.length).reduce((sum, [, count]) => sum + count, 0);
  const listed = rest === 0 ? kept : [...kept, [OTHER, rest] as const];
  return listed
    .toSorted(([a], [b]) => compare(a, b))
    .map(([reason, count]) => ({ reason, count: Math.min(count, MAX_COUNT) }));
}

const compare = (a: string, b: string): number => (a < b ? -1 : 1);
