import { describe, expect, test } from "bun:test";
import { PROBE_PLAN } from "../discovery/probe-plan.ts";
import { testDevices } from "../discovery/test-devices.ts";
import { DEVICE_KINDS, kindOf, RADIOS, RECEIVERS, SENSORS } from "./registry.ts";

test("each type is there once, and another is refused", () => {
  const types = DEVICE_KINDS.map(({ type }) => type);
  expect(types.toSorted()).toEqual([...new Set(types)].toSorted());
  expect(kindOf(RADIOS, "rak3172").description).toBe("RAK3172 modem");
  expect(() => kindOf(RADIOS, "rak9999")).toThrow("There is no device of type rak9999");
});

describe.each(DEVICE_KINDS.map((kind) => [kind.type, kind] as const))("%s", (type, kind) => {
  const { sends, nameQuery, queries = [] } = kind;

  test("what it is asked is in the plan, at each of its baud rates", () => {
    for (const query of queries) {
      const asking = PROBE_PLAN.steps.filter((step) => step.queries.includes(query));
      const rates = asking.map(({ baudRate }) => baudRate);
      expect(rates.toSorted()).toEqual([...query.baudRates].toSorted());
    }
  });

  test("what can be recognised has a device made of software, with which probing is tested", () => {
    const isRecognised = sends !== undefined || nameQuery !== undefined || queries.length > 0;
    const hasTest = Object.values(testDevices()).some((device) => device.type === type);
    // Nothing opens SiRF: `identify.test.ts` has its bytes.
    expect(hasTest).toBe(isRecognised && type !== "sirf");
  });
});

test("devices of sections are documented, with a line that reaches them", () => {
  for (const { type, rows } of [...RADIOS, ...RECEIVERS, ...SENSORS]) {
    expect([type, rows.length]).not.toEqual([type, 0]);
    const reached = rows.every(({ config }) => config.some((line) => /^(device|host|listen) = /.test(line)));
    expect([type, reached]).toEqual([type, type !== "gpsd"]);
  }
});
