import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { lockTime } from "./lock-time.ts";
import { decodeMsm } from "./msm.ts";
import { MSM_CONSTELLATIONS } from "./msm-signals.ts";
import { decodeRtcm3 } from "./rtcm3-message.ts";
import { msmPayload, type WrittenMsm } from "./test-writer.ts";

const numbers = (max: number, maxLength: number) =>
  fc.uniqueArray(fc.integer({ min: 1, max }), { maxLength }).map((set) => set.toSorted((a, b) => a - b));

/** Any MSM of this kind, with at most 8 × 8 cells. */
function anyMsm(base: number, kind: number): fc.Arbitrary<WrittenMsm> {
  const [lockBits, cn0Bits] = kind >= 6 ? [10, 10] : [4, 6];
  const cell = fc.record({
    lock: fc.nat(kind >= 6 ? 704 : 2 ** lockBits - 1),
    half: fc.nat(1),
    cn0: fc.nat(2 ** cn0Bits - 1),
    noise: fc.nat(2 ** 15 - 1),
    sent: fc.boolean(),
  });
  return fc
    .record({
      stationId: fc.nat(4095),
      time30: fc.nat(86_399_999),
      moreFollow: fc.boolean(),
      issueOfDataStation: fc.nat(7),
      clockSteering: fc.nat(3),
      externalClock: fc.nat(3),
      smoothing: fc.nat(15),
      satellites: numbers(64, 8),
      signals: numbers(32, 8),
      cells: fc.array(cell, { minLength: 64, maxLength: 64 }),
    })
    .map(({ cells, ...msm }) => {
      const pairs = msm.satellites.flatMap((satellite) =>
        msm.signals.map((signal) => ({ satellite, signal })),
      );
      const sent = pairs.map((pair, at) => ({ ...pair, ...cells[at]! })).filter((one) => one.sent);
      return { type: base + kind, ...msm, cells: sent };
    });
}

function expectedSatellites(msm: WrittenMsm, kind: number) {
  const { system, idOffset, signals } = MSM_CONSTELLATIONS.find(({ base }) => base === msm.type - kind)!;
  return msm.satellites.map((satellite) => ({
    system,
    id: satellite + idOffset,
    signals: msm.cells
      .filter((cell) => cell.satellite === satellite)
      .map((cell) => ({
        signal: signals[cell.signal] ?? `?${cell.signal}`,
        ...(kind >= 2 && { lockTime: lockTime(cell.lock, kind >= 6 ? 10 : 4) }),
        ...(kind >= 2 && { halfCycleAmbiguous: cell.half === 1 }),
        ...(kind >= 4 && cell.cn0 > 0 && { cn0DbHz: kind >= 6 ? cell.cn0 / 16 : cell.cn0 }),
      })),
  }));
}

for (const { base, system } of MSM_CONSTELLATIONS) {
  test.each([1, 2, 3, 4, 5, 6, 7])(`${system}: all of MSM%d comes back`, (kind) => {
    fc.assert(
      fc.property(anyMsm(base, kind), (msm) => {
        const result = decodeMsm(msmPayload(msm));
        expect(result).toMatchObject({
          ok: true,
          message: {
            ...{ kind: "msm", type: msm.type, stationId: msm.stationId, system, msmKind: kind },
            ...{ moreFollow: msm.moreFollow, issueOfDataStation: msm.issueOfDataStation },
            ...{ clockSteering: msm.clockSteering, externalClock: msm.externalClock },
            ...{ divergenceFreeSmoothing: msm.smoothing! >= 8, smoothingInterval: msm.smoothing! % 8 },
            signalIds: msm.signals,
          },
        });
        expect(result?.ok && result.message.satellites).toEqual(expectedSatellites(msm, kind));
      }),
      { numRuns: 30 },
    );
  });
}

const GPS: WrittenMsm = {
  type: 1077,
  time30: 1000,
  satellites: [3, 64],
  signals: [2, 7],
  cells: [{ satellite: 3, signal: 7, lock: 705, half: 1, cn0: 0, noise: 1 }],
};

test("a reserved signal is named by its number; invalid C/N0 and reserved lock time are absent", () => {
  const result = decodeMsm(msmPayload(GPS));
  expect(result?.ok && result.message.satellites).toEqual([
    { system: "G", id: 3, signals: [{ signal: "?7", halfCycleAmbiguous: true }] },
    { system: "G", id: 64, signals: [] },
  ]);
});

test("SBAS is counted by PRN", () => {
  const result = decodeMsm(msmPayload({ ...GPS, type: 1104, satellites: [1, 39], cells: [] }));
  expect(result?.ok && result.message.satellites.map(({ id }) => id)).toEqual([120, 158]);
});

test("a message without satellites is good: some end their epochs with one", () => {
  const empty = { ...GPS, satellites: [], signals: [], cells: [] };
  expect(decodeMsm(msmPayload(empty))).toMatchObject({ ok: true, message: { satellites: [] } });
});

describe("refused as a whole", () => {
  test.each([
    ["truncated", msmPayload(GPS).subarray(0, -1)],
    ["truncated", msmPayload(GPS).subarray(0, 3)],
    ["out-of-range", msmPayload({ ...GPS, time30: 604_800_000 })],
    [
      "too-many-cells",
      msmPayload({
        ...GPS,
        satellites: [1, 2, 3, 4, 5],
        signals: Array.from({ length: 13 }, (_, at) => at + 1),
      }),
    ],
  ])("%s", (code, payload) => expect(decodeRtcm3(payload)).toEqual({ ok: false, code: code as "truncated" }));

  test("an empty message", () => {
    for (const length of [0, 1]) {
      expect(decodeRtcm3(new Uint8Array(length))).toEqual({ ok: false, code: "truncated" });
    }
  });
});

test("messages of other numbers are told by their number", () => {
  for (const type of [1019, 1070, 1078, 1130, 1131, 4072]) {
    const payload = Uint8Array.of(type >> 4, (type & 15) << 4);
    expect(decodeRtcm3(payload)).toEqual({ ok: true, message: { kind: "other", type } });
  }
});

test("any bytes decode or are refused, in bounded size", () => {
  const type = fc.oneof(
    fc.nat(4095),
    fc.integer({ min: 1071, max: 1127 }),
    fc.constantFrom(1005, 1006, 1033, 1230),
  );
  fc.assert(
    fc.property(type, fc.uint8Array({ maxLength: 1023 }), (number, bytes) => {
      bytes.set([number >> 4, ((number & 15) << 4) | 1].slice(0, bytes.length));
      const result = decodeRtcm3(bytes);
      if (!result.ok || result.message.kind !== "msm") return;
      expect(result.message.satellites.flatMap(({ signals }) => signals).length).toBeLessThanOrEqual(64);
    }),
    { numRuns: 2000 },
  );
});
