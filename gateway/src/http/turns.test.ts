import { expect, test } from "bun:test";
import { HTTPException } from "hono/http-exception";
import { ConcurrencyLimit } from "./response-cache.ts";

const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

test("only so many jobs run at once, in the order in which they came", async () => {
  const turns = new ConcurrencyLimit({ atOnce: 2, maxWaiting: 9 });
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const jobs = [0, 1, 2, 3].map((i) =>
    turns.run(async () => {
      begun.push(i);
      await new Promise<void>((resolve) => ends.push(resolve));
      return i;
    }),
  );
  await settled();
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  for (let i = 0; i < 4; i++) {
    for (const end of ends) end();
    await settled();
  }
  expect(await Promise.all(jobs)).toEqual([0, 1, 2, 3]);
});

test("one that fails passes its turn on", async () => {
  const turns = new ConcurrencyLimit({ atOnce: 1, maxWaiting: 9 });
  const failing = turns.run(() => Promise.reject(new Error("no")));
  const after = turns.run(async () => "done");
  await expect(failing).rejects.toThrow("no");
  expect(await after).toBe("done");
  expect(await turns.run(async () => "again")).toBe("again");
});

test("more than may wait are turned away at once", async () => {
  const turns = new ConcurrencyLimit({ atOnce: 1, maxWaiting: 1 });
  let end = () => {};
  const running = turns.run(() => new Promise<void>((resolve) => (end = resolve)));
  await settled();
  const waiting = turns.run(async () => "waited");
  const refused = await turns.run(async () => "never").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(HTTPException);
  expect((refused as HTTPException).status).toBe(503);
  end();
  await running;
  expect(await waiting).toBe("waited");
});
