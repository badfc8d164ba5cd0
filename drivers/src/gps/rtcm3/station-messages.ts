import { BitReader } from "./bit-reader.ts";
import { type Ecef, type Geodetic, geodeticOf } from "./geodetic.ts";

/** 1005 and 1006: where the antenna reference point is. */
export interface StationPositionMessage extends Ecef, Geodetic {
  kind: "station-position";
  type: number;
  stationId: number;
  /** Realisation year of the reference frame, as sent (DF021); 0 not reported. */
  itrfYear: number;
  /** Constellations that the station serves, by its own word; only these three have a bit. */
  systems: ("G" | "R" | "E")[];
  /** A virtual station computed from a network, not an antenna. */
  computed: boolean;
  /** Receiver clock common to all constellations (DF142). */
  singleOscillator: boolean;
  /** Antenna reference point above the marker, metres; 1006 only. */
  antennaHeightM?: number;
}

/** 1033: what the station is made of. Texts are ISO 8859-1, at most 255 characters, empty when not reported. */
export interface StationEquipmentMessage {
  kind: "station-equipment";
  type: number;
  stationId: number;
  antenna: string;
  /** 0: the standard calibration of the antenna type. */
  antennaSetupId: number;
  antennaSerial: string;
  receiver: string;
  firmware: string;
  receiverSerial: string;
}

/** 1230: what the receiver's GLONASS code and phase are apart, metres, for each signal reported. */
interface GlonassBiasMessage {
  kind: "glonass-bias";
  type: number;
  stationId: number;
  /** The ranges sent are corrected for the biases already. */
  aligned: boolean;
  biasM: Partial<Record<(typeof BIAS_SIGNALS)[number], number>>;
}

export type StationMessage = StationPositionMessage | StationEquipmentMessage | GlonassBiasMessage;

/** RINEX codes in the order of the FDMA signal mask (DF422). */
const BIAS_SIGNALS = ["1C", "1P", "2C", "2P"] as const;
const BIAS_STEP_M = 0.02;
const INVALID_BIAS = -(2 ** 15);
/** Coordinates and heights come in tenths of a millimetre; divided, so that the nearest double is the result. */
const STEPS_PER_M = 10_000;

/** Undefined for other messages; `truncated` for one of these that is too short. */
export function decodeStationMessage(payload: Uint8Array): StationMessage | "truncated" | undefined {
  const bits = new BitReader(payload);
  const type = bits.unsigned(12);
  const decode = DECODERS[type];
  if (decode === undefined) return undefined;
  const message = decode(bits, type);
  return bits.truncated ? "truncated" : message;
}

const DECODERS: Readonly<Record<number, (bits: BitReader, type: number) => StationMessage>> = {
  1005: position,
  1006: position,
  1033: equipment,
  1230: glonassBias,
};

function position(bits: BitReader, type: number): StationPositionMessage {
  const stationId = bits.unsigned(12);
  const itrfYear = bits.unsigned(6);
  const systems = (["G", "R", "E"] as const).filter(() => bits.flag());
  const computed = bits.flag();
  const xM = bits.signed(38) / STEPS_PER_M;
  const singleOscillator = bits.flag();
  bits.skip(1);
  const yM = bits.signed(38) / STEPS_PER_M;
  bits.skip(2);
  const zM = bits.signed(38) / STEPS_PER_M;
  const ecef = { xM, yM, zM };
  const height = type === 1006 ? { antennaHeightM: bits.unsigned(16) / STEPS_PER_M } : {};
  const reported = { stationId, itrfYear, systems, computed, singleOscillator };
  return { kind: "station-position", type, ...reported, ...ecef, ...geodeticOf(ecef), ...height };
}

function equipment(bits: BitReader, type: number): StationEquipmentMessage {
  const text = () => bits.text(bits.unsigned(8));
  return {
    kind: "station-equipment",
    type,
    stationId: bits.unsigned(12),
    antenna: text(),
    antennaSetupId: bits.unsigned(8),
    antennaSerial: text(),
    receiver: text(),
    firmware: text(),
    receiverSerial: text(),
  };
}

function glonassBias(bits: BitReader, type: number): GlonassBiasMessage {
  const stationId = bits.unsigned(12);
  const aligned = bits.flag();
  bits.skip(3);
  const biasM: GlonassBiasMessage["biasM"] = {};
  for (const signal of bits.mask(4).map((number) => BIAS_SIGNALS[number - 1] ?? "1C")) {
    const steps = bits.signed(16);
    if (steps !== INVALID_BIAS) biasM[signal] = steps * BIAS_STEP_M;
  }
  return { kind: "glonass-bias", type, stationId, aligned, biasM };
}
