import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeUbx, type WrittenUbxMessage } from "./encode.ts";
import { decodeUbx, type UbxMessage } from "./messages.ts";
import { MixedFramer } from "./mixed-framer.ts";
import { pvtAt } from "./test-receiver.ts";

/** The message in a whole frame. */
function decodeFrame(bytes: Uint8Array): UbxMessage {
  const [piece] = new MixedFramer().push(bytes);
  if (piece?.kind !== "ubx") throw new Error("no frame");
  const result = decodeUbx(piece.frame);
  if (!result.ok) throw new Error(result.code);
  return result.message;
}

const decodePayload = (name: number, hex: string) =>
  decodeUbx({ messageClass: name >> 8, id: name & 0xff, payload: Uint8Array.fromHex(hex) });

describe("messages of real receivers, from gpsd's recordings", () => {
  test("MON-HW of a u-blox 7", () => {
    const hex =
      "3ff401000c00000000000100cbf700006e008d0a02010183c08b0100ffffffffffff01000203ff10ffffff363505000d00000000bff7000000000000";
    expect(decodePayload(0x0a09, hex)).toEqual({
      ok: true,
      message: {
        kind: "mon-rf",
        blocks: [
          {
            id: 0,
            antenna: "ok",
            antennaPower: "on",
            jammingIndicator: 5,
            noisePerMs: 110,
            agcRatio: 2701 / 8191,
          },
        ],
      },
    });
  });

  test("MON-RF of a ZED-F9R, whose blocks have 20 bytes", () => {
    const hex = "000200000001020f000000000000000045003213139516950101020a0000000000000000270091140da90ba5";
    const [first, second] = [
      { id: 0, jammingIndicator: 15, noisePerMs: 69, agcRatio: 4914 / 8191 },
      { id: 1, jammingIndicator: 10, noisePerMs: 39, agcRatio: 5265 / 8191 },
    ];
    expect(decodePayload(0x0a38, hex)).toEqual({
      ok: true,
      message: { kind: "mon-rf", blocks: [first, second] },
    });
    expect(decodePayload(0x0a38, hex.slice(0, -2))).toEqual({ ok: false, code: "bad-payload" });
  });

  test("TIM-TP of a NEO-M8T: the pulse comes 4.331 ns off", () => {
    expect(decodePayload(0x0d01, "b09b2d0e0000000015efffff62080b0f")).toEqual({
      ok: true,
      message: {
        kind: "tim-tp",
        pulseTowMs: 237_870_000,
        week: 2146,
        timeBase: "utc",
        quantisationErrorPs: -4331,
      },
    });
  });
});

describe("messages laid out by hand as the interface descriptions say", () => {
  test("MON-RF with two front ends, one of them open and jammed", () => {
    const first = "00010201000000000000000064000010050000000000000000".slice(0, 48);
    const second = "01030401000000000000000096000008ff0000000000000000".slice(0, 48);
    const result = decodePayload(0x0a38, `00020000${first}${second}`);
    expect(result).toMatchObject({
      ok: true,
      message: {
        blocks: [
          { id: 0, jamming: "none", antenna: "ok", antennaPower: "on", noisePerMs: 100, jammingIndicator: 5 },
          { id: 1, jamming: "critical", antenna: "open", noisePerMs: 150, jammingIndicator: 255 },
        ],
      },
    });
  });

  test.each([
    ["version 1, both on", "010000000500000005000000", { jamming: "warning", spoofing: "indicated" }],
    ["version 1, spoofing affirmed", "010000000300000007000000", { jamming: "none", spoofing: "affirmed" }],
    ["version 1, detection off", "010000000400000006000000", {}],
    ["version 2, a band jammed", "02ad000123091801", { jamming: "warning", spoofing: "indicated" }],
    ["version 3, nothing found", "039b0000", { jamming: "none", spoofing: "none" }],
  ])("SEC-SIG %s", (_, hex, expected) => {
    const result = decodePayload(0x2709, hex);
    if (!result.ok || result.message.kind !== "sec-sig") throw new Error("refused");
    const { kind: _kind, bands, ...judged } = result.message;
    expect(judged as object).toEqual(expected);
    expect(bands).toEqual(hex.length === 16 ? [{ freqKhz: 0x180923, jammed: true }] : []);
  });

  test("NAV-SVIN adds centimetres and tenths of millimetres", () => {
    // 4 000 000.0012 m on the x axis, 60 s, 25 positions, 0.5 m.
    const hex = "00000000e80300003c00000000 84d717 00000000 00000000 0c000000 88130000 19000000 0001 0000";
    const result = decodePayload(0x013b, hex.replaceAll(" ", ""));
    expect(result).toMatchObject({
      ok: true,
      message: {
        durationS: 60,
        observations: 25,
        errorM: 0.5,
        valid: false,
        active: true,
        latDeg: 0,
        lonDeg: 0,
      },
    });
  });

  test("all ones mean that an error is not known", () => {
    const { horizontalErrorM: _, ...unknown } = pvtAt(0);
    expect(decodeFrame(encodeUbx(unknown))).not.toHaveProperty("horizontalErrorM");
  });
});

const tow = fc.integer({ min: 0, max: 604_799_999 });
const fixType = fc.constantFrom(0, 1, 2, 3, 4, 5);
const thousandths = (max: number) => fc.integer({ min: -max, max }).map((value) => value / 1000);
const unsigned = (max: number) => fc.integer({ min: 0, max }).map((value) => value / 1000);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const dop = maybe(fc.integer({ min: 1, max: 9998 }).map((value) => value / 100));

const written: fc.Arbitrary<object> = fc.oneof(
  fc.record({
    kind: fc.constant("nav-pvt"),
    towMs: tow,
    utc: maybe(
      fc.record({
        dayMs: fc.integer({ min: 15_000, max: 30_000 }).map((day) => day * 86_400_000),
        timeOfDayMs: fc.integer({ min: 0, max: 86_399_999 }),
      }),
    ),
    timeErrorNs: maybe(fc.nat({ max: 1e9 })),
    fixType,
    fixOk: fc.boolean(),
    differential: fc.boolean(),
    satellitesUsed: fc.nat({ max: 255 }),
    latDeg: fc.integer({ min: -9e8, max: 9e8 }).map((value) => value / 1e7),
    lonDeg: fc.integer({ min: -18e8, max: 18e8 }).map((value) => value / 1e7),
    altHaeM: thousandths(1e7),
    altMslM: thousandths(1e7),
    horizontalErrorM: maybe(unsigned(1e9)),
    verticalErrorM: maybe(unsigned(1e9)),
    velocityNorthMps: thousandths(1e6),
    velocityEastMps: thousandths(1e6),
    velocityDownMps: thousandths(1e6),
    groundSpeedMps: unsigned(1e6),
    speedErrorMps: maybe(unsigned(1e6)),
    pdop: dop,
  }),
  fc.record({
    kind: fc.constant("nav-dop"),
    towMs: tow,
    gdop: dop,
    pdop: dop,
    tdop: dop,
    vdop: dop,
    hdop: dop,
  }),
  fc.record({
    kind: fc.constant("nav-status"),
    towMs: tow,
    fixType,
    fixOk: fc.boolean(),
    weekValid: fc.boolean(),
    towValid: fc.boolean(),
    spoofing: fc.constantFrom(undefined, "none", "indicated", "affirmed"),
    timeToFirstFixMs: fc.nat(),
    sinceStartMs: fc.nat(),
  }),
  fc.record({
    kind: fc.constant("nav-timegps"),
    towMs: tow,
    towFractionNs: fc.integer({ min: -500_000, max: 500_000 }),
    week: maybe(fc.nat({ max: 4000 })),
    leapSeconds: maybe(fc.integer({ min: -128, max: 127 })),
  }),
);

/** Absent and undefined are one. */
const plain = (message: object) => JSON.parse(JSON.stringify(message));

test("what is written is read again", () => {
  fc.assert(
    fc.property(written, (message) => {
      expect(plain(decodeFrame(encodeUbx(message as WrittenUbxMessage)))).toEqual(plain(message));
    }),
  );
});

describe("any payload", () => {
  const NAMES = [
    0x0102, 0x0103, 0x0104, 0x0106, 0x0107, 0x0112, 0x0120, 0x0121, 0x0122, 0x0126, 0x0130, 0x0135, 0x013b,
    0x0161, 0x0500, 0x0501, 0x068b, 0x0a04, 0x0a09, 0x0a38, 0x0d01, 0x0d04, 0x2709,
  ];
  const lengths = fc.constantFrom(0, 2, 4, 8, 12, 16, 18, 20, 24, 28, 32, 36, 40, 52, 60, 68, 70, 84, 92);
  const anyPayload = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
  );

  test("is read or refused, never thrown at, and numbers are finite", () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), anyPayload, (name, payload) => {
        const result = decodeUbx({ messageClass: name >> 8, id: name & 0xff, payload });
        const text = JSON.stringify(result, (_, value) => {
          if (typeof value === "number" && !Number.isFinite(value)) throw new Error("not finite");
          return value;
        });
        expect(text).toStartWith('{"ok":');
      }),
      { numRuns: 3000 },
    );
  });

  test("of a length that no message has is refused", () => {
    for (const name of NAMES.filter((one) => one !== 0x0a04)) {
      expect(decodePayload(name, "00".repeat(1001))).toEqual({ ok: false, code: "bad-payload" });
    }
  });

  test("of a message that nothing here reads is told apart", () => {
    expect(decodePayload(0x0215, "00")).toEqual({ ok: false, code: "unknown-message" });
  });
});
