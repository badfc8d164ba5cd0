import { describe, expect, test } from "bun:test";
import { QUANTITIES } from "@earshot/protocol";
import { MAX_REGISTERS } from "../modbus-pdu.ts";
import { groupRegisters } from "../register-groups.ts";
import { type RegisterMap, registerMapProblems, registersOf } from "../register-map.ts";
import { METER_MAPS, type MeterMap } from "./maps.ts";
import { SUNSPEC_INVERTERS } from "./sunspec-models.ts";

const registerMaps = Object.values(METER_MAPS as Record<string, MeterMap>).filter(
  (map) => map.kind === "registers",
);

describe.each(registerMaps.map((map) => [map.device, map] as const))("%s", (_device, map) => {
  test("has no problems", () => expect(registerMapProblems(map)).toEqual([]));

  test("its quantities are known", () => {
    for (const { quantity } of map.entries) expect(QUANTITIES).toHaveProperty(quantity);
  });

  test("is read with one or two requests that hold every entry", () => {
    const groups = groupRegisters(map.entries, map);
    expect(groups.length).toBeLessThanOrEqual(2);
    for (const { request, entries } of groups) {
      expect(request.count).toBeLessThanOrEqual(map.maxRegisters);
      for (const entry of entries) {
        expect(entry.function).toBe(request.function);
        expect(entry.address).toBeGreaterThanOrEqual(request.address);
        expect(entry.address + registersOf(entry.type)).toBeLessThanOrEqual(request.address + request.count);
      }
    }
    expect(groups.flatMap(({ entries }) => entries)).toHaveLength(map.entries.length);
  });
});

test.each([...SUNSPEC_INVERTERS])(
  "SunSpec model %d fits its length and one request",
  (_id, { length, points }) => {
    expect(length + 2).toBeLessThanOrEqual(MAX_REGISTERS);
    expect(new Set(points.map(({ quantity }) => quantity)).size).toBe(points.length);
    for (const { quantity, offset, type, exponentOffset = 2 } of points) {
      expect(QUANTITIES).toHaveProperty(quantity);
      expect(offset).toBeGreaterThanOrEqual(2);
      expect(offset + (type.endsWith("16") ? 1 : 2)).toBeLessThanOrEqual(length + 2);
      expect(exponentOffset).toBeWithin(2, length + 2);
    }
  },
);

test("a map's problems are told in words", () => {
  const entry = { quantity: "power_w", function: 4, address: 0, type: "f32", scale: 1 } as const;
  const map: RegisterMap = {
    kind: "registers",
    device: "Test",
    maxRegisters: 200,
    maxGapRegisters: -1,
    energy: { maxPowerW: 0 },
    entries: [entry, { ...entry, address: 1 }, { ...entry, quantity: "Power", address: 65_535, scale: 0 }],
  };
  expect(registerMapProblems(map)).toEqual([
    "Test: maxRegisters is 200",
    "Test: maxGapRegisters is -1",
    "Test: maxPowerW is 0",
    "Test: power_w is there twice",
    'Test: "Power" is no quantity name',
    "Test: Power is at 65535; allowed are 0 to 65535",
    "Test: the scale of Power is 0",
    "Test: power_w and power_w overlap at 1",
  ]);
  expect(registerMapProblems({ ...map, entries: [] })[0]).toBe("Test: 0 entries; allowed are 1 to 16");
});
