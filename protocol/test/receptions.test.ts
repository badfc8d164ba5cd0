import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { countRefused, formatCount, parseReceptions, type Reception } from "./receptions.ts";

/**
 * The limits of the default parameters against real receptions: honest radios must pass. `EARSHOT_RECEPTIONS=FILE`
 * takes another recording with the same columns.
 */
const RECORDED = fileURLToPath(
  new URL("../../../shared/data/receptions/mobile-grenoble.csv", import.meta.url),
);
const file = process.env.EARSHOT_RECEPTIONS ?? RECORDED;
const isOther = file !== RECORDED;
const isThere = existsSync(file);
if (isOther && !isThere) throw new RangeError(`EARSHOT_RECEPTIONS is ${file}; an existing file is needed`);
const receptions = isThere ? parseReceptions(readFileSync(file, "utf8")) : [];
const shareRefused = (given: readonly Reception[]) => countRefused(given).refused / given.length;

describe("real receptions", () => {
  test.skipIf(!isThere)("less than 0.5 % are refused; each rule's share", () => {
    const count = countRefused(receptions);
    console.log(`${count.receptions} receptions, refused by\n${formatCount(count)}`);
    expect(count.receptions).toBeGreaterThan(0);
    expect(count.refused / count.receptions).toBeLessThan(0.005);
  });

  test.skipIf(!isThere || isOther)("of the recording that limits were found from, none", () => {
    expect(receptions).toHaveLength(9379);
    expect(shareRefused(receptions)).toBe(0);
  });
});

/** Not everything passes: the same receptions, changed as somebody who invents them would. */
describe.skipIf(!isThere || isOther)("invented receptions", () => {
  const bent = (change: (reception: Reception) => Partial<Reception>) =>
    receptions.map((reception) => ({ ...reception, ...change(reception) }));

  test("a faint frame with a fine SNR", () => {
    expect(shareRefused(bent(() => ({ rssiDbm: -135, snrDb: 9 })))).toBe(1);
  });

  test("a strong frame with an SNR from far away", () => {
    expect(shareRefused(bent(() => ({ rssiDbm: -45, snrDb: -12 })))).toBe(1);
  });

  test("an SNR of SF12 with SF7", () => {
    const weak = bent(() => ({ spreadingFactor: 7 })).filter(({ snrDb }) => snrDb < -17.5);
    expect(weak.length).toBeGreaterThan(1000);
    expect(shareRefused(weak)).toBe(1);
  });

  test("stations side by side that say they are 20 km apart", () => {
    expect(shareRefused(bent(() => ({ rssiDbm: -90, snrDb: 9, distanceM: 20_000 })))).toBe(1);
  });
});
