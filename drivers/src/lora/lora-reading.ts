import type { Driver } from "../driver.ts";

/** What a level is of: everything in the channel, noise included, or the frame alone. */
export type RssiKind = "channel" | "signal";

/** What is known of every frame with a good CRC, whatever its modulation. */
export interface HeardFrame {
  kind: "frame";
  /** Host time of arrival, ms since the Unix epoch. */
  atMs: number;
  bytes: Uint8Array;
  freqHz: number;
  /** Signal RSSI where the radio gives it, else channel RSSI; absent when it reported NaN. */
  rssiDbm?: number;
  /** Absent where it is not documented, as of modems, or no level is known. */
  rssiKind?: RssiKind;
  snrDb?: number;
  /** Concentrator counter at the end of reception, µs, wraps at 2^32. */
  tmstUs?: number;
  /** UTC at reception from the radio's GPS (tmms), ms since the Unix epoch; absent when unsynchronised. */
  gpsTimeMs?: number;
  /** How many times 1024 weeks before `gpsTimeMs` the date is that this GPS reported: it needs new firmware. */
  gpsWeekRollovers?: number;
  /** Nanoseconds since the last PPS. */
  fineTimeNs?: number;
  /** The radio took a fine time: readable (false), or encrypted by it for who has its key (true, and no `fineTimeNs`). */
  fineTimeEncrypted?: boolean;
  /** Carrier of the frame less that of this radio, as its demodulator measured it. */
  freqOffsetHz?: number;
  channel?: number;
  radio?: number;
  /** The concentrator's own number of the antenna of which the level is. */
  antenna?: number;
  /** EUI of the concentrator that heard it, 16 hex digits; where several use one, followed by ` (host:port)`. */
  gatewayEui?: string;
}

/** One LoRa frame heard with a good CRC. */
export interface LoraFrame extends HeardFrame {
  modulation: "lora";
  spreadingFactor: number;
  bandwidthHz: number;
  codingRate?: "4/5" | "4/6" | "4/7" | "4/8" | "off";
}

/** One FSK frame heard with a good CRC: it has no spreading factor and can never be a beacon. */
export interface FskFrame extends HeardFrame {
  modulation: "fsk";
  bitRateBps: number;
}

/** One LR-FHSS frame heard with a good CRC: it hops within its channel and can never be a beacon. */
export interface LrFhssFrame extends HeardFrame {
  modulation: "lr-fhss";
  /** Nominal operating channel width, such as 137,000. */
  bandwidthHz: number;
}

export type RadioFrame = LoraFrame | FskFrame | LrFhssFrame;

/** What was heard on one channel since the driver was opened. */
export interface ChannelCounts {
  freqHz: number;
  /** The concentrator's own number for it. */
  channel?: number;
  /** Frames with a good CRC, ghosts of strong ones on neighbouring channels included. */
  rxOk: number;
  /** Frames with a bad CRC, where the forwarder passes them on. */
  rxBad: number;
  /** Channel RSSI, mean of about the last 16. */
  rssiDbm?: number;
}

/** What was heard through one of the concentrator's radios: one that hears far less than the other has a bad path. */
export interface RadioChainCounts extends Omit<ChannelCounts, "freqHz" | "channel"> {
  radio: number;
}

/** What the radio reports about itself, with counters since this driver was opened. */
export interface RadioStatus {
  kind: "radio";
  atMs: number;
  /** Absent for a modem, which has none. */
  gatewayEui?: string;
  /** Received frames by CRC result. */
  rxOk: number;
  rxBad: number;
  rxNoCrc: number;
  transmitted: number;
  /** As reported in the last `stat`: share of upstream datagrams acknowledged, 0 to 100. */
  ackPercent?: number;
  /** How many channels and spreading factors it can hear at once, where it is reported or its kind implies it: a modem 1 and 1. */
  channels?: number;
  spreadingFactors?: number;
  /** By frequency; a concentrator only, as are the three below. */
  channelCounts?: readonly ChannelCounts[];
  radioCounts?: readonly RadioChainCounts[];
  /** Share of frames with a bad CRC among those with one, 0 to 1000; absent before the first. */
  crcErrorPermille?: number;
  /** Frames on channels outside the region's plan; absent where no region was given. */
  rxOffPlan?: number;
  /** Its frames carry a header of its own, so no other kind of radio hears them, or it theirs: no beacons with it. */
  ownAirFormat?: true;
  temperatureC?: number;
  latDeg?: number;
  lonDeg?: number;
  altM?: number;
}

/** Narrow frames on `modulation` before reading a spreading factor. */
export type LoraReading = RadioFrame | RadioStatus;

export interface LoraTransmission {
  bytes: Uint8Array;
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
  /** Conducted power asked for, dBm. */
  powerDbm: number;
  /** Which concentrator sends, where one driver serves several; the driver's choice when absent. */
  gatewayEui?: string;
}

/**
 * `sent: false` names the forwarder's own error, or ours: `NO_FORWARDER`, `NO_ACK`, `SEND_FAILED`, `QUEUE_FULL` (too
 * many wait for their answer), `CLOSED`; a modem's stand at `openModem`.
 * `unacknowledged` marks a frame handed to a forwarder that does not report whether it sent it.
 */
export type TransmitResult =
  | { sent: true; powerDbm: number; tmstUs?: number; unacknowledged?: true }
  | { sent: false; error: string };

/** A radio that can also send. */
export interface LoraRadio extends Driver<LoraReading> {
  transmit(transmission: LoraTransmission): Promise<TransmitResult>;
}

/** A packet forwarder or station as a radio that waits for them knows it. */
export interface ConcentratorState {
  gatewayEui: string;
  /** Its last word, by the monotonic clock. */
  lastSeenElapsedMs: number;
  /** The address that it speaks from; absent while it is not connected. */
  host?: string;
  canTransmit: boolean;
  /** Where they come from, when several concentrators use this EUI. */
  sharedBy?: string[];
  /** Of a station: how often its connection ended in the last hour. */
  lostInHour?: number;
}
