import { isMainsVoltage, type KnownMeter, type RegisterEntry, type RegisterMap } from "../register-map.ts";

/** Input registers, floats, high word first. */
const float = (quantity: string, address: number, scale = 1): RegisterEntry => ({
  quantity,
  function: 4,
  address,
  type: "f32",
  scale,
});

/** Of the first phase, and of the three phases on an SDM630. */
const voltagesOf = (registers: DataView) => [0, 4, 8].map((at) => registers.getFloat32(at));

/** Eastron SDM120-Modbus, single phase, 45 A: 2400 baud and unit 1 as delivered (SDM120 Modbus protocol, 1.1). */
export const SDM120: RegisterMap & KnownMeter = {
  kind: "registers",
  device: "Eastron SDM120",
  row: {
    device: "Eastron SDM120-Modbus",
    wiring: "RS-485 adapter: A to A, B to B, 120 Ω at both ends of a long line; 2400 baud as delivered",
    config: ['device = "/dev/ttyUSB0"', "baud = 2400", "unit = 1"],
    testedWith: "a meter made of software over a pty; frames of its manual",
  },
  mainsVoltage(registers) {
    const [first = 0, ...others] = voltagesOf(registers);
    return isMainsVoltage(first) && !others.some(isMainsVoltage) ? first : undefined;
  },
  maxRegisters: 80,
  maxGapRegisters: 8,
  energy: { maxPowerW: 15_000 },
  entries: [
    float("voltage_v", 0x00),
    float("current_a", 0x06),
    float("power_w", 0x0c),
    float("apparent_power_va", 0x12),
    float("reactive_power_var", 0x18),
    float("power_factor", 0x1e),
    float("frequency_hz", 0x46),
    float("energy_wh", 0x48, 1000),
    float("energy_exported_wh", 0x4a, 1000),
  ],
};

/** Eastron SDM630-Modbus, three phases, 100 A: 9600 baud and unit 1 as delivered (SDM630 Modbus protocol, 1.2). */
export const SDM630: RegisterMap & KnownMeter = {
  kind: "registers",
  device: "Eastron SDM630",
  row: {
    device: "Eastron SDM630-Modbus",
    wiring: "the same; 9600 baud as delivered",
    config: ['device = "/dev/ttyUSB0"', "baud = 9600", "unit = 1"],
    testedWith: "its map checked against published lists",
  },
  mainsVoltage(registers) {
    const [first = 0, ...others] = voltagesOf(registers);
    return isMainsVoltage(first) && others.some(isMainsVoltage) ? first : undefined;
  },
  maxRegisters: 80,
  maxGapRegisters: 40,
  energy: { maxPowerW: 100_000 },
  entries: [
    float("voltage_l1_v", 0x00),
    float("voltage_l2_v", 0x02),
    float("voltage_l3_v", 0x04),
    float("current_l1_a", 0x06),
    float("current_l2_a", 0x08),
    float("current_l3_a", 0x0a),
    float("power_l1_w", 0x0c),
    float("power_l2_w", 0x0e),
    float("power_l3_w", 0x10),
    float("power_w", 0x34),
    float("reactive_power_var", 0x3c),
    float("power_factor", 0x3e),
    float("frequency_hz", 0x46),
    float("energy_wh", 0x48, 1000),
    float("energy_exported_wh", 0x4a, 1000),
  ],
};
