import { isMainsVoltage, type KnownMeter, type RegisterEntry, type RegisterMap } from "../register-map.ts";

const input = (
  quantity: string,
  address: number,
  type: RegisterEntry["type"],
  scale: number,
): RegisterEntry => ({ quantity, function: 4, address, type, wordOrder: "low-first", scale });

/**
 * Peacefair PZEM-016 (also -014 and PZEM-004T from version 3), 100 A: 9600 baud and unit 1 as delivered. Of two
 * registers the low word comes first.
 */
export const PZEM_016: RegisterMap & KnownMeter = {
  kind: "registers",
  device: "Peacefair PZEM-016",
  row: {
    device: "Peacefair PZEM-016, PZEM-014 (PZEM-004T from version 3 over TTL)",
    wiring: "the same; 9600 baud",
    config: ['device = "/dev/ttyUSB0"', "baud = 9600", "unit = 1"],
    testedWith: "the same",
  },
  mainsVoltage(registers) {
    const volts = registers.getUint16(0) / 10;
    return isMainsVoltage(volts) ? volts : undefined;
  },
  maxRegisters: 10,
  maxGapRegisters: 0,
  // Its manual ends the range at 9999.99 kWh, the register at 32 bits.
  energy: { rolloversWh: [10_000_000, 2 ** 32], maxPowerW: 26_000 },
  entries: [
    input("voltage_v", 0, "u16", 0.1),
    input("current_a", 1, "u32", 0.001),
    input("power_w", 3, "u32", 0.1),
    input("energy_wh", 5, "u32", 1),
    input("frequency_hz", 7, "u16", 0.1),
    input("power_factor", 8, "u16", 0.01),
  ],
};
