import { describe, expect, test } from "bun:test";
import { utf8 } from "@earshot/protocol";
import { testBundles } from "../testing/test-bundle.ts";
import { PARAMETERS } from "../testing/test-network.ts";
import { runCheck, runCheckLater } from "./check.ts";
import { checkSignatures, type OpenedPackets, openPackets, startSignatures } from "./check-packets.ts";
import { INADMISSIBLE, INVALID, type SignatureChecker, VALID } from "./signatures.ts";

const { network } = PARAMETERS;
const [bundle] = await testBundles(1);
const told: [string, number, number][] = [];
const sample = runCheck(
  openPackets(bundle?.["packets.cbor"] ?? utf8(""), network, (...progress) => void told.push(progress)),
);
if (!sample.ok) throw new TypeError(sample.difference.at);
const { packets: samples, jobs: sampleJobs, waiting, started } = sample.value;

test("progress is told of a batch at a time", () => {
  expect(told).toEqual([["packets", 0, samples.length]]);
});

/** So many packets, some over and over. */
const opened = (count: number): OpenedPackets => ({
  ...structuredClone({ waiting, started }),
  packets: Array.from({ length: count }, (_, i) => samples[i % samples.length] as (typeof samples)[number]),
  jobs: Array.from(
    { length: count },
    (_, i) => sampleJobs[i % samples.length] as (typeof sampleJobs)[number],
  ),
});

/** Other threads that find all sound but one, and tell how much they were asked at a time. */
function threads(wrongAt?: number, answer = INVALID) {
  const sizes: number[] = [];
  let [asked, underWay, mostUnderWay] = [0, 0, 0];
  const checker: SignatureChecker = {
    start(jobs) {
      const first = asked;
      asked += jobs.length;
      sizes.push(jobs.length);
      mostUnderWay = Math.max(mostUnderWay, ++underWay);
      return {
        isReady: false,
        async answers() {
          underWay--;
          return Uint8Array.from(jobs, (_, i) => (first + i === wrongAt ? answer : VALID));
        },
      };
    },
  };
  return { checker, sizes, asked: () => asked, mostUnderWay: () => mostUnderWay };
}

async function checked(count: number, { checker }: ReturnType<typeof threads>) {
  const all = opened(count);
  const told: [string, number, number][] = [];
  const started = runCheck(startSignatures(all, network, checker));
  if (!started.ok) throw new TypeError(started.difference.at);
  const result = await runCheckLater(
    checkSignatures(all, network, checker, (...progress) => void told.push(progress)),
  );
  return { result, told };
}

describe("signatures that other threads check", () => {
  test("go to them in batches, a bounded number at a time, each once", async () => {
    const count = 70 * 512 + 7;
    const other = threads();
    const { result, told } = await checked(count, other);
    expect(result).toEqual({ ok: true, value: undefined });
    expect(other.asked()).toBe(count);
    expect(other.sizes).toEqual([...Array.from({ length: 70 }, () => 512), 7]);
    // Besides the batch whose answer is looked at.
    expect(other.mostUnderWay()).toBe(64 + 1);
    expect([told[0], told.at(-1)]).toEqual([
      ["signatures", 512, count],
      ["signatures", count, count],
    ]);
  });

  test("that do not hold are told by the packet's place in the file, in whatever batch", async () => {
    for (const wrongAt of [0, 511, 512, 66 * 512 + 3]) {
      const { id, hotspotId } = samples[wrongAt % samples.length] ?? {};
      const at = `item ${wrongAt + 1}, packet ${id}`;
      const other = threads(wrongAt);
      const { result } = await checked(67 * 512, other);
      expect(new Set(other.sizes)).toEqual(new Set([512]));
      expect(result).toMatchObject({ ok: false, difference: { at, found: "an invalid one" } });
      const inadmissible = await checked(67 * 512, threads(wrongAt, INADMISSIBLE));
      expect(inadmissible.result).toMatchObject({
        difference: { at, expected: "an admissible key", found: hotspotId },
      });
    }
  });
});
