import type { Clock, Log } from "@earshot/protocol/hotspot";
import type { DriverCounts, FrameRefusals } from "../../driver.ts";
import { FrameTally } from "../frame-tally.ts";
import type { UplinkRefusal } from "./station-uplink.ts";

export interface BasicsStationCounts extends DriverCounts {
  refusals: FrameRefusals;
  /** Second readings of one transmission, dropped. */
  duplicates: number;
  /** Messages understood and of no use here, such as the output of a remote shell. */
  otherMessages: number;
  /** Messages of a session that another one replaced, and uplinks before the station was configured. */
  staleMessages: number;
  /** `dntxed` that nothing waited for: late, repeated, or from another session. */
  strayConfirmations: number;
  alarms: number;
  /** Connections that were turned away (`StationTrouble`), and discoveries answered with an error. */
  refusedRequests: number;
  /** Connections ended for a broken WebSocket frame, a message too long, or silence. */
  brokenConnections: number;
  /** Stations that connected while their earlier session was still open. */
  replacedSessions: number;
}

/** The counters of one server. */
export class StationCounters {
  frames = 0;
  badFrames = 0;
  garbageBytes = 0;
  duplicates = 0;
  otherMessages = 0;
  staleMessages = 0;
  strayConfirmations = 0;
  alarms = 0;
  refusedRequests = 0;
  brokenConnections = 0;
  replacedSessions = 0;
  readonly #tally: FrameTally;

  /** @param log gets the first refusal of each reason */
  constructor(clock: Pick<Clock, "elapsedMs">, log?: Log) {
    this.#tally = new FrameTally(clock, log);
  }

  accept(): void {
    this.frames += 1;
    this.#tally.accept();
  }

  refuse(code: UplinkRefusal): void {
    this.badFrames += 1;
    this.#tally.refuse(code);
  }

  /** A station that may not connect, or has no room. */
  refuseRequest(): void {
    this.refusedRequests += 1;
    this.#tally.count("forwarder_refused");
  }

  /** An uplink of a station that was not configured yet. */
  refuseUnready(): void {
    this.staleMessages += 1;
    this.#tally.count("frame_unready");
  }

  /** A message that is none: not JSON, or without a type. */
  refuseMessage(): void {
    this.badFrames += 1;
    this.#tally.refuse("datagram_damaged");
  }

  snapshot(droppedReadings: number): BasicsStationCounts {
    return { ...this, refusals: this.#tally.refusals, droppedReadings };
  }
}
