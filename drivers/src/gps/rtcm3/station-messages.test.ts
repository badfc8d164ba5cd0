import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeStationMessage } from "./station-messages.ts";
import { BitWriter, positionPayload } from "./test-writer.ts";

test("1005: the example of the standard (RTCM 10403, section 4.2)", () => {
  const message = decodeStationMessage(Uint8Array.fromHex("3ED7D30202980EDEEF34B4BD62AC0941986F33"));
  expect(message).toMatchObject({
    kind: "station-position",
    type: 1005,
    stationId: 2003,
    itrfYear: 0,
    systems: ["G"],
    computed: false,
    xM: 1_114_104.5999,
    yM: -4_850_729.7108,
    zM: 3_975_521.4643,
  });
  expect(message).not.toHaveProperty("antennaHeightM");
});

const coordinate = fc.integer({ min: -(2 ** 37), max: 2 ** 37 - 1 });

test("1006: every coordinate and height comes back", () => {
  fc.assert(
    fc.property(coordinate, coordinate, coordinate, fc.nat(65_535), fc.nat(4095), (x, y, z, height, id) => {
      const message = decodeStationMessage(positionPayload({ type: 1006, stationId: id, x, y, z, height }));
      const position = { xM: x / 10_000, yM: y / 10_000, zM: z / 10_000, antennaHeightM: height / 10_000 };
      expect(message).toMatchObject({ type: 1006, stationId: id, systems: ["G", "E"], ...position });
    }),
  );
});

const text = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
});

test("1033: antenna, receiver and their serial numbers", () => {
  fc.assert(
    fc.property(
      text,
      text,
      text,
      text,
      text,
      (antenna, antennaSerial, receiver, firmware, receiverSerial) => {
        const bits = new BitWriter().put(1033, 12).put(7, 12).text(antenna).put(3, 8).text(antennaSerial);
        const payload = bits.text(receiver).text(firmware).text(receiverSerial).bytes();
        const texts = { antenna, antennaSerial, receiver, firmware, receiverSerial };
        expect(decodeStationMessage(payload)).toEqual({
          ...{ kind: "station-equipment", type: 1033, stationId: 7, antennaSetupId: 3 },
          ...texts,
        });
      },
    ),
  );
});

test("1230: the biases of the signals in the mask, without the invalid one", () => {
  const bits = new BitWriter().put(1230, 12).put(7, 12).put(1, 1).put(0, 3).put(0b1011, 4);
  const payload = bits
    .put(-150, 16)
    .put(-(2 ** 15), 16)
    .put(1, 16)
    .bytes();
  expect(decodeStationMessage(payload)).toEqual({
    kind: "glonass-bias",
    type: 1230,
    stationId: 7,
    aligned: true,
    biasM: { "1C": -3, "2P": 0.02 },
  });
});

test.each([1005, 1006, 1033, 1230])("%d cut off anywhere is told to be truncated", (type) => {
  const whole = {
    1005: positionPayload({ type: 1005, x: 1, y: 2, z: 3 }),
    1006: positionPayload({ type: 1006, x: 1, y: 2, z: 3 }),
    1033: new BitWriter()
      .put(1033, 12)
      .put(7, 12)
      .text("A")
      .put(0, 8)
      .text("B")
      .text("C")
      .text("D")
      .text("E")
      .bytes(),
    1230: new BitWriter().put(1230, 12).put(7, 12).put(0, 4).put(0b1111, 4).put(0, 32).put(0, 32).bytes(),
  }[type] as Uint8Array;
  expect(decodeStationMessage(whole)).toMatchObject({ type });
  for (let length = 2; length < whole.length; length += 1) {
    expect(decodeStationMessage(whole.subarray(0, length))).toBe("truncated");
  }
});
