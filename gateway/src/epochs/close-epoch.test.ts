import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Bundle } from "../bundle/bundle.ts";
import { writeBundle } from "../bundle/bundle-folder.ts";
import { StoreLostError } from "../store/owner.ts";
import { bundleAt, signedAgain, temporaryFolder, testBundles } from "../testing/test-bundle.ts";
import { epochPackets, FIRST_EPOCH, indexesOf, PARAMETERS } from "../testing/test-network.ts";
import { closeDeps, emptyStore, fillEpoch, judgedStore } from "../testing/test-store.ts";
import { bundlePaths } from "../verify/bundle-source.ts";
import { verifyFiles } from "../verify/verify-bundle.ts";
import { verifyBundle, verifySeries } from "../verify/verify-epoch.ts";
import { closeEpoch, nextEpochToClose } from "./close-epoch.ts";

const day = (number: number): number => Date.UTC(2026, 0, number);

test("an epoch is closed once: again it gives what is recorded", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(1);
  const closed = await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path, day(2)));
  expect(closed).toMatchObject({
    epoch: FIRST_EPOCH,
    closedAtMs: day(2),
    bundle: expect.stringMatching(/^epoch-\d{10}-b[a-z2-7]{58}$/),
  });
  expect(closed.paid + closed.unallocated).toBe(PARAMETERS.poolPerEpoch);
  expect(await store.epoch(FIRST_EPOCH)).toEqual(closed);
  expect(await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path, day(3)))).toEqual(closed);
  await store.close();
});

test("edges stay for so many epochs as the network's parameters say, the closed one among them", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(1);
  const from: number[] = [];
  const watched: typeof store = {
    ...store,
    addEpoch(epoch, payments, edges, edgesFrom, shown) {
      from.push(edgesFrom);
      return store.addEpoch(epoch, payments, edges, edgesFrom, shown);
    },
  };
  await closeEpoch(FIRST_EPOCH, closeDeps(watched, folder.path));
  expect(from).toEqual([FIRST_EPOCH - (PARAMETERS.edgeWindowEpochs - 1)]);
  await store.close();
});

test("packets and verdicts are read in portions of many rows, and nothing is left out", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(1);
  const rows = [...(await store.rowsOfEpoch(FIRST_EPOCH))].map(([id]) => id);
  const [one = "", two = "", ...rest] = rows;
  const asked: string[][] = [];
  const large = {
    ...store,
    rowsOfEpoch: async () => new Map([[one, 4000], [two, 3999], ...rest.map((id) => [id, 1] as const)]),
    packetsOfEpoch(epoch: number, ids: readonly string[] = []) {
      asked.push([...ids]);
      return store.packetsOfEpoch(epoch, ids);
    },
  };
  const closed = await closeEpoch(FIRST_EPOCH, closeDeps(large, folder.path));
  const [third = "", ...others] = rest;
  expect(asked).toEqual([[one], [two, third], ...(others.length > 0 ? [others] : [])]);
  expect(await verifyBundle(join(folder.path, closed.bundle))).toMatchObject({ ok: true });
  expect(bundleAt(join(folder.path, closed.bundle))["packets.cbor"]).toEqual(
    (await testBundles(1))[0]?.["packets.cbor"] as Uint8Array,
  );
  await store.close();
});

test("amounts add up from epoch to epoch, and each manifest names the one before", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(2);
  await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path));
  await closeEpoch(FIRST_EPOCH + 1, closeDeps(store, folder.path));
  const before = new Map((await store.payments(FIRST_EPOCH)).map((p) => [p.hotspotId, p.cumulative]));
  const payments = await store.payments(FIRST_EPOCH + 1);
  expect(payments.length).toBeGreaterThan(0);
  for (const { hotspotId, cumulative, delta } of payments) {
    expect(cumulative).toBe((before.get(hotspotId) ?? 0n) + delta);
  }
  const reports = await Array.fromAsync(verifySeries(bundlePaths(folder.path)));
  expect(reports.map(({ ok }) => ok)).toEqual([true, true]);
  await store.close();
});

test("killed after the bundle was written, closing again keeps its bytes and records it", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(1);
  const failing = { ...store, addEpoch: async () => Promise.reject(new Error("killed")) };
  await expect(closeEpoch(FIRST_EPOCH, closeDeps(failing, folder.path, day(2)))).rejects.toThrow("killed");
  const [name = ""] = readdirSync(folder.path);
  const written = bundleAt(join(folder.path, name));
  const closed = await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path, day(3)));
  expect(closed.closedAtMs).toBe(day(2));
  expect(closed.bundle).toBe(name);
  expect(bundleAt(join(folder.path, name))).toEqual(written);
  expect(readdirSync(folder.path)).toEqual([name]);
  await store.close();
});

test("a clock that was set back does not close an epoch before what it is made of", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(2);
  const drawn = (epoch: number) => (epoch * 4 + 7) * 2000;
  const early = (epoch: number) => closeEpoch(epoch, closeDeps(store, folder.path, epoch * 8000));
  const received = (await store.packetsOfEpoch(FIRST_EPOCH)).map(({ receivedAtMs }) => receivedAtMs);
  const first = await early(FIRST_EPOCH);
  expect(first.closedAtMs).toBe(Math.max(drawn(FIRST_EPOCH), ...received));
  await closeEpoch(FIRST_EPOCH + 1, closeDeps(store, folder.path, 0));
  const reports = await Array.fromAsync(verifySeries(bundlePaths(folder.path)));
  expect(reports.map(({ ok }) => ok)).toEqual([true, true]);
  await store.close();
});

test("an epoch closes no earlier than the one before it", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(2);
  await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path, day(5)));
  const second = await closeEpoch(FIRST_EPOCH + 1, closeDeps(store, folder.path, day(2)));
  expect(second.closedAtMs).toBe(day(5));
  await store.close();
});

test("an epoch without packets closes, with its whole pool unallocated", async () => {
  using folder = temporaryFolder();
  const store = await emptyStore(indexesOf(1));
  const closed = await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path));
  expect(closed).toMatchObject({ paid: 0n, unallocated: PARAMETERS.poolPerEpoch, root: new Uint8Array(32) });
  const report = await verifyBundle(join(folder.path, closed.bundle));
  expect(report).toMatchObject({ ok: true, recomputedRoot: `0x${"00".repeat(32)}` });
  await store.close();
});

test("epochs in which the network was down are skipped, and the gap is verified", async () => {
  using folder = temporaryFolder();
  // The network stops in its first epoch's third period and is back ten epochs later.
  const back = FIRST_EPOCH + 10;
  const indexes = [0, 1, 2, 40, 41, 42, 43, 44, 45, 46, 47, 48].map((i) => FIRST_EPOCH * 4 + i);
  const store = await emptyStore(indexes);
  await fillEpoch(store, back, epochPackets(back).slice(0, -1));
  expect(await nextEpochToClose(store, PARAMETERS, FIRST_EPOCH, back)).toBe(FIRST_EPOCH);
  expect(await nextEpochToClose(store, PARAMETERS, FIRST_EPOCH + 1, back)).toBe(back);
  expect(await nextEpochToClose(store, PARAMETERS, FIRST_EPOCH + 1, back - 1)).toBeUndefined();
  await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path));
  const closed = await closeEpoch(back, closeDeps(store, folder.path));
  expect(closed.paid).toBeGreaterThan(0n);
  const reports = await Array.fromAsync(verifySeries(bundlePaths(folder.path)));
  expect(reports.map(({ ok, epoch }) => [ok, epoch])).toEqual([
    [true, FIRST_EPOCH],
    [true, back],
  ]);
  expect(reports[1]?.notes.join()).toContain("9 epochs before it were skipped");
  await store.close();
});

test("an epoch in which the network ran cannot be skipped, nor closed after a later one", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(3);
  await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path));
  const deps = closeDeps(store, folder.path);
  await expect(closeEpoch(FIRST_EPOCH + 2, deps)).rejects.toThrow(`${FIRST_EPOCH + 1} comes first`);
  await expect(closeEpoch(FIRST_EPOCH - 1, deps)).rejects.toThrow(`${FIRST_EPOCH} is closed already`);
  await store.close();
});

test("an epoch whose last draw is not published, or with a report not judged, is not closed", async () => {
  using folder = temporaryFolder();
  const early = await emptyStore(indexesOf(1).slice(0, -1));
  const deps = closeDeps(early, folder.path);
  await expect(closeEpoch(FIRST_EPOCH, deps)).rejects.toThrow("the entropy that draws its last witnesses");
  const store = await judgedStore(1);
  const [verdict] = await store.verdictsOfEpoch(FIRST_EPOCH);
  const without = {
    ...store,
    verdictsOfEpoch: async () => (await store.verdictsOfEpoch(FIRST_EPOCH)).slice(1),
  };
  const unjudged = closeEpoch(FIRST_EPOCH, closeDeps(without, folder.path));
  await expect(unjudged).rejects.toThrow(`packet ${verdict?.packetId} is not judged`);
  const packetless = { ...store, packetsOfEpoch: async () => [] };
  const stray = closeEpoch(FIRST_EPOCH, closeDeps(packetless, folder.path));
  await expect(stray).rejects.toThrow(`there is a verdict on packet ${verdict?.packetId}`);
  expect(readdirSync(folder.path)).toEqual([]);
  await Promise.all([early.close(), store.close()]);
});

test("a store that paid what was not proven writes a bundle that does not verify", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(1);
  const provenOfEpoch = async () => (await store.provenOfEpoch(FIRST_EPOCH)).slice(1);
  const closed = await closeEpoch(FIRST_EPOCH, closeDeps({ ...store, provenOfEpoch }, folder.path));
  const outcome = verifyFiles(bundleAt(join(folder.path, closed.bundle)));
  expect(outcome.ok ? "" : outcome.difference.file).toBe("leaves.jsonl");
  expect(outcome.ok ? "" : outcome.root?.toHex()).not.toBe(closed.root.toHex());
  await store.close();
});

test("a gateway that loses the store while it closes an epoch destroys no bundle and leaves none", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(1);
  const [made] = await testBundles(1);
  const others = writeBundle(folder.path, FIRST_EPOCH, signedAgain(made as Bundle, {}, { paid: 0n }));
  const lost = AbortSignal.abort(new StoreLostError("taken over"));
  const losing = { ...store, addEpoch: () => Promise.reject(lost.reason), lost };
  await expect(closeEpoch(FIRST_EPOCH, closeDeps(losing, folder.path, day(2)))).rejects.toThrow("taken over");
  expect(readdirSync(folder.path)).toEqual([others]);
  const before = { ...store, checkOwner: () => Promise.reject(lost.reason) };
  await expect(closeEpoch(FIRST_EPOCH, closeDeps(before, folder.path, day(2)))).rejects.toThrow("taken over");
  expect(readdirSync(folder.path)).toEqual([others]);
  const { bundle } = await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path, day(2)));
  expect(readdirSync(folder.path)).toEqual([bundle]);
  await store.close();
});
