import { expect, test } from "bun:test";
import fc from "fast-check";
import { InOrder } from "./in-order.ts";

test("whatever is done first, ids are acknowledged in the order in which they came, each once, none before it is done", async () => {
  await fc.assert(
    fc.asyncProperty(
      // The order in which they are done, by their places; an id of 0 needs no acknowledgement.
      fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 30 }).chain((kinds) =>
        fc.record({
          ids: fc.constant(kinds.map((kind, i) => (kind === 0 ? 0 : i + 1))),
          order: fc.shuffledSubarray([...kinds.keys()], { minLength: kinds.length }),
          together: fc.integer({ min: 1, max: 5 }),
        }),
      ),
      async ({ ids, order, together }) => {
        const acknowledged: number[] = [];
        let calls = 0;
        const inOrder = new InOrder((due) => {
          acknowledged.push(...due);
          calls++;
        });
        const done = ids.map((id) => inOrder.add(id));
        const isDone = ids.map(() => false);
        for (const [i, place] of order.entries()) {
          done[place]?.();
          isDone[place] = true;
          if (i % together !== together - 1) continue;
          await Promise.resolve();
          const open = isDone.indexOf(false);
          const due = open < 0 ? ids : ids.slice(0, open);
          expect(acknowledged).toEqual(due.filter((id) => id !== 0));
          expect(inOrder.waiting).toBe(ids.length - due.length);
        }
        await Promise.resolve();
        // What is done in one turn goes out together.
        expect(calls).toBeLessThanOrEqual(Math.ceil(ids.length / together));
        expect(acknowledged).toEqual(ids.filter((id) => id !== 0));
        expect(inOrder.waiting).toBe(0);
      },
    ),
  );
});
