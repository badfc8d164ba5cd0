import { describe, expect, test } from "bun:test";
import type { Satellite } from "./gps-reading.ts";
import { NmeaSky, parseGsa } from "./nmea-sky.ts";
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

describe("one numbered run", () => {
  test("over several signals of a talker, as a Quectel LC79D tells its sky", () => {
    const sky = new NmeaSky();
    const round = [
      "GPGSV,3,1,10,02,25,260,39,04,15,092,27,05,,,14,06,12,215,45",
      "GPGSV,3,2,10,07,80,137,44,09,53,089,27,30,55,211,49",
      "GPGSV,3,3,10,06,,,40,09,,,27,30,,,39,8",
      "QZGSV,1,1,01,02,05,042,29",
      "GAGSV,2,1,04,102,28,167,40,103,69,097,33",
      "GAGSV,2,2,04,102,,,43,103,,,29,1",
    ];
    add(sky, ...round, ...round);
    expect(ids(sky.satellites(undefined))).toBe("G2 G4 G5 G6 G7 G9 G30 J2 E2 E3");
    expect(sky.satellites(undefined).find(({ system, id }) => system === "E" && id === 2)).toEqual({
      ...{ system: "E", id: 2, elevationDeg: 28, azimuthDeg: 167, cn0DbHz: 43 },
    });
  });

  test("of each of two systems, with a system id behind the signal: a Quectel EG25's $PQGSV", () => {
    const sky = new NmeaSky();
    add(sky, "PQGSV,2,1,05,02,20,116,,03,,,,05,34,137,,07,05,046,,0,4", "PQGSV,2,2,05,28,07,039,21,0,4");
    add(sky, "PQGSV,1,1,01,03,61,101,33,0,5");
    expect(ids(sky.satellites(undefined))).toBe("C2 C3 C5 C7 C28 J3");
  });

  test("of each system, all from the talker GN or GP", () => {
    for (const talker of ["GN", "GP"]) {
      const sky = new NmeaSky();
      const round = [`${talker}GSV,1,1,02,05,,,30,12,,,31`, `${talker}GSV,1,1,02,65,,,20,72,,,21`];
      add(sky, ...round, ...round);
      expect(ids(sky.satellites(undefined))).toBe("G5 G12 R1 R8");
    }
  });

  test("mixed with another talker's, and over several epochs", () => {
    const sky = new NmeaSky();
    add(sky, "GPGSV,2,1,05,01,,,,02,,,,03,,,,04,,,", "GLGSV,2,1,05,65,,,,66,,,,67,,,,68,,,");
    add(sky, "GPGSV,2,2,05,05,,,", "GLGSV,2,2,05,69,,,");
    expect(ids(sky.satellites(undefined))).toBe("G1 G2 G3 G4 G5 R1 R2 R3 R4 R5");
  });

  test("that is always cut before its end is a sky all the same, and never a mixture", () => {
    const sky = new NmeaSky();
    const cut = (first: number) =>
      `GPGSV,3,1,09,${[0, 1, 2, 3].map((more) => `${first + more},,,30`).join(",")}`;
    add(sky, cut(1), cut(5));
    expect(ids(sky.satellites(undefined))).toBe("G1 G2 G3 G4");
    add(sky, cut(11));
    expect(ids(sky.satellites(undefined))).toBe("G5 G6 G7 G8");
    // Of another count: it is no part of the run before.
    add(sky, "GPGSV,2,2,05,09,,,30");
    expect(ids(sky.satellites(undefined))).toBe("G11 G12 G13 G14");
    add(sky, "GPGSV,1,1,02,20,,,,21,,,", cut(1));
    expect(ids(sky.satellites(undefined))).toBe("G20 G21");
  });
});

test.each(["GPGSV,2,3,05,05,,,", "GPGSV,1,1,01,05,,,,Z", "GPGSV,1,1,01,05,,,,1,9", "GPGSV,1,1,01,05,,"])(
  "%s is refused",
  (body) => {
    expect(() => add(new NmeaSky(), body)).toThrow(/GSV/);
  },
);

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
  ["PQGSA,A,3,12,,,,,,,,,,,,1.2,0.9,0.9,4", "C12"],
  ["GPGSA,A,3,27,23,13,07,25,,,,,,,,,,,,,,,,,,,,07.9,06.0,05.2", "G27 G23 G13 G7 G25"],
  ["GBGSA,A,3,201,14,,,,,,,,,,,1.05,0.64,0.83", "C1 C14"],
])("%s uses %s", (text, used) => {
  expect(parseGsa(text.slice(0, 2), text.split(",")).used.join(" ")).toBe(used);
});

test("a number outside every constellation keeps its number", () => {
  expect(satelliteId(undefined, 250)).toEqual({ system: "C", id: 50 });
  expect(satelliteId(undefined, 999)).toEqual({ system: "?", id: 999 });
  expect(satelliteId("E", 305)).toEqual({ system: "E", id: 5 });
});
