import { FrameScanner } from "../link/frame-scanner.ts";
import { RTU } from "../meter/modbus-framing.ts";
import { decodeAnswerPdu, type ReadRequest } from "../meter/modbus-pdu.ts";
import type { FoundDevice } from "./found-device.ts";
import type { Query } from "./queries.ts";

/** Meters come with this address. */
const UNIT = 1;

/** Registers of an answer, or an exception: that too is a Modbus device. */
type Interpret = (registers: DataView | undefined) => FoundDevice;

/** Only reads: functions 3 and 4. */
function read(name: string, request: ReadRequest, interpret: Interpret): Query {
  const bytes = RTU.encode(UNIT, request, 0);
  const sent = { unit: UNIT, request, transaction: 0, bytes };
  return {
    name,
    request: bytes,
    recognise(heard) {
      for (const frame of new FrameScanner(RTU.format(sent)).push(heard)) {
        const pdu = RTU.answer(frame, sent);
        if (pdu === undefined) continue;
        const result = decodeAnswerPdu(pdu, request);
        return interpret(result.ok ? result.registers : undefined);
      }
      return undefined;
    },
  };
}

const modbus = (description: string, map?: FoundDevice["map"]): FoundDevice => ({
  type: "modbus",
  description,
  unit: UNIT,
  ...(map === undefined ? {} : { map }),
});

/** Mains voltages of all countries, with room. */
const isVoltage = (volts: number): boolean => volts >= 80 && volts <= 300;

/**
 * The first six input registers: Eastron has floats there, the first the voltage of the first phase, and of the three
 * phases on an SDM630; a PZEM tenths of a volt.
 */
export const METER_VOLTAGE = read(
  "Modbus input registers 0 to 5 of unit 1",
  { function: 4, address: 0, count: 6 },
  (registers) => {
    if (registers === undefined) return modbus("Modbus device, of a kind not known here");
    const [first, second, third] = [0, 4, 8].map((at) => registers.getFloat32(at)) as [
      number,
      number,
      number,
    ];
    if (isVoltage(first)) {
      const isThreePhase = isVoltage(second) || isVoltage(third);
      return isThreePhase
        ? modbus(`Eastron SDM630, ${first.toFixed(1)} V`, "sdm630")
        : modbus(`Eastron SDM120, ${first.toFixed(1)} V`, "sdm120");
    }
    const volts = registers.getUint16(0) / 10;
    if (isVoltage(volts)) return modbus(`Peacefair PZEM-016, ${volts.toFixed(1)} V`, "pzem-016");
    return modbus("Modbus device, of a kind not known here");
  },
);

const SUNS = 0x53756e53;

/** The mark of SunSpec, at the usual place. */
export const SUNSPEC_MARK = read(
  "SunSpec mark of unit 1",
  { function: 3, address: 40_000, count: 2 },
  (registers) =>
    registers?.getUint32(0) === SUNS
      ? modbus("SunSpec inverter or meter", "sunspec")
      : modbus("Modbus device, of a kind not known here"),
);
