/** Ports of a receiver, by how far their keys are from those of I2C in the message-rate group. */
export const PORT_OFFSETS = { uart1: 1, uart2: 2, usb: 3 } as const;
export type UbxPort = keyof typeof PORT_OFFSETS;

/** Keys of generation 9 and later (F9, M10: "Configuration interface"). */
export const KEYS = {
  /** Milliseconds between measurements. */
  measurementMs: 0x30210001,
  /** Measurements for one solution. */
  measurementsPerSolution: 0x30210002,
  dynamicModel: 0x20110021,
} as const;

/** Whether UBX is sent on the port at all. */
export const UBX_OUTPUT_KEYS: Readonly<Record<UbxPort, number>> = {
  uart1: 0x10740001,
  uart2: 0x10760001,
  usb: 0x10780001,
};

/** A message that a receiver can send by itself: class, id, and the key of its rate on I2C. */
export interface OutputMessage {
  messageClass: number;
  id: number;
  rateKey: number;
}

const message = (name: number, rateKey: number): OutputMessage => ({
  messageClass: name >> 8,
  id: name & 0xff,
  rateKey,
});

export const UBX_OUTPUT = {
  "NAV-PVT": message(0x0107, 0x20910006),
  "NAV-SAT": message(0x0135, 0x20910015),
  "NAV-STATUS": message(0x0103, 0x2091001a),
  "NAV-DOP": message(0x0104, 0x20910038),
  "NAV-TIMEGPS": message(0x0120, 0x20910047),
  "NAV-TIMELS": message(0x0126, 0x20910060),
  "NAV-CLOCK": message(0x0122, 0x20910065),
  "NAV-SVIN": message(0x013b, 0x20910088),
  "NAV-EOE": message(0x0161, 0x2091015f),
  "TIM-TP": message(0x0d01, 0x2091017d),
  "TIM-SVIN": message(0x0d04, 0x20910097),
  "MON-HW": message(0x0a09, 0x209101b4),
  "MON-RF": message(0x0a38, 0x20910359),
  "SEC-SIG": message(0x2709, 0x20910634),
} as const;
export type UbxOutputName = keyof typeof UBX_OUTPUT;

/** The sentences that receivers send from the factory. */
export const NMEA_OUTPUT = {
  GGA: message(0xf000, 0x209100ba),
  GLL: message(0xf001, 0x209100c9),
  GSA: message(0xf002, 0x209100bf),
  GSV: message(0xf003, 0x209100c4),
  RMC: message(0xf004, 0x209100ab),
  VTG: message(0xf005, 0x209100b0),
} as const;
