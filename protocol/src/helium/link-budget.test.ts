import { expect, test } from "bun:test";
import { cellToParent, gridDisk, latLngToCell } from "h3-js";
import {
  cellDistanceM,
  cellFromDecimal,
  gridCells,
  isBelowMinDistance,
  isMaxDistanceExceeded,
} from "./link-budget.ts";

const HERE = latLngToCell(53.55, 9.99, 12);

test("an index as a decimal number is the hexadecimal one", () => {
  expect(cellFromDecimal(BigInt(`0x${HERE}`).toString())).toBe(HERE);
});

test("8 cells are far enough, 7 are not, and what cannot be counted is not", () => {
  expect([7, 8, undefined].map(isBelowMinDistance)).toEqual([true, false, true]);
  expect(gridCells(cellToParent(HERE, 10), HERE)).toBeUndefined();
  expect(gridCells(HERE, latLngToCell(-33.9, 151.2, 12))).toBeUndefined();
});

test("cells are counted at resolution 11, whichever cell below it is asserted", () => {
  const parent = cellToParent(HERE, 11);
  for (const near of gridDisk(HERE, 2)) {
    expect(gridCells(HERE, near)).toBe(cellToParent(near, 11) === parent ? 0 : 1);
  }
});

test("100,999 m pass and 101,000 m do not: metres were divided as integers", () => {
  expect([100_000, 100_001, 100_999, 101_000].map(isMaxDistanceExceeded)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test("no way is shorter back than forth, and none leads nowhere", () => {
  const there = latLngToCell(53.6, 10.2, 12);
  expect(cellDistanceM(HERE, there)).toBe(cellDistanceM(there, HERE));
  expect(cellDistanceM(HERE, HERE)).toBe(0);
});
