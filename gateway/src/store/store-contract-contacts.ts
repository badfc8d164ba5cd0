import { expect, test } from "bun:test";
import type { StoredContact } from "./records.ts";
import type { Store } from "./store.ts";
import { storedEpoch } from "./test-data.ts";

/** What every store must do with contacts: part of `storeContract`. */
export function contactsContract(store: () => Store): void {
  const epochOf = (index: number) => Math.floor(index / 100);
  const contact = (hotspotId: string, kind: StoredContact["kind"], index: number): StoredContact => ({
    hotspotId,
    kind,
    index,
    epoch: epochOf(index),
  });
  const before = async (index: number, ...ids: string[]) =>
    Object.fromEntries(await store().contactsBefore(ids, index));

  test("keeps the latest contact of each kind, and tells it of later indexes only", async () => {
    await store().addJudgement(
      105,
      [],
      [],
      [contact("a", "beaconed", 105), contact("b", "witnessed", 105), contact("b", "witnessed", 105)],
    );
    await store().addJudgement(107, [], [], [contact("b", "beaconed", 107), contact("a", "witnessed", 107)]);
    expect(await before(105, "a", "b")).toEqual({});
    expect(await before(106, "b", "a", "a", "c")).toEqual({
      a: { beaconed: 105, witnessed: null },
      b: { beaconed: null, witnessed: 105 },
    });
    await store().addJudgement(109, [], [], [contact("a", "beaconed", 109)]);
    expect(await before(110, "a")).toEqual({ a: { beaconed: 109, witnessed: 107 } });
    expect(await before(110)).toEqual({});
  });

  test("tells contacts before an epoch while later ones are there, and forgets what closing an epoch makes old", async () => {
    for (const index of [105, 190, 250, 310]) {
      await store().addJudgement(index, [], [], [contact("a", "beaconed", index)]);
    }
    await store().addJudgement(311, [], [], [contact("b", "witnessed", 120)]);
    expect(await before(200, "a")).toEqual({ a: { beaconed: 190, witnessed: null } });
    await store().addEpoch(storedEpoch(1), [], [], 0);
    await store().addEpoch(storedEpoch(2), [], [], 0);
    expect(await before(300, "a", "b")).toEqual({
      a: { beaconed: 250, witnessed: null },
      b: { beaconed: null, witnessed: 120 },
    });
    expect(await before(400, "a")).toEqual({ a: { beaconed: 310, witnessed: null } });
    // The one of the first epoch went when the second closed.
    expect(await before(200, "a")).toEqual({});
  });

  test("finds contacts of thousands at once", async () => {
    const ids = Array.from({ length: 2500 }, (_, i) => `h${i}`);
    await store().addJudgement(
      105,
      [],
      [],
      ids.map((id) => contact(id, "witnessed", 105)),
    );
    expect((await store().contactsBefore(ids, 106)).size).toBe(2500);
  });
}
