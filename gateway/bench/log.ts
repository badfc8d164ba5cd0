/**
 * How fast the network's log grows.
 *
 *   bun gateway/bench/log.ts [entries]
 *
 * The tree alone; then the log over SQLite on disk: many entries at once, as after an outage, and one at a time, each
 * with a checkpoint signed and synced; proofs at the end. By the clock.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@earshot/gateway";
import { signerFromSeed, utf8 } from "@earshot/protocol";
import { entryHash, TileEdge } from "@earshot/protocol/tlog";
import { PublicLog, type SignedHead } from "../src/log/public-log.ts";

const ENTRY_BYTES = 240;
const PORTION = 256;
const SINGLE = 500;
const entries = Number(process.argv[2] ?? 100_000);

const message = (n: number): Uint8Array => utf8(`entry ${n} `.padEnd(ENTRY_BYTES, "."));

function told(what: string, count: number, startMs: number): void {
  const ms = performance.now() - startMs;
  const each = (ms * 1000) / count;
  console.log(`${what.padEnd(48)} ${Math.round((count * 1000) / ms)}/s, ${each.toFixed(1)} µs each`);
}

const messages = Array.from({ length: entries }, (_, i) => message(i));
const edge = new TileEdge();
let startMs = performance.now();
for (const each of messages) edge.append(entryHash(each));
told("tree: entries hashed and appended", entries, startMs);
startMs = performance.now();
let roots = 0;
for (let i = 0; i < 2000; i++) roots += edge.root.length;
told("tree: root of a checkpoint", roots / 32, startMs);

const folder = mkdtempSync(join(tmpdir(), "earshot-bench-log-"));
const store = await openStore(`sqlite://${join(folder, "log.db")}`);
let [made, logged] = [0, 0];
let portion = PORTION;
const log = new PublicLog({
  store,
  sources: {
    async next() {
      const list = Array.from({ length: Math.min(portion, made - logged) }, (_, i) => ({
        ...{ kind: "entropy" as const, number: logged + i, message: message(logged + i) },
      }));
      return { entries: list, through: list.length > 0 ? { entropy: logged + list.length - 1 } : {} };
    },
    added: ({ entries: added }) => {
      logged += added.length;
    },
    forget: () => {},
  },
  origin: "earshot/bench",
  signer: () => signerFromSeed(new Uint8Array(32).fill(3)),
  onCheckpoint: async () => {},
});
made = entries;
startMs = performance.now();
await log.advance();
told(`log on disk: entries, ${PORTION} with a checkpoint`, entries, startMs);
portion = 1;
made = entries + SINGLE;
startMs = performance.now();
await log.advance();
told("log on disk: checkpoints, one entry each", SINGLE, startMs);
const head = log.head as SignedHead;
startMs = performance.now();
for (let i = 0; i < SINGLE; i++) await log.prove("entropy", (i * 7919) % head.size, head);
told("proofs of entries anywhere", SINGLE, startMs);
startMs = performance.now();
for (let i = 0; i < SINGLE; i++) await log.consistency(head.size - 1 - i, head.size);
told("proofs that it continues itself", SINGLE, startMs);
await store.close();
rmSync(folder, { recursive: true });
