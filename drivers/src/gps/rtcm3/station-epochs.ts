import { satelliteKey } from "../satellites.ts";
import { LockHistory } from "./lock-history.ts";
import type { MsmMessage, MsmSatellite, MsmSignal } from "./msm.ts";
import { msmUnixMs } from "./msm-time.ts";
import type { Rtcm3Message } from "./rtcm3-message.ts";
import type { StationEquipmentMessage, StationPositionMessage } from "./station-messages.ts";
import type { ReferenceStationReading, StationEquipment, StationPosition } from "./station-reading.ts";

interface OpenEpoch {
  stationId: number;
  timeMs: number;
  atMs: number;
  satellites: Map<string, MsmSatellite>;
}

interface ReportedBy<T> {
  stationId: number;
  reported: T;
}

/**
 * Brings the messages of one station's stream together into epochs.
 *
 * An epoch ends with the message that announces no further one, or when a message of another time or station comes.
 * A station that announces nothing makes one reading for each constellation; `stationQuality` joins them by time.
 */
export class StationEpochs {
  #open: OpenEpoch | undefined;
  #locks: ReportedBy<LockHistory> | undefined;
  #position: ReportedBy<StationPosition> | undefined;
  #equipment: ReportedBy<StationEquipment> | undefined;

  /** Readings that end with this message: none, one, or two when it ends the epoch before and its own. */
  add(message: Rtcm3Message, atMs: number): ReferenceStationReading[] {
    if (message.kind === "msm") return this.#addMsm(message, atMs);
    const { kind } = message;
    if (kind === "station-position") this.#position = reported(message, positionOf(message, atMs));
    if (kind === "station-equipment") this.#equipment = reported(message, equipmentOf(message));
    return [];
  }

  /** What is left when no more messages will come. */
  flush(): ReferenceStationReading[] {
    return this.#end(false);
  }

  #addMsm(message: MsmMessage, atMs: number): ReferenceStationReading[] {
    const timeMs = msmUnixMs(message.time, atMs);
    const before = this.#continues(message.stationId, timeMs) ? [] : this.#end(false);
    this.#open ??= { stationId: message.stationId, timeMs, atMs, satellites: new Map() };
    this.#open.atMs = atMs;
    for (const satellite of message.satellites) addSatellite(this.#open.satellites, satellite);
    return message.moreFollow ? before : [...before, ...this.#end(true)];
  }

  #continues(stationId: number, timeMs: number): boolean {
    return this.#open?.stationId === stationId && this.#open.timeMs === timeMs;
  }

  #end(complete: boolean): ReferenceStationReading[] {
    if (this.#open === undefined) return [];
    const { stationId, timeMs, atMs, satellites } = this.#open;
    this.#open = undefined;
    if (this.#locks?.stationId !== stationId) this.#locks = { stationId, reported: new LockHistory() };
    const gaps = this.#locks.reported.observe(satellites.values(), timeMs);
    const position = this.#position?.stationId === stationId ? this.#position.reported : undefined;
    const equipment = this.#equipment?.stationId === stationId ? this.#equipment.reported : undefined;
    return [
      {
        kind: "reference-station",
        ...{ atMs, timeMs, stationId, complete, satellites: [...satellites.values()], gaps },
        ...(position && { position }),
        ...(equipment && { equipment }),
      },
    ];
  }
}

function reported<T>({ stationId }: { stationId: number }, value: T): ReportedBy<T> {
  return { stationId, reported: value };
}

function positionOf(message: StationPositionMessage, atMs: number): StationPosition {
  const { kind: _, type, stationId, itrfYear, systems, singleOscillator, ...position } = message;
  return { atMs, ...position };
}

function equipmentOf(message: StationEquipmentMessage): StationEquipment {
  const { kind: _, type, stationId, ...equipment } = message;
  return equipment;
}

/** A satellite may be reported twice: with other signals, or as MSM4 and MSM7; the later word on a signal counts. */
function addSatellite(satellites: Map<string, MsmSatellite>, satellite: MsmSatellite): void {
  const known = satellites.get(satelliteKey(satellite));
  if (known === undefined) satellites.set(satelliteKey(satellite), satellite);
  else known.signals = laterSignals(known.signals, satellite.signals);
}

function laterSignals(first: MsmSignal[], second: MsmSignal[]): MsmSignal[] {
  return [...new Map([...first, ...second].map((one) => [one.signal, one])).values()];
}
