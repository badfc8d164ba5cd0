import { expect, test } from "bun:test";
import { decodeUbx } from "./messages.ts";

/** The message in a payload written as hex, with spaces between the fields of the interface description. */
function message(name: number, hex: string) {
  const payload = Uint8Array.fromHex(hex.replaceAll(" ", ""));
  const result = decodeUbx({ messageClass: name >> 8, id: name & 0xff, payload });
  if (!result.ok) throw new Error(result.code);
  return result.message;
}

test.each([
  ["00", undefined],
  ["08", "none"],
  ["10", "indicated"],
  ["18", "affirmed"],
])("NAV-STATUS with flags2 %s: spoofing is %s", (flags2, spoofing) => {
  const reported = message(0x0103, `e8030000 03 0d 00 ${flags2} 10270000 204e0000`);
  expect(reported as object).toEqual({
    kind: "nav-status",
    towMs: 1000,
    fixType: 3,
    fixOk: true,
    weekValid: true,
    towValid: true,
    ...(spoofing === undefined ? {} : { spoofing }),
    timeToFirstFixMs: 10_000,
    sinceStartMs: 20_000,
  });
});

test("NAV-TIMELS: 18 leap seconds, one more announced in 921600 s; nothing when nothing is valid", () => {
  const fields = (valid: string) => `e8030000 00 000000 02 12 02 01 00100e00 8908 0700 000000 ${valid}`;
  const towMs = 1000;
  expect(message(0x0126, fields("03")) as object).toEqual({
    kind: "nav-timels",
    towMs,
    leapSeconds: 18,
    change: 1,
    secondsToChange: 921_600,
  });
  expect(message(0x0126, fields("01")) as object).toEqual({ kind: "nav-timels", towMs, leapSeconds: 18 });
  expect(message(0x0126, fields("00")) as object).toEqual({ kind: "nav-timels", towMs });
});

test("TIM-SVIN: 300 s of survey on the x axis, 0.5 m, still running", () => {
  // 6 378 137.00 m is the ellipsoid's equator; the variance is 250 000 mm².
  const survey = message(0x0d04, "2c010000 c4430426 00000000 00000000 90d00300 2c010000 00 01 0000");
  expect(survey).toMatchObject({
    kind: "survey-in",
    active: true,
    valid: false,
    durationS: 300,
    observations: 300,
    errorM: 0.5,
    latDeg: 0,
    lonDeg: 0,
  });
  if (survey.kind !== "survey-in") throw new Error("no survey");
  expect(survey.altHaeM).toBeCloseTo(0, 6);
});

test("NAV-SAT: system, number, C/N0, direction and use; a GLONASS satellite of unknown number is left out", () => {
  const entries = [
    "00 05 2e 28 2c01 f6ff 1f190000",
    "06 ff 1e 0a 0a00 0000 00000000",
    "02 18 00 fb 5a00 0000 00000000",
  ];
  expect(message(0x0135, `e8030000 01 03 0000 ${entries.join(" ")}`) as object).toEqual({
    kind: "nav-sat",
    towMs: 1000,
    satellites: [
      { system: "G", id: 5, elevationDeg: 40, azimuthDeg: 300, cn0DbHz: 46, used: true },
      { system: "E", id: 24, elevationDeg: -5, azimuthDeg: 90, used: false },
    ],
  });
});
