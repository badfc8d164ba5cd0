import type { FoundDevice, Query } from "../devices/device-kind.ts";
import { FrameScanner } from "../link/frame-scanner.ts";
import { METER_MAPS, type MeterMap } from "./maps/maps.ts";
import { RTU } from "./modbus-framing.ts";
import { decodeAnswerPdu, type ReadRequest } from "./modbus-pdu.ts";
import type { KnownMeter } from "./register-map.ts";

/** Meters come with this address. */
const UNIT = 1;

/** Registers of an answer, or an exception: that too is a Modbus device. */
type Interpret = (registers: DataView | undefined) => FoundDevice;

/** Only reads: functions 3 and 4. */
function read(
  { name, baudRates, request }: Pick<Query, "name" | "baudRates"> & { request: ReadRequest },
  interpret: Interpret,
): Query {
  const bytes = RTU.encode(UNIT, request, 0);
  const sent = { unit: UNIT, request, transaction: 0, bytes };
  return {
    name,
    baudRates,
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

const UNKNOWN = modbus("Modbus device, of a kind not known here");

/** Each kind of meter has its mains voltage somewhere in the first six input registers. */
export const METER_VOLTAGE = read(
  {
    name: `Modbus unit ${UNIT}: input registers 0 to 5`,
    baudRates: [9600, 2400, 19_200],
    request: { function: 4, address: 0, count: 6 },
  },
  (registers) => {
    for (const [name, meter] of Object.entries<MeterMap & KnownMeter>(METER_MAPS)) {
      const volts = registers && meter.mainsVoltage?.(registers);
      if (volts !== undefined) return modbus(`${meter.device}, ${volts.toFixed(1)} V`, name);
    }
    return UNKNOWN;
  },
);

const SUNS = 0x53756e53;

/** The mark of SunSpec, at the usual place. */
export const SUNSPEC_MARK = read(
  {
    name: `Modbus unit ${UNIT}: SunSpec's mark`,
    baudRates: [9600, 19_200],
    request: { function: 3, address: 40_000, count: 2 },
  },
  (registers) =>
    registers?.getUint32(0) === SUNS ? modbus("SunSpec inverter or meter", "sunspec") : UNKNOWN,
);
