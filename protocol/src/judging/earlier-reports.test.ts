import { expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_PARAMETERS } from "../parameters/parameters.ts";
import { reportDeadlineMs } from "../time/schedule.ts";
import { earlierReports } from "./earlier-reports.ts";
import type { ReceivedReport, ReportTimes } from "./types.ts";

const parameters = { ...DEFAULT_PARAMETERS, network: "testnet-1" };

interface Sketch {
  hotspotId: string;
  sequence: number;
  index: number;
  isLate: boolean;
}

/** A report in which `atMs` names it. */
const report = ({ hotspotId, sequence, index, isLate }: Sketch, i: number) =>
  ({
    id: `id${String(i).padStart(6, "0")}`,
    hotspotId,
    receivedAtMs: reportDeadlineMs(index, parameters) + Number(isLate),
    packet: { type: "witness", sequence, atMs: i, tmstUs: null, entropyIndex: index },
  }) as ReceivedReport;

/** A literal implementation of `JudgingContext.earlierReport`. */
function plainly(asked: ReceivedReport, reports: readonly ReceivedReport[]): ReportTimes | undefined {
  const found = reports
    .filter(({ hotspotId }) => hotspotId === asked.hotspotId)
    .filter((other) => other.receivedAtMs <= reportDeadlineMs(other.packet.entropyIndex, parameters))
    .filter((other) => other.packet.entropyIndex <= asked.packet.entropyIndex)
    .filter(({ packet }) => packet.sequence < asked.packet.sequence)
    .sort((a, b) => b.packet.sequence - a.packet.sequence || (a.id < b.id ? -1 : 1))[0];
  if (found === undefined) return undefined;
  const { atMs, tmstUs } = found.packet;
  return { entropyIndex: found.packet.entropyIndex, atMs, tmstUs };
}

const sketch = fc.record({
  hotspotId: fc.constantFrom("a", "b"),
  sequence: fc.nat({ max: 12 }),
  index: fc.nat({ max: 6 }),
  isLate: fc.boolean(),
});

test("agrees with the definition for any numbering", () => {
  fc.assert(
    fc.property(fc.array(sketch, { maxLength: 40 }), (sketches) => {
      const reports = sketches.map(report);
      const found = earlierReports(reports, parameters);
      for (const each of reports) expect(found.get(each.id)).toEqual(plainly(each, reports));
    }),
  );
});

test("looks at each report a few times, also where numbers fall as indexes rise", () => {
  const count = 20_000;
  let looks = 0;
  const reports = Array.from({ length: count }, (_, i) => {
    const made = report({ hotspotId: "a", sequence: count - i, index: i, isLate: false }, i);
    Object.defineProperty(made.packet, "entropyIndex", {
      get: () => {
        looks++;
        return i;
      },
    });
    return made;
  });
  expect(earlierReports(reports, parameters).size).toBe(0);
  expect(looks / count).toBeLessThan(60);
});
