import { expect, test } from "bun:test";
import { MAX_RECEIPT_PACKETS, sha256, u32 } from "@earshot/protocol";
import { PendingReceipts } from "./pending-receipts.ts";

const noticeOf = (sequence: number) => ({
  sequence,
  packetId: sha256(u32(sequence)),
  receivedAtMs: 1000 + sequence,
});
const statusId = sha256(u32(0));
const sequencesOf = (notices: readonly { sequence: number }[]) => notices.map(({ sequence }) => sequence);

test("a receipt tells what came since the last one, and of its own hotspot only", () => {
  const book = new PendingReceipts();
  for (const sequence of [1, 2]) book.note("a", noticeOf(sequence));
  book.note("b", noticeOf(1));
  expect(book.answer("a", statusId)).toEqual([noticeOf(1), noticeOf(2)]);
  expect(book.answer("a", statusId)).toEqual([]);
  book.note("a", noticeOf(3));
  expect(sequencesOf(book.answer("a", statusId))).toEqual([3]);
  expect(sequencesOf(book.answer("b", statusId))).toEqual([1]);
});

test("as many as fill a receipt go at once, answering the newest status", () => {
  const book = new PendingReceipts();
  book.answer("a", statusId);
  const full: number[][] = [];
  for (let sequence = 1; sequence <= 2 * MAX_RECEIPT_PACKETS + 5; sequence++) {
    const told = book.note("a", noticeOf(sequence));
    if (told === undefined) continue;
    expect(told.answers).toEqual(statusId);
    full.push(sequencesOf(told.stored));
  }
  expect(full.map(({ length }) => length)).toEqual([MAX_RECEIPT_PACKETS, MAX_RECEIPT_PACKETS]);
  expect(book.answer("a", statusId)).toHaveLength(5);
});

test("before the first status the newest are kept, fewer than fill a receipt", () => {
  const book = new PendingReceipts();
  for (let sequence = 1; sequence <= 2000; sequence++)
    expect(book.note("a", noticeOf(sequence))).toBeUndefined();
  const told = book.answer("a", statusId);
  expect(told).toHaveLength(MAX_RECEIPT_PACKETS - 1);
  expect(told.at(-1)?.sequence).toBe(2000);
});

test("many keys that never send a status cost bounded memory: the longest quiet are forgotten", () => {
  const book = new PendingReceipts();
  const notice = noticeOf(1);
  for (let hotspot = 0; hotspot < 1000; hotspot++) {
    for (let i = 0; i < 400; i++) book.note(`key ${hotspot}`, notice);
  }
  expect(book.answer("key 0", statusId)).toEqual([]);
  expect(book.answer("key 999", statusId)).toHaveLength(400);
});
