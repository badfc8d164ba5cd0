import { expect, test } from "bun:test";
import fc from "fast-check";
import { TokenBucket, TokenBuckets } from "./token-bucket.ts";

test("in any span of time no more pass than the burst and the rate allow, and no fewer of those who ask slowly", () => {
  const rate = { burst: 5, perSecond: 2 };
  fc.assert(
    fc.property(fc.array(fc.nat(3000), { maxLength: 60 }), (pausesMs) => {
      const bucket = new TokenBucket(rate, 0);
      const passedAtMs: number[] = [];
      let nowMs = 0;
      for (const pauseMs of pausesMs) {
        nowMs += pauseMs;
        const isPassed = bucket.take(nowMs);
        if (isPassed) passedAtMs.push(nowMs);
        if (pauseMs >= 500) expect(isPassed).toBe(true);
      }
      for (const [i, fromMs] of passedAtMs.entries()) {
        for (const [j, toMs] of passedAtMs.slice(i).entries()) {
          expect(j + 1).toBeLessThanOrEqual(rate.burst + ((toMs - fromMs) * rate.perSecond) / 1000 + 1e-6);
        }
      }
    }),
  );
});

test("each key has its own; the one not used for longest is forgotten", () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0 }, 2);
  const takes = (...keys: string[]) => keys.map((key) => buckets.take(key, 0));
  expect(takes("a", "a", "b", "a", "c")).toEqual([true, false, true, false, true]);
  expect(takes("a", "b")).toEqual([false, true]);
});

test("what is asked in lots goes through whole or not at all, and a bucket is full again when nothing is counted", () => {
  const bucket = new TokenBucket({ burst: 100, perSecond: 10 }, 0);
  expect([bucket.take(0, 60), bucket.take(0, 60), bucket.take(0, 40)]).toEqual([true, false, true]);
  expect([bucket.has(1000, 10), bucket.has(1000, 11), bucket.take(1000, 10)]).toEqual([true, false, true]);
  expect([bucket.isFull(10_999), bucket.isFull(11_000)]).toEqual([false, true]);
});
