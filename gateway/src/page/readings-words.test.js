import { expect, test } from "bun:test";
import { faultsByRow, quantityLabel, soundText, valueText, valueWords } from "./readings-words.js";

const plain = (text) => text.replaceAll("\u202f", " ").replaceAll("\u2212", "-");

test("names lose their unit and become words", () => {
  const cases = [
    ["power_w", "Power"],
    ["cn0_db_hz", "C/N₀"],
    ["pm2_5_ug_per_m3", "PM2.5"],
    ["satellites_used", "Satellites used"],
    ["wind_speed_mps", "Wind speed"],
    ["uptime_s", "Uptime"],
    ["disk_free_percent", "Disk free"],
    ["toString", "ToString"],
  ];
  for (const [name, label] of cases) expect(quantityLabel(name)).toBe(label);
});

test("values have few digits and a unit of fitting size", () => {
  const cases = [
    [230.04, "V", "230 V"],
    [2.34567, "", "2.346"],
    [-0.2, "mm", "-0.2 mm"],
    [9999, "W", "9 999 W"],
    [4_251_300, "Wh", "4 251 kWh"],
    [-12_340, "W", "-12.34 kW"],
    [59, "s", "59 s"],
    [24_069, "s", "6 h"],
    [90_787, "MB", "90.79 GB"],
    [1e30, "", "1e+30"],
  ];
  for (const [value, unit, text] of cases) expect(plain(valueText(value, unit))).toBe(text);
  const underVoltage = [0, 0.2, 1].map((value) => valueWords(value, "", "under_voltage")[0]);
  expect(underVoltage).toEqual(["no", "at times", "yes"]);
});

test("a score is a share, and only a whole one is sound", () => {
  expect(soundText(1000)).toBe("Sound");
  expect([999, 825, 7, 0].map((score) => plain(soundText(score)))).toEqual([
    "99 % sound",
    "82 % sound",
    "0.7 % sound",
    "0 % sound",
  ]);
});

test("a silence of the whole device is told once, other faults where they are", () => {
  const silence = { code: "unavailable", sentence: "nothing came for 5 min" };
  const jump = { code: "jump", sentence: "jumped" };
  const of = (...rows) => faultsByRow(rows.map((faults) => ({ quality: { faults } })));
  expect(of([jump, silence], [silence])).toEqual({ shared: [silence], rows: [[jump], []] });
  const longer = { ...silence, sentence: "nothing came for 9 min" };
  expect(of([silence], [longer])).toEqual({ shared: [], rows: [[silence], [longer]] });
  expect(of([silence])).toEqual({ shared: [], rows: [[silence]] });
  expect(of([jump], [jump])).toEqual({ shared: [], rows: [[jump], [jump]] });
  expect(of()).toEqual({ shared: [], rows: [] });
});
