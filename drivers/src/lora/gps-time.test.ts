import { expect, test } from "bun:test";
import fc from "fast-check";
import { gpsMsToUnixMs, parseTimestamp, receptionTime, unixMsToGpsMs } from "./gps-time.ts";

const HOST_MS = Date.UTC(2026, 10, 21, 9, 36, 23);

test("GPS time is 18 s ahead of UTC", () => {
  // The second after the leap second of 2016-12-31 (IERS Bulletin C 52) is GPS second 1167264018.
  expect(gpsMsToUnixMs(1_167_264_018_000)).toBe(Date.UTC(2017, 0, 1));
});

test("timestamps in the forms that forwarders write", () => {
  const forms: [string, string][] = [
    ["2026-11-21T09:36:23.480788Z", "2026-11-21T09:36:23.480Z"],
    ["2022-07-18T06:57:39Z", "2022-07-18T06:57:39.000Z"],
    ["2022-07-18T08:57:39.5+02:00", "2022-07-18T06:57:39.500Z"],
    ["2022-07-18T01:27:39-0530", "2022-07-18T06:57:39.000Z"],
    ["2014-01-12 08:59:28 GMT", "2014-01-12T08:59:28.000Z"],
    ["2014-01-12 08:59:28 UTC", "2014-01-12T08:59:28.000Z"],
    ["2014-01-12T08:59:28", "2014-01-12T08:59:28.000Z"],
  ];
  for (const [text, iso] of forms) expect([text, parseTimestamp(text)]).toEqual([text, Date.parse(iso)]);
  for (const text of ["", "yesterday", "2014-01-12", "1405068568", "2014-01-12T08:59:28Zzz"]) {
    expect([text, parseTimestamp(text)]).toEqual([text, undefined]);
  }
});

const receptionTimeMs = (...reported: Parameters<typeof receptionTime>) =>
  receptionTime(...reported).gpsTimeMs;

test("tmms counts before time; each only where it is sane", () => {
  const good = unixMsToGpsMs(HOST_MS);
  const goodText = "2026-11-21T09:36:20Z";
  expect(receptionTimeMs(good, "1999-11-30T00:00:00.803027Z", HOST_MS)).toBe(HOST_MS);
  expect(receptionTimeMs(0, goodText, HOST_MS)).toBe(HOST_MS - 3_000);
  expect(receptionTimeMs(undefined, goodText, HOST_MS)).toBe(HOST_MS - 3_000);
  for (const text of ["1999-11-30T00:00:00Z", "2080-01-06T00:00:00Z", "2026-11-23T09:36:20Z", undefined]) {
    expect(receptionTimeMs(undefined, text, HOST_MS)).toBeUndefined();
  }
  expect(receptionTimeMs(unixMsToGpsMs(Date.UTC(2080, 0, 6)), undefined, HOST_MS)).toBeUndefined();
});

test("of a concentrator's receiver past its week rollover, tmms and time are put right and told", () => {
  const rolloverMs = 1024 * 7 * 86_400_000;
  for (const rollovers of [1, 2, -1]) {
    const reported = HOST_MS + 500 - rollovers * rolloverMs;
    const expected = { gpsTimeMs: HOST_MS + 500, gpsWeekRollovers: rollovers };
    expect(receptionTime(unixMsToGpsMs(reported), undefined, HOST_MS)).toEqual(expected);
    expect(receptionTime(undefined, new Date(reported).toISOString(), HOST_MS)).toEqual(expected);
  }
});

test("a host clock that was never set does not spoil tmms", () => {
  expect(receptionTimeMs(unixMsToGpsMs(HOST_MS), undefined, 1_000)).toBe(HOST_MS);
});

test("any ISO timestamp reads as Date does", () => {
  const anyDate = fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(anyDate, (date) => {
      expect(parseTimestamp(date.toISOString())).toBe(date.getTime());
      expect(gpsMsToUnixMs(unixMsToGpsMs(date.getTime()))).toBe(date.getTime());
    }),
  );
});
