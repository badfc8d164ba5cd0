/**
 * What a report costs the store: bytes on disk and CPU, of storing it and of the verdict on it.
 *
 *   bun run bench store [hotspots] [packets]
 *
 * Packets of that many hotspots in turn, filed as ingest files them, 256 to a transaction, in SQLite on disk (WAL, each
 * commit synced); then a verdict on each report, those of one index in a transaction.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@earshot/gateway";
import { decodePacket, reportIndexAndKey } from "@earshot/protocol";
import { SQL } from "bun";
import type { StoredPacket, StoredVerdict } from "../src/store/records.ts";
import { makeHotspots, makeLoad, NOW_MS } from "./load.ts";

const HOTSPOTS = makeHotspots(Number(process.argv[2] ?? 1000));
const PACKETS = Number(process.argv[3] ?? 65_536);
const GROUP = 256;
const EPOCH = Math.floor(NOW_MS / 86_400_000);

function filed(firstSequence: number): { packet: StoredPacket; verdict: StoredVerdict | undefined }[] {
  const load = { hotspots: HOTSPOTS, packets: GROUP, firstSequence };
  const { packets } = makeLoad({ types: ["witness", "beacon", "witness", "reading"], ...load });
  return packets.map(({ bytes, sender: hotspotId }) => {
    const result = decodePacket(bytes);
    if (!result.ok) throw new TypeError(`A packet of the load cannot be decoded: ${result.code}`);
    const { packet, id } = result.decoded;
    const about = reportIndexAndKey(result.decoded);
    // As time goes on, reports are about later beacons.
    const entropyIndex = about === undefined ? null : about.entropyIndex + Math.floor(firstSequence / 1024);
    const stored: StoredPacket = {
      ...{ id: id.toHex(), hotspotId, type: packet.type, sequence: packet.sequence, receivedAtMs: NOW_MS },
      ...{ bytes, entropyIndex, epoch: entropyIndex === null ? null : EPOCH, isLate: false },
      ...(packet.type === "reading" && { reading: { source: packet.source, atMs: packet.atMs } }),
    };
    if (about === undefined || entropyIndex === null) return { packet: stored, verdict: undefined };
    const verdict: StoredVerdict = {
      ...{ packetId: stored.id, hotspotId, beaconKey: about.key, epoch: EPOCH, entropyIndex },
      ...{ type: packet.type as StoredVerdict["type"], outcome: "refused", reason: "too_close" },
      ...{ measurements: [{ name: "distanceM", value: 120 }], judgedAtMs: NOW_MS },
    };
    return { packet: stored, verdict };
  });
}

/** µs of CPU, user and system time of all threads. */
async function cpuUs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const folder = mkdtempSync(join(process.env.EARSHOT_BENCH_DIR ?? tmpdir(), "earshot-bench-"));
try {
  const url = `sqlite://${join(folder, "store.sqlite")}`;
  const store = await openStore(url);
  const sql = new SQL(url);
  const sizeNow = async (): Promise<number> => {
    await sql.unsafe("PRAGMA wal_checkpoint(TRUNCATE)");
    const [row] = await sql.unsafe<{ size: number }[]>(
      "SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()",
    );
    return row?.size ?? Number.NaN;
  };
  const [storingUs, verdictsUs]: [number[], number[]] = [[], []];
  const verdicts: StoredVerdict[] = [];
  let bytes = 0;
  for (let from = 1; from <= PACKETS; from += GROUP) {
    const group = filed(from);
    storingUs.push((await cpuUs(() => store.addPackets(group.map(({ packet }) => packet)))) / GROUP);
    for (const { packet, verdict } of group) {
      bytes += packet.bytes.length;
      if (verdict !== undefined) verdicts.push(verdict);
    }
  }
  const packetsSize = await sizeNow();
  const byIndex = [...Map.groupBy(verdicts, ({ entropyIndex }) => entropyIndex)].sort(([a], [b]) => a - b);
  for (const [index, judged] of byIndex) {
    verdictsUs.push((await cpuUs(() => store.addJudgement(index, judged, [], []))) / judged.length);
  }
  const verdictsSize = (await sizeNow()) - packetsSize;
  await sql.close();
  await store.close();
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]?.toFixed(1);
  console.log(
    `${PACKETS} packets of ${HOTSPOTS.length} hotspots, ${(bytes / PACKETS).toFixed(0)} bytes each as sent`,
  );
  console.log(
    `  a packet    ${(packetsSize / PACKETS).toFixed(0)} bytes on disk, ${median(storingUs)} µs of CPU`,
  );
  console.log(
    `  a verdict   ${(verdictsSize / verdicts.length).toFixed(0)} bytes on disk, ${median(verdictsUs)} µs of CPU`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
