import { expect, test } from "bun:test";
import { entropyTimeMs, type Hotspot } from "@earshot/protocol";
import fc from "fast-check";
import type { StoredVerdict } from "../store/records.ts";
import { HOTSPOTS, PARAMETERS } from "../testing/test-network.ts";
import { heardIn } from "./links.ts";

const [a, b, c] = HOTSPOTS as [Hotspot, Hotspot, Hotspot];
/** Of these beacons the senders are known; of "stranger" it is not. */
const senders = new Map([
  ["of a", a],
  ["of b", b],
]);

const verdict = fc.record({
  hotspotId: fc.constantFrom(a.id, b.id, c.id),
  beaconKey: fc.constantFrom("of a", "of b", "stranger"),
  type: fc.constantFrom("witness" as const, "beacon" as const),
  outcome: fc.constantFrom("paid" as const, "unpaid" as const, "refused" as const),
  reason: fc.constantFrom("ok", "not_drawn", "report_late"),
  entropyIndex: fc.integer({ min: 1000, max: 1010 }),
});

test("of who heard whom every verdict is counted, and the newest is told, of two in one period the first", () => {
  fc.assert(
    fc.property(fc.array(verdict, { maxLength: 40 }), (made) => {
      const verdicts = made.map((each) => ({ ...each, measurements: [] }) as unknown as StoredVerdict);
      const links = heardIn(verdicts, senders, PARAMETERS);
      const pairs = new Map<string, StoredVerdict[]>();
      for (const each of verdicts) {
        const beaconer = senders.get(each.beaconKey)?.id;
        if (each.type !== "witness" || beaconer === undefined || beaconer === each.hotspotId) continue;
        const key = `${beaconer} ${each.hotspotId}`;
        pairs.set(key, [...(pairs.get(key) ?? []), each]);
      }
      expect(links.map(({ beaconer, witness }) => `${beaconer} ${witness}`)).toEqual([...pairs.keys()]);
      for (const [i, own] of [...pairs.values()].entries()) {
        const counted = (outcome: string) => own.filter((each) => each.outcome === outcome).length;
        const newestIndex = Math.max(...own.map(({ entropyIndex }) => entropyIndex));
        const newest = own.find(({ entropyIndex }) => entropyIndex === newestIndex);
        expect(links[i]).toMatchObject({
          paid: counted("paid"),
          unpaid: counted("unpaid"),
          refused: counted("refused"),
          lastAtMs: entropyTimeMs(newestIndex, PARAMETERS),
          lastOutcome: newest?.outcome,
          lastReason: newest?.reason,
          lastBeaconKey: newest?.beaconKey,
        });
      }
    }),
  );
});
