import { expect, test } from "bun:test";
import { NmeaSky, parseGsa } from "./nmea-sky.ts";
import type { Satellite } from "./reading.ts";
import { satelliteId } from "./satellite-ids.ts";

const add = (sky: NmeaSky, ...bodies: string[]) => {
  for (const body of bodies) sky.addGsv(body.slice(0, 2), body.split(","));
};
const ids = (satellites: readonly Satellite[]) =>
  satellites.map(({ system, id }) => `${system}${id}`).join(" ");

test("two signals of one satellite are one satellite with the better C/N0", () => {
  const sky = new NmeaSky();
  add(sky, "GPGSV,1,1,02,05,06,110,19,10,24,284,34,1", "GPGSV,1,1,02,05,06,110,23,10,24,284,,6");
  expect(sky.satellites(undefined)).toEqual([
    { system: "G", id: 5, elevationDeg: 6, azimuthDeg: 110, cn0DbHz: 23 },
    { system: "G", id: 10, elevationDeg: 24, azimuthDeg: 284, cn0DbHz: 34 },
  ]);
});

test("a report with a lost sentence changes nothing", () => {
  const sky = new NmeaSky();
  add(sky, "GPGSV,2,1,05,01,,,,02,,,,03,,,,04,,,", "GPGSV,2,2,05,05,,,");
  expect(ids(sky.satellites(undefined))).toBe("G1 G2 G3 G4 G5");
  add(sky, "GPGSV,3,1,09,11,,,,12,,,,13,,,,14,,,", "GPGSV,3,3,09,19,,,");
  expect(ids(sky.satellites(undefined))).toBe("G1 G2 G3 G4 G5");
});

test("a constellation that is told no more disappears after a round", () => {
  const sky = new NmeaSky();
  add(sky, "GPGSV,1,1,01,01,,,", "GLGSV,1,1,01,65,,,", "GAGSV,1,1,01,02,,,");
  expect(ids(sky.satellites(undefined))).toBe("G1 R1 E2");
  add(sky, "GPGSV,1,1,01,01,,,", "GAGSV,1,1,01,02,,,");
  add(sky, "GPGSV,1,1,01,01,,,", "GAGSV,1,1,01,02,,,");
  expect(ids(sky.satellites(undefined))).toBe("G1 E2");
});

test("an empty sky empties the report", () => {
  const sky = new NmeaSky();
  add(sky, "GPGSV,1,1,01,01,,,", "GPGSV,1,1,00");
  expect(sky.satellites(undefined)).toEqual([]);
});

test("talkers that nobody knows share one place", () => {
  const sky = new NmeaSky();
  for (let code = 0; code < 676; code += 1) {
    const talker = String.fromCharCode(65 + (code % 26), 65 + Math.floor(code / 26));
    add(sky, `${talker}GSV,1,1,01,01,,,`);
  }
  expect(sky.satellites(undefined).length).toBeLessThanOrEqual(8);
});

test.each([
  ["GNGSA,A,3,13,16,,,,,,,,,,,1.05,0.64,0.83,1", "G13 G16"],
  ["GNGSA,A,3,82,66,,,,,,,,,,,1.05,0.64,0.83,2", "R18 R2"],
  ["GNGSA,A,3,07,33,,,,,,,,,,,1.05,0.64,0.83,3", "E7 E33"],
  ["GNGSA,A,3,13,37,,,,,,,,,,,1.05,0.64,0.83,4", "C13 C37"],
  ["GNGSA,A,3,29,67,51,193,,,,,,,,,1.05,0.64,0.83", "G29 R3 S138 J1"],
  ["GBGSA,A,3,201,14,,,,,,,,,,,1.05,0.64,0.83", "C1 C14"],
])("%s uses %s", (text, used) => {
  expect(parseGsa(text.slice(0, 2), text.split(",")).used.join(" ")).toBe(used);
});

test("a number outside every constellation keeps its number", () => {
  expect(satelliteId(undefined, 250)).toEqual({ system: "C", id: 50 });
  expect(satelliteId(undefined, 999)).toEqual({ system: "?", id: 999 });
  expect(satelliteId("E", 305)).toEqual({ system: "E", id: 5 });
});
