import { expect, test } from "bun:test";
import { drawIndex } from "@earshot/protocol";
import fc from "fast-check";
import { PARAMETERS } from "../testing/test-network.ts";
import { entropyOfEpoch, type PublishedEntropy } from "./epoch-content.ts";

const { epochPeriods } = PARAMETERS;

/** Entropy of these indexes, and how often it was asked for. */
function storeOf(indexes: readonly number[]) {
  const all = [...new Set(indexes)].sort((a, b) => a - b);
  const published = all.map((index) => ({ entropy: { index } }) as PublishedEntropy);
  const asked: [number, number][] = [];
  const store = {
    firstEntropy: async (from: number) => published.find(({ entropy }) => entropy.index >= from),
    async entropyRange(from: number, to: number) {
      asked.push([from, to]);
      return published.filter(({ entropy }) => entropy.index >= from && entropy.index <= to);
    },
  };
  return { store, asked, all };
}

test("an epoch's entropy is the last before it, its own, and on until the first that draws for its last index", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }),
      fc.integer({ min: 0, max: 90 }),
      async (indexes, epoch) => {
        const { store, all } = storeOf(indexes);
        const first = epoch * epochPeriods;
        const draw = drawIndex(first + epochPeriods - 1, PARAMETERS);
        const drawing = all.find((index) => index >= draw);
        const before = all.findLast((index) => index < first);
        const found = await entropyOfEpoch(store, epoch, PARAMETERS);
        const own = all.filter((index) => index >= first && index < draw);
        expect(found?.map(({ entropy }) => entropy.index)).toEqual(
          drawing === undefined ? undefined : [...(before === undefined ? [] : [before]), ...own, drawing],
        );
      },
    ),
  );
});

test("after an outage of years the last before it is found by few looks, none of them twice", async () => {
  const { store, asked } = storeOf([3, 4_000_000]);
  await entropyOfEpoch(store, 1_000_000 - 1, PARAMETERS);
  const looks = asked.filter(([, to]) => to < 3_999_996);
  expect(looks.length).toBeLessThan(25);
  for (const [i, [, to]] of looks.slice(1).entries()) expect(to).toBe((looks[i]?.[0] ?? 0) - 1);
});
