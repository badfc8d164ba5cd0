import { expect, test } from "bun:test";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { temporaryFolder } from "../testing/test-bundle.ts";
import { FIRST_EPOCH, HOTSPOTS, idOf, PARAMETERS, signers } from "../testing/test-network.ts";
import { closeDeps, judgedStore } from "../testing/test-store.ts";
import { Claims } from "./claims.ts";
import { closeEpoch } from "./close-epoch.ts";

const hex = (bytes: Uint8Array): string => `0x${bytes.toHex()}`;
const ENCODING = ["uint256", "address", "bytes32", "address", "uint256"];

test("every claim's proof holds for OpenZeppelin's library", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(2);
  await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path));
  const closed = await closeEpoch(FIRST_EPOCH + 1, closeDeps(store, folder.path));
  const claims = new Claims({ store, parameters: PARAMETERS });
  const payments = await store.payments(closed.epoch);
  expect(payments.length).toBeGreaterThan(1);
  for (const { hotspotId, cumulative } of payments) {
    const claim = await claims.of(closed.epoch, hotspotId);
    if (claim === undefined) throw new TypeError(`No claim for ${hotspotId}`);
    expect(claim.cumulative).toBe(cumulative);
    const leaf = [claim.chainId, hex(claim.contract), hex(claim.hotspot), hex(claim.payee), claim.cumulative];
    const proof = claim.proof.map(hex);
    const verify = (value: unknown[]) =>
      StandardMerkleTree.verify(hex(closed.root), ENCODING, value.map(String), proof);
    expect(verify(leaf)).toBe(true);
    expect(verify(leaf.with(4, cumulative + 1n))).toBe(false);
  }
  await store.close();
});

test("a claim carries the hotspot's key, and zeros for an owner who asserted no address", async () => {
  using folder = temporaryFolder();
  // Several epochs, so that each is drawn once.
  const store = await judgedStore(4);
  for (let i = 0; i < 4; i++) await closeEpoch(FIRST_EPOCH + i, closeDeps(store, folder.path));
  const payees: Record<string, string> = {};
  for (const name of ["a", "c"] as const) {
    const claim = await new Claims({ store, parameters: PARAMETERS }).of(FIRST_EPOCH + 3, idOf(name));
    expect(claim?.hotspot).toEqual(signers[name].publicKey);
    payees[name] = claim === undefined ? "" : hex(claim.payee);
  }
  expect(payees).toEqual({ a: hex(HOTSPOTS[0]?.payee ?? new Uint8Array()), c: `0x${"00".repeat(20)}` });
  await store.close();
});

test("there is no claim in an open epoch, for a stranger, or with other parameters", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(1);
  const claims = new Claims({ store, parameters: PARAMETERS });
  expect(await claims.of(FIRST_EPOCH, idOf("a"))).toBeUndefined();
  await closeEpoch(FIRST_EPOCH, closeDeps(store, folder.path));
  expect(await claims.of(FIRST_EPOCH, idOf("stranger"))).toBeUndefined();
  const elsewhere = new Claims({ store, parameters: { ...PARAMETERS, chainId: 2n } });
  await expect(elsewhere.of(FIRST_EPOCH, idOf("a"))).rejects.toThrow("another root");
  await store.close();
});

test("a tree is built once for many claims, and the two asked for last are kept", async () => {
  using folder = temporaryFolder();
  const store = await judgedStore(3);
  const epochs = [FIRST_EPOCH, FIRST_EPOCH + 1, FIRST_EPOCH + 2] as const;
  for (const epoch of epochs) await closeEpoch(epoch, closeDeps(store, folder.path));
  const built: number[] = [];
  let isDown = false;
  const payments = async (epoch: number) => {
    if (isDown) throw new Error("store is down");
    built.push(epoch);
    return store.payments(epoch);
  };
  const claims = new Claims({ store: { epoch: store.epoch, payments }, parameters: PARAMETERS });
  const ask = (epoch: number) => claims.of(epoch, idOf("a"));
  await Promise.all([ask(epochs[0]), ask(epochs[0]), ask(epochs[1])]);
  await ask(epochs[0]);
  expect(built).toEqual([epochs[0], epochs[1]]);
  await ask(epochs[2]);
  await ask(epochs[0]);
  expect(built).toEqual([...epochs]);
  isDown = true;
  await expect(ask(epochs[1])).rejects.toThrow("store is down");
  isDown = false;
  expect(await ask(epochs[1])).toMatchObject({ epoch: epochs[1] });
  await store.close();
});
