import { afterAll, beforeEach, expect, test } from "bun:test";
import {
  type Entropy,
  entropyMessage,
  indexRootMessage,
  isReport,
  manifestMessage,
  packetsRoot,
  parametersMessage,
  signerFromSeed,
} from "@earshot/protocol";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { claiming } from "../testing/test-edits.ts";
import { afterFirst, afterSecond, entries, first, second, servedLog, third } from "../testing/test-means.ts";
import { FIRST_EPOCH, networkSigner, PARAMETERS } from "../testing/test-network.ts";
import { sharedLog, verifySeries } from "./verify-epoch.ts";

/* `verify-epoch --log` over HTTP: an honest log, logs that say something else, and servers that are none. */

const { network } = PARAMETERS;
const key = networkSigner.publicKey;
let answer: (url: URL) => Response;
let asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const url = new URL(request.url);
    asked.push(url.pathname);
    return answer(url);
  },
});
afterAll(() => server.stop(true));
beforeEach(() => {
  asked = [];
  answer = servedLog(entries);
});

const sourceOf = (bundle: Bundle) => ({
  name: "bundle",
  read: async () => ({ ok: true as const, bundle, folder: "bundle" }),
  readLogProof: async () => ({ ok: false as const, problem: "none" }),
});

/** What is told of bundles in a row; the last of them is what the tests are about. */
async function told(...bundles: Bundle[]): Promise<string> {
  const log = sharedLog(`http://127.0.0.1:${server.port}/log`, { fetch: globalThis.fetch });
  let last = "nothing";
  for await (const { ok, difference, compared, trust } of verifySeries(bundles.map(sourceOf), { log })) {
    last = ok ? "holds" : `${difference?.file}: ${difference?.at}: ${difference?.expected}`;
    expect(compared !== undefined).toBe(ok);
    expect(trust.some(({ shownBy }) => shownBy.includes("the log"))).toBe(false);
  }
  return last;
}

const newest = afterSecond.entropy.at(-1) as Entropy;
const report = afterFirst.packets.find(isReport);

/** Statements that were logged before everything else: the log has more than one tile. */
const fillers = Array.from({ length: 600 }, (_, version) =>
  parametersMessage.seal({ ...PARAMETERS, version: version + 1 }, networkSigner, network),
);

test("an honest row holds, and each is compared with all that the log has of it", async () => {
  expect(await told(first, second, third)).toBe("holds");
  expect(asked.filter((path) => path.includes("entries"))).toHaveLength(1);
});

test("of a long log only what is newer than the epochs is read, each tile proven", async () => {
  answer = servedLog([...fillers, ...entries, ...fillers.slice(0, 300)]);
  expect(await told(second, third)).toBe("holds");
  const read = asked.filter((path) => path.includes("entries"));
  expect(read).toEqual([`/log/tile/entries/003.p/${900 + entries.length - 768}`, "/log/tile/entries/002"]);
});

test.each<[string, () => Bundle[], string]>([
  [
    "a manifest that is not the one in the log",
    () => [first, claiming(second, { closedAtMs: afterSecond.manifest.closedAtMs + 1 }, afterFirst)],
    "manifest.cbor: SHA-256",
  ],
  [
    "a report that was left out after the index was judged",
    () => [claiming(first, { packets: afterFirst.packets.filter((one) => one !== report) })],
    "packets.cbor: reports about index",
  ],
  [
    "a minute that was signed anew",
    () => [
      claiming(
        second,
        { entropy: afterSecond.entropy.with(-1, { ...newest, value: new Uint8Array(32) }) },
        afterFirst,
      ),
    ],
    "entropy.cbor: index",
  ],
])("%s is refused", async (_lie, bundles, place) => {
  expect(await told(...bundles())).toStartWith(place);
});

test.each<[string, (bytes: Uint8Array) => Uint8Array | undefined, string]>([
  [
    "two manifests of one epoch",
    (entry) => {
      const opened = manifestMessage.open(entry, network, key);
      if (!opened.ok || opened.value.epoch !== FIRST_EPOCH + 1) return undefined;
      const again = { ...opened.value, closedAtMs: opened.value.closedAtMs + 1 };
      return manifestMessage.seal(again, networkSigner, network);
    },
    "manifest.cbor: SHA-256",
  ],
  [
    "two messages of one minute",
    (entry) => {
      const opened = entropyMessage.open(entry, network, key);
      if (!opened.ok || opened.value.index !== newest.index) return undefined;
      return entropyMessage.seal({ ...opened.value, value: new Uint8Array(32) }, networkSigner, network);
    },
    "entropy.cbor: index",
  ],
  [
    "two roots over one index",
    (entry) => {
      const opened = indexRootMessage.open(entry, network, key);
      if (!opened.ok || opened.value.count === 0) return undefined;
      if (Math.floor(opened.value.index / 4) !== FIRST_EPOCH + 1) return undefined;
      const none = { ...opened.value, count: 0, root: packetsRoot([]) };
      return indexRootMessage.seal(none, networkSigner, network);
    },
    "packets.cbor: reports about index",
  ],
])("a log with %s is told, though the bundle is in it", async (_what, again, place) => {
  const more = entries.flatMap((entry) => again(entry) ?? []).slice(0, 1);
  expect(more).toHaveLength(1);
  answer = servedLog([...entries, ...more]);
  expect(await told(first, second)).toStartWith(place);
  expect(await told(first)).toBe("holds");
});

test("a log that has forgotten, or that does not reach so far, is told", async () => {
  const isNewest = (entry: Uint8Array) => Buffer.compare(entry, third[MANIFEST_FILE]) === 0;
  answer = servedLog(entries.filter((entry) => !isNewest(entry)));
  expect(await told(first, second, third)).toStartWith("manifest.cbor: SHA-256: none, as in the log");
});

test("servers that are no log of the network, and entries that are not below the checkpoint", async () => {
  const stranger = signerFromSeed(new Uint8Array(32).fill(9));
  answer = servedLog(entries, stranger);
  expect(await told(first)).toContain("manifest.tlog-proof: checkpoint");
  answer = () => new Response("hello");
  expect(await told(first)).toContain("log: entries");
  answer = () => new Response("gone", { status: 404 });
  expect(await told(first)).toContain("log: entries");
  const honest = servedLog(entries);
  for (const at of [3, 700, 5000]) {
    answer = (url) => {
      const response = honest(url);
      if (!url.pathname.includes("entries")) return response;
      return new Response(
        new ReadableStream({
          async start(controller) {
            const bytes = new Uint8Array(await response.arrayBuffer());
            bytes[at] = (bytes[at] as number) ^ 1;
            controller.enqueue(bytes);
            controller.close();
          },
        }),
      );
    };
    expect(await told(first)).toContain("log: entries");
  }
});
