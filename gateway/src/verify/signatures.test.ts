import { afterAll, describe, expect, test } from "bun:test";
import { equalBytes, utf8 } from "@earshot/protocol";
import fc from "fast-check";
import type { Bundle } from "../bundle/bundle.ts";
import { testBundles } from "../testing/test-bundle.ts";
import { edited, replaced } from "../testing/test-edits.ts";
import { signers } from "../testing/test-network.ts";
import { packJobs, unpackJobs } from "./signature-batch.ts";
import { openSignaturePool } from "./signature-pool.ts";
import { admissionOf, INADMISSIBLE, INVALID, InlineChecker, type SignatureJob, VALID } from "./signatures.ts";
import { verifyFiles, verifyFilesLater } from "./verify-bundle.ts";

/** A point of order 8: canonical, but no key of the prime-order group. */
const SMALL_ORDER = Uint8Array.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");

function jobs(): { job: SignatureJob; answer: number }[] {
  return Array.from({ length: 40 }, (_, i) => {
    const signer = Object.values(signers)[i % 5] ?? signers.a;
    const message = utf8(`message ${i}`);
    const signature = signer.sign(i % 3 === 0 ? utf8("another") : message);
    if (i % 7 === 0) return { job: { publicKey: SMALL_ORDER, message, signature }, answer: INADMISSIBLE };
    if (i % 11 === 0) return { job: admissionOf(signer.publicKey), answer: INVALID };
    return {
      job: { publicKey: signer.publicKey, message, signature },
      answer: i % 3 === 0 ? INVALID : VALID,
    };
  });
}
const expected = jobs().map(({ answer }) => answer);
const asked = jobs().map(({ job }) => job);

const pool = openSignaturePool(2);
afterAll(() => pool.close());

test("jobs are unpacked as they were packed", () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const job = fc.record({
    publicKey: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    message: bytes,
    signature: bytes,
  });
  fc.assert(
    fc.property(fc.array(job), (list) => {
      expect(unpackJobs(packJobs(list))).toEqual(list);
    }),
  );
});

test("a thread of one's own and a pool give the same answers, in order", async () => {
  expect([...(await new InlineChecker().start(asked).answers())]).toEqual(expected);
  const batches = [pool.start(asked), pool.start([]), pool.start(asked.toReversed())];
  const answers = await Promise.all(batches.map((batch) => batch.answers()));
  expect(answers.map((each) => [...each])).toEqual([expected, [], expected.toReversed()]);
});

test("a closed pool refuses work, and what waits in it fails", async () => {
  const short = openSignaturePool(1);
  const waiting = short.start(asked);
  short.close();
  await expect(Promise.resolve(waiting.answers())).rejects.toThrow("was closed");
  expect(() => short.start(asked)).toThrow("closed");
  expect(() => openSignaturePool(0)).toThrow("at least 1");
});

describe("a bundle", async () => {
  const [first, second] = (await testBundles(2)) as [Bundle, Bundle];

  test("comes out the same with a pool as without", async () => {
    const swapped = edited(second, "verdicts.jsonl", (all) => all.replace("too_close", "too_far"));
    const flipped = Uint8Array.from(first["packets.cbor"]);
    flipped[flipped.length - 3] = (flipped[flipped.length - 3] as number) ^ 1;
    const forged = replaced(first, "packets.cbor", flipped);
    for (const bundle of [first, second, swapped, forged]) {
      const [own, pooled] = [verifyFiles(bundle), await verifyFilesLater(bundle, { signatures: pool })];
      const strip = (outcome: typeof own) => (outcome.ok ? "holds" : outcome.difference);
      expect(strip(pooled)).toEqual(strip(own));
      expect(
        own.ok &&
          pooled.ok &&
          !equalBytes(own.verified.settlement.tree.root, pooled.verified.settlement.tree.root),
      ).toBe(false);
    }
  });

  test("cannot be checked at once where its signatures are elsewhere", () => {
    expect(() => verifyFiles(first, { signatures: pool })).toThrow("checked elsewhere");
  });
});
