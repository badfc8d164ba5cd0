import { PayloadWriter } from "./payload-writer.ts";
import { encodeUbxFrame } from "./ubx-frame.ts";

/** What the receiver may assume of its own movement; `stationary` filters hardest and caps the speed. */
export type DynamicModel = "portable" | "stationary" | "pedestrian" | "automotive" | "sea" | "airborne1g";

/** Numbers shared by CFG-NAV5 and the key CFG-NAVSPG-DYNMODEL. */
export const DYNAMIC_MODELS: Readonly<Record<DynamicModel, number>> = {
  portable: 0,
  stationary: 2,
  pedestrian: 3,
  automotive: 4,
  sea: 5,
  airborne1g: 6,
};

/** Configuration up to generation 8. Each is answered by ACK-ACK or ACK-NAK. */
export const CFG_CLASS = 0x06;

/**
 * CFG-MSG, class 06 id 01, 3 bytes (M8: UBX-CFG-MSG): how often a message is sent on the port that this arrives on,
 * once in `everyEpochs` epochs; 0 is never.
 */
export function encodeCfgMsg(messageClass: number, id: number, everyEpochs: number): Uint8Array {
  checkRange("Message rate", everyEpochs, 0, 255);
  return config(0x01, new PayloadWriter(3).u1(0, messageClass).u1(1, id).u1(2, everyEpochs));
}

/** CFG-RATE, class 06 id 08, 6 bytes (M8: UBX-CFG-RATE): ms between measurements, a solution for each, GPS time. */
export function encodeCfgRate(measurementMs: number): Uint8Array {
  checkRange("Measurement interval", measurementMs, 25, 65_535);
  return config(0x08, new PayloadWriter(6).u2(0, measurementMs).u2(2, 1).u2(4, 1));
}

/** CFG-NAV5, class 06 id 24, 36 bytes (M8: UBX-CFG-NAV5); the mask lets only the dynamic model be changed. */
export function encodeCfgNav5(model: DynamicModel): Uint8Array {
  return config(0x24, new PayloadWriter(36).u2(0, 1).u1(2, DYNAMIC_MODELS[model]));
}

export interface UartSettings {
  /** 1 or 2. */
  uart: number;
  baudRate: number;
  /** What the receiver understands, and what it sends. */
  input: readonly PortProtocol[];
  output: readonly PortProtocol[];
}

type PortProtocol = "ubx" | "nmea" | "rtcm3";
const PROTOCOL_BITS: Readonly<Record<PortProtocol, number>> = { ubx: 1, nmea: 2, rtcm3: 32 };
/** 8 data bits, no parity, 1 stop bit. */
const MODE_8N1 = 0x08d0;

/** CFG-PRT, class 06 id 00, 20 bytes (M8: UBX-CFG-PRT, UART). A new baud rate applies from the answer on. */
export function encodeCfgPrt({ uart, baudRate, input, output }: UartSettings): Uint8Array {
  checkRange("UART", uart, 1, 2);
  checkRange("Baud rate", baudRate, 4800, 921_600);
  const mask = (protocols: readonly PortProtocol[]) =>
    protocols.reduce((bits, protocol) => bits | PROTOCOL_BITS[protocol], 0);
  const payload = new PayloadWriter(20).u1(0, uart).u4(4, MODE_8N1).u4(8, baudRate);
  return config(0x00, payload.u2(12, mask(input)).u2(14, mask(output)));
}

function config(id: number, payload: PayloadWriter): Uint8Array {
  return encodeUbxFrame({ messageClass: CFG_CLASS, id, payload: payload.bytes });
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} is ${value}; allowed are whole numbers ${min} to ${max}`);
  }
}
