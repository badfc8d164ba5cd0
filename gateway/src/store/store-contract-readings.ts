import { expect, test } from "bun:test";
import { encodePacket, type ReadingPacket, sha256, signerFromSeed } from "@earshot/protocol";
import type { StoredPacket } from "./records.ts";
import type { Store } from "./store.ts";
import { storedPacket, testId } from "./test-data.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(3));
/** Packets carry no times before 2020. */
const T = Date.UTC(2026, 0, 1);
const quantity = { name: "power_w", exponent: -1, min: -5, mean: 2345, max: 9000, count: 60 };

function filed(fields: Partial<ReadingPacket>, hotspotId = "z6MkA"): StoredPacket {
  const packet: ReadingPacket = {
    type: "reading",
    sequence: 1,
    atMs: T + 1000,
    source: "meter",
    periodMs: 500,
    quantities: [quantity],
    ...fields,
  };
  const bytes = encodePacket(packet, signer, "test");
  const id = testId(hotspotId) + sha256(bytes).toHex();
  const { sequence } = packet;
  return storedPacket({
    id,
    hotspotId,
    type: "reading",
    sequence,
    bytes,
    entropyIndex: null,
    epoch: null,
    reading: { source: packet.source, atMs: packet.atMs },
  });
}

const all = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 100 };

/** What every store must do with readings. */
export function readingsContract(store: () => Store): void {
  test("gives readings of a source in order of time, each once", async () => {
    const packets = [
      filed({ sequence: 3, atMs: T + 3000 }),
      filed({ sequence: 1, atMs: T + 1000 }),
      filed({ sequence: 2, atMs: T + 2000, quantities: [] }),
      filed({ sequence: 4, atMs: T + 2500, source: "air" }),
      filed({ sequence: 1, atMs: T + 1500 }, "z6MkB"),
    ];
    await store().addPackets(packets);
    await store().addPackets([...packets, filed({ sequence: 5, atMs: T + 4000 })]);
    const found = await store().readingsOf("z6MkA", "meter", all);
    expect(found).toEqual([
      { sequence: 1, atMs: T + 1000, periodMs: 500, quantities: [quantity] },
      { sequence: 2, atMs: T + 2000, periodMs: 500, quantities: [] },
      { sequence: 3, atMs: T + 3000, periodMs: 500, quantities: [quantity] },
      { sequence: 5, atMs: T + 4000, periodMs: 500, quantities: [quantity] },
    ]);
    expect(await store().readingsOf("z6MkA", "none", all)).toEqual([]);
  });

  test("gives the newest readings of a range, both ends included", async () => {
    await store().addPackets([1, 2, 3, 4, 5].map((n) => filed({ sequence: n, atMs: T + n * 1000 })));
    const times = async (range: Partial<typeof all>) =>
      (await store().readingsOf("z6MkA", "meter", { ...all, ...range })).map(({ atMs }) => atMs);
    expect(await times({ fromMs: T + 2000, toMs: T + 4000 })).toEqual([T + 2000, T + 3000, T + 4000]);
    expect(await times({ limit: 2 })).toEqual([T + 4000, T + 5000]);
    expect(await times({ toMs: T + 999 })).toEqual([]);
  });

  test("lists the sources of a hotspot by name, with their first and newest reading", async () => {
    const sources = ["b", "", "gps", "Ω"];
    await store().addPackets(
      sources.flatMap((source, i) =>
        [T + 10, T + 30, T + 20].map((atMs, n) => filed({ source, atMs: atMs + i, sequence: 3 * i + n })),
      ),
    );
    const list = (untilMs: number, limit: number) => store().readingSources("z6MkA", untilMs, limit);
    expect(await list(T + 100, 9)).toEqual([
      { source: "", firstAtMs: T + 11, latestAtMs: T + 31 },
      { source: "b", firstAtMs: T + 10, latestAtMs: T + 30 },
      { source: "gps", firstAtMs: T + 12, latestAtMs: T + 32 },
      { source: "Ω", firstAtMs: T + 13, latestAtMs: T + 33 },
    ]);
    expect((await list(T + 31, 9)).map(({ latestAtMs }) => latestAtMs)).toEqual([
      T + 31,
      T + 30,
      T + 22,
      T + 23,
    ]);
    expect((await list(T + 10, 9)).map(({ source }) => source)).toEqual(["b"]);
    expect(await list(T + 100, 2)).toHaveLength(2);
    expect(await store().readingSources("z6MkB", T + 100, 9)).toEqual([]);
  });

  test("keeps two packets of a moment, and values of any size", async () => {
    const wide = { ...quantity, exponent: -12, min: -(2 ** 47), max: 2 ** 47 - 1, count: 2 ** 32 - 1 };
    const same = [filed({ sequence: 1 }), filed({ sequence: 2, quantities: [wide] })];
    await store().addPackets(same);
    const found = await store().readingsOf("z6MkA", "meter", all);
    expect(found.map(({ quantities }) => quantities[0]?.exponent).toSorted()).toEqual([-1, -12]);
    expect(found.find(({ sequence }) => sequence === 2)?.quantities).toEqual([wide]);
  });
}
