import { describe, expect, test } from "bun:test";
import type { MsmMessage } from "./msm.ts";
import type { Rtcm3Message } from "./rtcm3-message.ts";
import { decodeRtcm3 } from "./rtcm3-message.ts";
import { StationEpochs } from "./station-epochs.ts";
import { BitWriter, msmPayload, positionPayload, type WrittenMsm } from "./test-writer.ts";

/** Saturday night: GPS week 2447 begins 18 s before. */
const SUNDAY_MS = Date.UTC(2026, 10, 22);

function message(payload: Uint8Array): Rtcm3Message {
  const result = decodeRtcm3(payload);
  if (!result.ok) throw new TypeError(result.code);
  return result.message;
}

function msm(fields: Partial<WrittenMsm> & { lock?: number }): MsmMessage {
  const { lock = 500, satellites = [4], signals = [2] } = fields;
  const cells = satellites.flatMap((satellite) =>
    signals.map((signal) => ({ satellite, signal, lock, half: 0, cn0: 640, noise: 9 })),
  );
  const payload = msmPayload({ type: 1077, time30: 18_000, satellites, signals, cells, ...fields });
  return message(payload) as MsmMessage;
}

function readingsOf(messages: Rtcm3Message[]) {
  const epochs = new StationEpochs();
  return [...messages.flatMap((one, at) => epochs.add(one, SUNDAY_MS + at)), ...epochs.flush()];
}

const namesOf = (messages: Rtcm3Message[]) =>
  readingsOf(messages).map(({ timeMs, complete, stationId, satellites }) => [
    timeMs - SUNDAY_MS,
    complete,
    stationId,
    satellites.map(({ system, id }) => system + id).join(" "),
  ]);

describe("an epoch", () => {
  test("ends with the message that announces no further one, in the order of their times", () => {
    const messages = [
      msm({ moreFollow: true }),
      msm({ type: 1127, time30: 4000, moreFollow: true, satellites: [27] }),
      msm({ type: 1087, time30: 10_800_000, satellites: [1, 2] }),
      msm({ time30: 19_000 }),
    ];
    expect(namesOf(messages)).toEqual([
      [0, true, 0, "G4 C27 R1 R2"],
      [1000, true, 0, "G4"],
    ]);
  });

  test("whose last message is lost ends with the next one's first", () => {
    expect(namesOf([msm({ moreFollow: true }), msm({ time30: 19_000, moreFollow: true })])).toEqual([
      [0, false, 0, "G4"],
      [1000, false, 0, "G4"],
    ]);
  });

  test("of another station is another one", () => {
    expect(namesOf([msm({ moreFollow: true }), msm({ stationId: 9 })])).toEqual([
      [0, false, 0, "G4"],
      [0, true, 9, "G4"],
    ]);
  });

  test("is as old as its last message", () => {
    const [reading] = readingsOf([msm({ moreFollow: true }), msm({ moreFollow: true }), msm({})]);
    expect(reading?.atMs).toBe(SUNDAY_MS + 2);
  });

  test("joins the signals of a satellite told twice, the later word counting", () => {
    const [reading] = readingsOf([
      msm({ signals: [2, 15], moreFollow: true, lock: 1 }),
      msm({ signals: [15, 22], satellites: [4, 5], lock: 2 }),
    ]);
    const reported = reading?.satellites.map(({ id, signals }) => [
      id,
      ...signals.map(({ signal, lockTime }) => `${signal} ${lockTime?.minMs}`),
    ]);
    expect(reported).toEqual([
      [4, "1C 1", "2S 2", "5I 2"],
      [5, "2S 2", "5I 2"],
    ]);
  });
});

test("gaps are told with the epoch that ends them, and not across stations", () => {
  const gaps = readingsOf([
    msm({}),
    msm({ time30: 19_000, lock: 10 }),
    msm({ time30: 20_000, lock: 9, stationId: 9 }),
    msm({ time30: 21_000, lock: 8 }),
  ]).map((reading) => reading.gaps);
  expect(gaps).toEqual([[], [{ system: "G", id: 4, signal: "1C", lastedMs: 1000 }], [], []]);
});

test("position and equipment are those last told by the same station", () => {
  const position = (stationId: number, x: number) =>
    message(positionPayload({ type: 1006, stationId, x, y: 0, z: 0, height: 15_000 }));
  const equipment = new BitWriter()
    .put(1033, 12)
    .put(0, 12)
    .text("TRM57971")
    .put(0, 8)
    .text("")
    .text("ZED-F9T");
  const readings = readingsOf([
    position(9, 1),
    msm({}),
    position(0, 63_781_370_000),
    message(equipment.text("2.01").text("77").bytes()),
    msm({ time30: 19_000 }),
  ]);
  expect(readings[0]).not.toHaveProperty("position");
  expect(readings[0]).not.toHaveProperty("equipment");
  expect(readings[1]?.position).toEqual({
    ...{ atMs: SUNDAY_MS + 2, xM: 6_378_137, yM: 0, zM: 0, computed: false, antennaHeightM: 1.5 },
    ...{ latDeg: 0, lonDeg: 0, altHaeM: 0 },
  });
  expect(readings[1]?.equipment).toEqual({
    ...{ antenna: "TRM57971", antennaSetupId: 0, antennaSerial: "" },
    ...{ receiver: "ZED-F9T", firmware: "2.01", receiverSerial: "77" },
  });
});
