import type { Ecef, Geodetic } from "./geodetic.ts";
import type { MsmSatellite, MsmSignal } from "./msm.ts";
import type { StationEquipmentMessage } from "./station-messages.ts";

export type ObservedSignal = MsmSignal;
export type ObservedSatellite = Readonly<MsmSatellite>;

/** A signal that was lost and found again, or slipped: its phase cannot be joined with what came before. */
export interface SignalGap {
  system: ObservedSatellite["system"];
  id: number;
  signal: string;
  /** From the last observation before the gap to the first one after it. */
  lastedMs: number;
}

/** The station's own antenna reference point (1005, 1006). */
export interface StationPosition extends Ecef, Geodetic {
  /** Host time at which it was last reported. */
  atMs: number;
  /** Above the marker; 1006 only. */
  antennaHeightM?: number;
  /** Of a virtual station, not of an antenna. */
  computed: boolean;
}

export type StationEquipment = Omit<StationEquipmentMessage, "kind" | "type" | "stationId">;

/** What a GNSS reference station observed at one epoch. */
export interface ReferenceStationReading {
  kind: "reference-station";
  /** Host time at which the epoch's last message arrived, ms since the Unix epoch. */
  atMs: number;
  /** Receiver time (UTC) of the epoch, ms since the Unix epoch; its week is the host's. */
  timeMs: number;
  /** 0 to 4095, as configured by its owner. */
  stationId: number;
  /** A message was marked as the epoch's last; otherwise the next epoch, another station or the end came first. */
  complete: boolean;
  satellites: readonly ObservedSatellite[];
  /** Cycle slips and losses that ended with this epoch. */
  gaps: readonly SignalGap[];
  /** As last reported by the same station. */
  position?: StationPosition;
  equipment?: StationEquipment;
}
