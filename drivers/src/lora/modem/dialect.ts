/** What a modem sent, classified without knowing what it was asked. */
export type ModemEvent =
  /** Ends a command. */
  | { kind: "status"; status: "ok" | "busy" | "error"; text: string }
  | ModemFrame
  /** A reception that failed: CRC, header. `orTransmission`: or a transmission, if one is under way. */
  | { kind: "rf-error"; text: string; orTransmission?: true }
  /** The receiver gave up waiting: nothing was on air, and it may have stopped. */
  | { kind: "receive-ended" }
  | { kind: "transmitted" }
  /** The module started again, and has forgotten its settings. */
  | { kind: "reset"; text: string }
  /** Anything else in one line: a value asked for, an echo, or noise. */
  | { kind: "line"; text: string }
  /** Begins like a frame and is none. */
  | { kind: "damaged"; text: string };

/** A frame as the module reported it, before it is known on which channel. */
export interface ModemFrame {
  kind: "frame";
  bytes: Uint8Array;
  rssiDbm?: number;
  snrDb?: number;
}

/** Bytes to events. Any bytes, in any pieces: never throws, and buffers at most `maxHeldBytes`. */
export interface ModemReader {
  /** Bytes that made no event: lines too long. */
  readonly garbageBytes: number;
  push(bytes: Uint8Array): ModemEvent[];
  /** Gives up a frame that was begun and does not come to its end; for readers that go by a length. */
  abandonPartialFrame?(): ModemEvent[];
}

export interface ModemCommand {
  /** Without its line end. */
  text: string;
  /** The line that carries the value asked for. */
  value?: RegExp;
  /** When it takes longer than an answer usually does. */
  timeoutMs?: number;
}

export interface ModemChannel {
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
}

/** Everything that a module is tuned to. */
export interface ModemTuning extends ModemChannel {
  powerDbm: number;
}

/** One thing to set. */
export interface ModemStep {
  name: string;
  /** Asked first; where its value is right already nothing is set: settings wear the module's flash. */
  query?: ModemCommand;
  isSet?: (value: string) => boolean;
  /** Tried in this order until one is accepted: firmware versions differ. */
  set: readonly ModemCommand[];
  /** A module that lacks it works without; the caution names the cost. */
  optional?: { caution?: string };
  /** Without it, its frames on air are not those of other radios. */
  neededOnAir?: true;
  /** The module starts again when this is set. */
  reboots?: true;
  /** Only the power of what it sends: one that lacks this power receives all the same. */
  isPower?: true;
}

/** What is asked after each frame where the event does not say it. */
interface SignalQuery {
  command: ModemCommand;
  field: "rssiDbm" | "snrDb";
}

/** How one family of modems is spoken to. Pure: commands and lines, no time and no link. */
export interface ModemDialect {
  name: string;
  /** For the error when nothing that it sends makes sense. */
  baudRates: string;
  limits: ModemLimits;
  /** Most bytes that its reader buffers. */
  maxHeldBytes: number;
  createReader(): ModemReader;
  /** Asks who it is. */
  identify: ModemCommand;
  /** False when another module answered. */
  isVersion(version: string): boolean;
  /** A value ends a command; no status follows. */
  valueEndsCommand: boolean;
  /** To point-to-point mode with the public sync word, plain IQ, a CRC and an explicit header. */
  configure(): readonly ModemStep[];
  tune(tuning: ModemTuning): readonly ModemStep[];
  /** Stops receiving, which setting and sending need. */
  stop?: ModemCommand;
  /** Begins to receive, the best way first; one marked `once` stops after a frame. */
  listen: readonly (ModemCommand & { once?: true })[];
  signal?: readonly SignalQuery[];
  /** Asked now and then: whether it still is as it was set, and receives, where it can report that. */
  check: ModemCommand;
  isChecked(value: string, tuning: ModemTuning): boolean;
  send(bytes: Uint8Array): ModemCommand;
  /** An event says when the frame has gone out; otherwise its status does. */
  confirmsTransmission: boolean;
  /** Longest time from a reset until it answers. */
  bootMs: number;
  /** Settings that expire are set again after this. */
  refreshMs?: number;
  /** Its frames carry a header of its own: no other kind of radio hears or makes them. */
  ownAirFormat: boolean;
}

/** What the module's radio can do. */
export interface ModemLimits {
  /** Inclusive, Hz. */
  freqHz: readonly (readonly [number, number])[];
  /** Spreading factors for each bandwidth in Hz, inclusive. */
  spreadingFactors: Readonly<Record<number, readonly [number, number]>>;
  /** Inclusive, whole dBm. */
  powerDbm: readonly [number, number];
  maxFrameBytes: number;
}

/** @throws {RangeError} for a channel that the module does not have, naming what is allowed */
export function checkChannel(name: string, limits: ModemLimits, channel: ModemChannel): void {
  const { freqHz, spreadingFactor, bandwidthHz } = channel;
  if (!Number.isInteger(freqHz) || !limits.freqHz.some(([min, max]) => freqHz >= min && freqHz <= max)) {
    const allowed = limits.freqHz.map(([min, max]) => `${min} to ${max}`).join(" and ");
    throw new RangeError(`${name}: frequency is ${freqHz} Hz; allowed are ${allowed} Hz`);
  }
  const range = limits.spreadingFactors[bandwidthHz];
  if (range === undefined) {
    const allowed = Object.keys(limits.spreadingFactors).join(", ");
    throw new RangeError(`${name}: bandwidth is ${bandwidthHz} Hz; allowed are ${allowed} Hz`);
  }
  const [min, max] = range;
  if (!Number.isInteger(spreadingFactor) || spreadingFactor < min || spreadingFactor > max) {
    throw new RangeError(
      `${name}: spreading factor is ${spreadingFactor}; allowed at ${bandwidthHz} Hz are ${min} to ${max}`,
    );
  }
}
