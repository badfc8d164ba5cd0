import { describe, expect, test } from "bun:test";
import { appendFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { ReceiptBuffer } from "./receipt-buffer.ts";
import { ReceiptFiles, type ReceiptRecord } from "./receipt-files.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2027, 0, 1);
const record = (byte: number, reports = 2, keptAtMs: number | undefined = NOW_MS): ReceiptRecord => ({
  keptAtMs,
  receipt: new Uint8Array(300).fill(byte),
  packets: Array.from({ length: reports }, (_, i) => new Uint8Array(200).fill(i)),
});

/** All that an audit would find. */
function allOf(files: ReceiptFiles): ReceiptRecord[] {
  files.seal();
  return files.files().flatMap((name) => files.read(name));
}

describe("files of receipts", () => {
  test("have what was kept, in order, over restarts, for their owner alone", () => {
    const folder = join(temporaryFolder(), "receipts");
    for (const byte of [1, 2, 3]) new ReceiptFiles(folder).append([record(byte), record(byte + 10)], NOW_MS);
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect([statSync(folder).mode & 0o777, ...new Set(modes)]).toEqual([0o700, 0o600]);
    const kept = allOf(new ReceiptFiles(folder));
    expect(kept.map(({ receipt }) => receipt[0])).toEqual([1, 11, 2, 12, 3, 13]);
    expect(kept[0]).toEqual(record(1));
    expect(allOf(new ReceiptFiles(folder))).toHaveLength(6);
  });

  test("a power cut tears the last record and no other, and nothing is appended to what it tore", () => {
    const folder = temporaryFolder();
    new ReceiptFiles(folder).append([record(1), record(2)], NOW_MS);
    const path = join(folder, "current");
    for (const tear of [
      () => truncateSync(path, statSync(path).size - 5),
      // Blocks that were given to the file and never written.
      () => appendFileSync(path, new Uint8Array(4096)),
    ]) {
      tear();
      new ReceiptFiles(folder).append([record(3)], NOW_MS);
    }
    expect(allOf(new ReceiptFiles(folder)).map(({ receipt }) => receipt[0])).toEqual([1, 3, 3]);
  });

  test("the oldest go when there are too many bytes", () => {
    const folder = temporaryFolder();
    const files = new ReceiptFiles(folder, { maxBytes: 1_000_000, maxAgeMs: 30 * DAY_MS });
    for (let i = 0; i < 40; i++) files.append([record(i, 300)], NOW_MS);
    expect(files.bytes).toBeLessThan(1_000_000 + 300_000);
    const kept = allOf(files).map(({ receipt }) => Number(receipt[0]));
    expect(kept.at(-1)).toBe(39);
    expect(kept.length).toBeGreaterThan(10);
    expect(kept[0]).toBe(40 - kept.length);
  });

  test("what is older than a month goes where the time is certain, and stays where it is not", () => {
    for (const [keptAtMs, nowMs, left] of [
      [NOW_MS, NOW_MS + 31 * DAY_MS, 0],
      [NOW_MS, NOW_MS + 29 * DAY_MS, 2],
      [NOW_MS, undefined, 2],
      [undefined, NOW_MS + 31 * DAY_MS, 2],
    ] as const) {
      const files = new ReceiptFiles(temporaryFolder());
      files.append([{ ...record(1, 2000), keptAtMs }], keptAtMs);
      files.append([{ ...record(2, 2000), keptAtMs }], nowMs);
      expect([keptAtMs, nowMs, allOf(files).length]).toEqual([keptAtMs, nowMs, left]);
    }
  });

  test("a file that the audit is done with is gone; the agent goes on", () => {
    const folder = temporaryFolder();
    const [agent, audit] = [new ReceiptFiles(folder), new ReceiptFiles(folder)];
    agent.append([record(1)], NOW_MS);
    audit.seal();
    agent.append([record(2)], NOW_MS);
    for (const name of audit.files()) audit.remove(name);
    agent.append([record(3)], NOW_MS);
    expect(allOf(audit).map(({ receipt }) => receipt[0])).toEqual([2, 3]);
    expect(new ReceiptFiles(join(folder, "nowhere")).files()).toEqual([]);
  });
});

describe("the buffer", () => {
  test("writes reports with the receipt that names them, once", () => {
    const files = new ReceiptFiles(temporaryFolder());
    const buffer = new ReceiptBuffer(files, () => NOW_MS);
    const [one, other] = [record(1), record(2)];
    for (const { receipt, packets } of [one, other])
      for (const packet of packets) buffer.add(receipt, packet);
    buffer.write();
    buffer.write();
    expect(allOf(files)).toEqual([one, other]);
    expect(buffer.lost).toBeUndefined();
  });

  test("does not grow: many reports are written before the outbox writes", () => {
    const files = new ReceiptFiles(temporaryFolder());
    const buffer = new ReceiptBuffer(files, () => undefined);
    const receipt = new Uint8Array(20_000);
    for (let i = 0; i < 512; i++) buffer.add(receipt, new Uint8Array(200));
    expect(files.bytes).toBeGreaterThan(65_536);
  });

  test("what cannot be written is counted, and in nobody's way; the next is tried again", () => {
    const folder = join(temporaryFolder(), "receipts");
    writeFileSync(folder, "in its place");
    const buffer = new ReceiptBuffer(new ReceiptFiles(folder), () => NOW_MS);
    for (const lost of [1, 2]) {
      buffer.add(record(lost).receipt, record(lost).packets[0] as Uint8Array);
      buffer.write();
      expect(buffer.lost).toMatchObject({ count: lost });
    }
    rmSync(folder);
    buffer.add(record(3).receipt, record(3).packets[0] as Uint8Array);
    buffer.write();
    expect(buffer.lost?.count).toBe(2);
    expect(allOf(new ReceiptFiles(folder))).toHaveLength(1);
  });
});
