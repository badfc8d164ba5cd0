import { expect, test } from "bun:test";
import { encodePacket, type StatusPacket, signerFromSeed } from "@earshot/protocol";
import type { StoredPacket } from "./records.ts";
import type { Store } from "./store.ts";
import { statusPacket, storedPacket, testId } from "./test-data.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(3));
const T = Date.UTC(2026, 0, 1);
const unfiled = { entropyIndex: null, epoch: null };

function filed(sequence: number, receivedAtMs: number, fields: Partial<StatusPacket> = {}): StoredPacket {
  const bytes = encodePacket(statusPacket({ atMs: T, sequence, ...fields }), signer, "test");
  const id = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  return storedPacket({ id, type: "status", sequence, receivedAtMs, bytes, ...unfiled });
}

/** What every store must do with earlier status packets. */
export function statusesContract(store: () => Store): void {
  test("keeps the newest status, also after one from a clock that was ahead", async () => {
    await store().putStatus("a", statusPacket({ atMs: T + 86_400_000, uptimeS: 1 }), T + 1000);
    await store().putStatus("a", statusPacket({ atMs: T + 900, uptimeS: 2 }), T + 1500);
    expect((await store().statuses(["a"])).get("a")?.status.uptimeS).toBe(1);
    await store().putStatus("a", statusPacket({ atMs: T + 2000, uptimeS: 3 }), T + 2000);
    expect((await store().statuses(["a"])).get("a")?.status.uptimeS).toBe(3);
  });

  test("keeps the newest status also of a clock that was set back, and of a copy that counts from below", async () => {
    const put = (sequence: number, atMs: number, receivedAtMs: number) =>
      store().putStatus("a", statusPacket({ atMs, sequence, uptimeS: sequence }), receivedAtMs);
    const kept = async () => (await store().statuses(["a"])).get("a")?.status.sequence;
    await put(5000, T, T);
    await put(5001, T - 60 * 86_400_000, T + 60_000);
    expect(await kept()).toBe(5001);
    await put(5002, T + 120_000, T + 120_000);
    await put(17, T + 180_000, T + 180_000);
    expect(await kept()).toBe(17);
    // One that waited on its way is no news.
    await put(16, T + 90_000, T + 200_000);
    expect(await kept()).toBe(17);
    const late = (sequence: number, atMs: number) => ({
      ...{ hotspotId: "b", status: statusPacket({ sequence, atMs }), receivedAtMs: T },
    });
    await store().putStatuses([late(2, T - 5000), late(3, T - 90_000), late(1, T - 100_000)]);
    expect((await store().statuses(["b"])).get("b")?.status.sequence).toBe(3);
  });

  test("gives a hotspot's newest status packets that were received by a time, in order of number", async () => {
    await store().addPackets([
      filed(4, T + 400),
      filed(1, T + 100),
      filed(2, T + 450, { uptimeS: 77 }),
      filed(3, T + 300),
      storedPacket({ id: testId("w"), sequence: 5, receivedAtMs: T + 1, ...unfiled }),
      { ...filed(9, T + 1), hotspotId: "z6MkB" },
    ]);
    const until = async (receivedByMs: number, limit = 9) =>
      (await store().statusesUntil("z6MkA", receivedByMs, limit)).map(({ status }) => status.sequence);
    expect(await until(T + 400)).toEqual([1, 3, 4]);
    expect(await until(T + 399)).toEqual([1, 3]);
    expect(await until(T + 1000, 2)).toEqual([3, 4]);
    expect(await until(T + 99)).toEqual([]);
    const [, late] = await store().statusesUntil("z6MkA", T + 450, 9);
    expect(late).toMatchObject({ receivedAtMs: T + 450, status: { sequence: 2, uptimeS: 77 } });
  });
}
