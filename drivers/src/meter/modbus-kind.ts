import { numberIn, oneOf, wholeIn } from "@earshot/protocol/runtime/config";
import { sensorKind } from "../devices/device-kind.ts";
import type { EnergyState } from "./energy-counter.ts";
import { METER_MAPS, type MeterMapName } from "./maps/maps.ts";
import { openModbusRtu, openModbusTcp } from "./meter.ts";
import { METER_VOLTAGE, SUNSPEC_MARK } from "./modbus-queries.ts";

const MAP_NAMES = Object.keys(METER_MAPS) as [MeterMapName, ...MeterMapName[]];
/** The driver itself gives up after five periods without an answer, and says more. */
const SILENT_PERIODS = 7;

/** Meters and inverters with Modbus, RTU on a serial line or TCP. */
export const modbus = sensorKind({
  type: "modbus",
  description: "Modbus device",
  queries: [METER_VOLTAGE, SUNSPEC_MARK],
  baud: 9600,
  silenceS: 120,
  keys: {
    unit: wholeIn(0, 255).default(1),
    map: oneOf(MAP_NAMES),
    period_s: numberIn(1, 3600).default(10),
  },
  problem: ({ unit }, section, isSerial) =>
    isSerial && (unit < 1 || unit > 247)
      ? `${section}.unit is ${unit}; allowed is a whole number from 1 to 247`
      : undefined,
  settings: ({ unit, map, period_s }) => ({ unit, map, periodMs: period_s * 1000 }),
  leastSilenceMs: ({ periodMs }) => SILENT_PERIODS * periodMs,
  open(link, { unit, map, periodMs }, { clock, address, memory }) {
    const options = { clock, unit, map, periodMs, energy: energyOf(memory) };
    const meter =
      "device" in address
        ? openModbusRtu(link, { ...options, baudRate: address.baud })
        : openModbusTcp(link, options);
    return Object.assign(meter, { memory: () => JSON.stringify(meter.state().energy) });
  },
  source: "meter",
  table: "meter",
  rows: MAP_NAMES.map((name) => {
    const { row } = METER_MAPS[name];
    return { ...row, config: [...row.config, `map = "${name}"`] };
  }),
});

/** Totals told before; none when they cannot be read, and the meter's own count begins them anew. */
function energyOf(memory: string | undefined): Record<string, EnergyState> {
  let value: unknown;
  try {
    value = JSON.parse(memory ?? "{}");
  } catch {
    return {};
  }
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, EnergyState] => isEnergyState(entry[1])),
  );
}

function isEnergyState(value: unknown): value is EnergyState {
  if (typeof value !== "object" || value === null) return false;
  const { totalWh, rawWh, atMs } = value as Record<string, unknown>;
  return [totalWh, rawWh, atMs].every((number) => Number.isFinite(number));
}
