import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { utf8 } from "../encoding/bytes.ts";
import { decodePacket, encodePacket } from "./codec.ts";
import { explainLoss, LOSS_REASONS, lossList, MAX_LOSS_NAME_BYTES, MAX_LOSSES } from "./losses.ts";
import { typicalPackets } from "./samples.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(7));
const counts = fc
  .dictionary(fc.constantFrom(...Object.keys(LOSS_REASONS), "of_a_newer_agent"), fc.nat(2 ** 40))
  .map((dictionary) => Object.entries(dictionary));

describe("losses", () => {
  test("every name is short enough for a packet, plain, and no two phrases are the same", () => {
    for (const name of Object.keys(LOSS_REASONS)) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(utf8(name).length).toBeLessThanOrEqual(MAX_LOSS_NAME_BYTES);
    }
    const phrases = Object.values(LOSS_REASONS);
    expect(new Set(phrases).size).toBe(phrases.length);
  });

  test("whatever was counted fits a status packet, the same in any order, and comes out again", () => {
    fc.assert(
      fc.property(counts, (counted) => {
        const losses = lossList(counted);
        expect(lossList(counted.toReversed())).toEqual(losses);
        const decoded = decodePacket(encodePacket({ ...typicalPackets.status, losses }, signer, "demo"));
        expect(
          decoded.ok && decoded.decoded.packet.type === "status" && decoded.decoded.packet.losses,
        ).toEqual(losses);
        const sum = counted.reduce((total, [, count]) => total + count, 0);
        if (counted.every(([, count]) => count < 2 ** 27))
          expect((losses ?? []).reduce((total, { count }) => total + count, 0)).toBe(sum);
      }),
    );
  });

  test("too many reasons lose the rarest names, not their counts", () => {
    const many = Object.keys(LOSS_REASONS).map((reason, i) => [reason, i + 1] as const);
    const losses = lossList(many) ?? [];
    expect(losses.length).toBe(MAX_LOSSES);
    expect(losses.find(({ reason }) => reason === "other")?.count).toBe(
      many.slice(0, many.length - MAX_LOSSES + 1).reduce((sum, [, count]) => sum + count, 0),
    );
  });

  test("a reason of a newer agent is shown by its name", () => {
    expect(explainLoss("frame_upside_down")).toBe("frame upside down");
    expect(explainLoss("toString")).toBe("toString");
  });
});
