import type { ModemFault } from "./modem-faults.ts";

/**
 * What a modem is doing.
 *
 * - `opening`: its port is not open yet. `configuring`: it is asked who it is, and set.
 * - `listening`, `transmitting`: as it should be.
 * - `silent`: it did not answer three times. `unintelligible`: what it sends means nothing, as with a wrong baud
 *   rate. `wrong-module`: another device answers. `refused`: it does not accept a needed setting. `resets`: it starts
 *   again and again, mostly for want of current. With each of these the driver has ended; open a new one to try again.
 * - `lost`: the link went away. `closed`: by `close()`.
 */
export type ModemState =
  | "opening"
  | "configuring"
  | "listening"
  | "transmitting"
  | ModemFault
  | "lost"
  | "closed";

/** What is known of a modem, for a status page; counters since the driver was opened. */
export interface ModemFacts {
  state: ModemState;
  /** As the module reports it. */
  firmware?: string;
  /** True when no other kind of radio hears its frames, or it theirs: beacons with it prove nothing to others. */
  ownAirFormat: boolean;
  /** What its firmware lacks, in sentences. */
  cautions: string[];
  /** Times it was told to receive again because it stops after each frame. */
  rearms: number;
  /** Times it was found not receiving, or not as it was set, without having reported it. */
  lapses: number;
  /** Times it started again by itself. */
  resets: number;
  busyRetries: number;
  /** Commands that were not answered in time. */
  silences: number;
  /** Answers to nothing: late ones, or another program talks to the modem too. */
  strayAnswers: number;
  /** Receptions with a bad CRC or header. */
  rfErrors: number;
  /** Frames left out because it was not known on which channel they came. */
  framesElsewhere: number;
}
