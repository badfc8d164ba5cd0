import { expect, test } from "bun:test";
import fc from "fast-check";
import type { StoredEdge } from "../../store/records.ts";
import { idOf } from "../../testing/test-network.ts";
import { edgeViews } from "./evidence.ts";

const [own, b, c, near] = [idOf("a"), idOf("b"), idOf("c"), idOf("near")];

/** Reports of one level, in an epoch, of the hotspot or by it. */
const edge = fc
  .record({
    peer: fc.constantFrom(b, c, near),
    isHeardBy: fc.boolean(),
    levels: fc.array(fc.integer({ min: -130, max: -60 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ peer, isHeardBy, levels }) => ({ peer, isHeardBy, levels }));

const stored = (
  { peer, isHeardBy, levels }: { peer: string; isHeardBy: boolean; levels: number[] },
  epoch: number,
): StoredEdge => ({
  epoch,
  beaconer: isHeardBy ? own : peer,
  witness: isHeardBy ? peer : own,
  heard: levels.length,
  rssiSumDbm: levels.reduce((sum, level) => sum + level, 0),
  rssiSumSquares: levels.reduce((sum, level) => sum + level * level, 0),
  rssiMinDbm: Math.min(...levels),
  rssiMaxDbm: Math.max(...levels),
});

test("each peer is told once, with what was heard either way in all epochs, the best connected first", () => {
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 20 }), (made) => {
      const { edges, fromEpoch, toEpoch } = edgeViews(
        own,
        made.map((each, i) => stored(each, 10 + i)),
      );
      expect([fromEpoch, toEpoch]).toEqual(made.length === 0 ? [null, null] : [10, 9 + made.length]);
      const levelsOf = (peer: string, isHeardBy: boolean) =>
        made
          .filter((each) => each.peer === peer && each.isHeardBy === isHeardBy)
          .flatMap(({ levels }) => levels);
      const count = (peer: string) => levelsOf(peer, true).length + levelsOf(peer, false).length;
      const peers = [...new Set(made.map(({ peer }) => peer))];
      expect(edges.map(({ peer }) => peer)).toEqual(
        peers.sort((x, y) => count(y) - count(x) || (x < y ? -1 : 1)),
      );
      for (const { peer, heard, heardBy } of edges) {
        for (const [view, levels] of [
          [heard, levelsOf(peer, false)],
          [heardBy, levelsOf(peer, true)],
        ] as const) {
          if (levels.length === 0) expect(view).toBeNull();
          else {
            const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
            const variance = levels.reduce((sum, level) => sum + (level - mean) ** 2, 0) / levels.length;
            expect(view).toMatchObject({
              heard: levels.length,
              rssiMinDbm: Math.min(...levels),
              rssiMaxDbm: Math.max(...levels),
            });
            expect(Math.abs((view?.rssiMeanDbm ?? 0) - mean)).toBeLessThan(0.051);
            expect(Math.abs((view?.rssiDeviationDb ?? 0) - Math.sqrt(variance))).toBeLessThan(0.051);
          }
        }
      }
    }),
  );
});
