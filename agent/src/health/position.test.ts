import { expect, test } from "bun:test";
import { comparePosition } from "./position.ts";

const ZURICH = { latE7: 473_667_000, lonE7: 85_500_000 };
const SYDNEY = { latE7: -338_688_000, lonE7: 1_512_093_000 };
const at = (latDeg: number, lonDeg: number, horizontalErrorM?: number) => ({
  latDeg,
  lonDeg,
  horizontalErrorM,
});

test.each([
  ["at the place", at(47.3667, 8.55), undefined],
  ["80 m off", at(47.36742, 8.55), undefined],
  ["800 m off, and the receiver knows no better", at(47.3739, 8.55, 234), undefined],
  ["800 m off, and the receiver should know better", at(47.3739, 8.55, 233), /801 m/],
  ["2 km off, whatever the receiver says of its error", at(47.3849, 8.55, 9000), /2024 m/],
  ["800 m off", at(47.3739, 8.55, 3), /^GPS is 801 m from the position in \[hotspot\]$/],
  ["in another country", at(52.52, 13.405), /^GPS is 670 km from the position in \[hotspot\]$/],
  [
    "in the southern hemisphere",
    at(-47.3668, 8.5502),
    /10534 km .*: its latitude is of the other hemisphere/,
  ],
  ["in the western hemisphere", at(47.3667, -8.55), /1285 km .*: its longitude is of the other hemisphere/],
  ["with both signs wrong", at(-47.3667, -8.55), /of the other hemispheres/],
  ["exchanged", at(8.55, 47.3667), /: its latitude and longitude are exchanged$/],
  ["exchanged, with a sign", at(8.55, -47.3667), /exchanged, and a sign is wrong$/],
])("%s", (_, fix, text) => {
  const doubt = comparePosition(ZURICH, fix)?.doubt;
  if (text === undefined) expect(doubt).toBeUndefined();
  else expect(doubt?.text).toMatch(text);
  if (text !== undefined)
    expect(doubt?.advice).toContain(`${fix.latDeg.toFixed(6)}, ${fix.lonDeg.toFixed(6)}`);
});

test("a longitude that cannot be a latitude is not assumed to be exchanged; the date line is no edge", () => {
  expect(comparePosition(SYDNEY, at(33.8688, -151.2093))?.doubt?.text).toMatch(/the signs\)$/);
  expect(comparePosition(SYDNEY, at(47.3667, 8.55))?.doubt?.text).not.toMatch(/:/);
  const fiji = { latE7: -170_000_000, lonE7: 1_799_999_990 };
  expect(comparePosition(fiji, at(-17, -179.99999))).toEqual({ offM: 1 });
  expect(comparePosition(fiji, {})).toBeUndefined();
});
