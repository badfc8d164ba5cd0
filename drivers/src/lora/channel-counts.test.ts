import { describe, expect, test } from "bun:test";
import { ChannelTally } from "./channel-counts.ts";
import { pushText, rxpkText } from "./test-forwarder.ts";
import { TestUdpServer } from "./test-udp-server.ts";

const STAT = '{"stat":{"rxnb":0,"rxok":0,"rxfw":0}}';

async function statusAfter(server: TestUdpServer, frames: number) {
  for (let frame = 0; frame < frames; frame += 1) await server.nextFrame();
  return server.nextStatus();
}

describe("Semtech UDP", () => {
  test("counts by channel and by radio, and tells the share of bad CRCs", async () => {
    const server = new TestUdpServer({ region: "EU868" });
    const forwarder = server.forwarder();
    const send = (fields: object) => forwarder.push(pushText(rxpkText({ ...fields })));
    let tmst = 0;
    const nextTmst = () => {
      tmst += 1_000_000;
      return tmst;
    };
    const heard = (freq: number, chan: number, rfch: number, rssi: number, stat = 1) =>
      send({ freq, chan, rfch, rssi, stat, tmst: nextTmst() });
    await heard(868.1, 0, 1, -80);
    await heard(868.1, 0, 1, -96);
    await heard(868.1, 0, 1, -120, -1);
    await heard(867.1, 3, 0, -111);
    await heard(864.7, 7, 0, -90);
    await forwarder.push(STAT);
    expect(await statusAfter(server, 4)).toMatchObject({
      crcErrorPermille: 200,
      rxOffPlan: 1,
      channelCounts: [
        { freqHz: 864_700_000, channel: 7, rxOk: 1, rxBad: 0, rssiDbm: -90 },
        { freqHz: 867_100_000, channel: 3, rxOk: 1, rxBad: 0, rssiDbm: -111 },
        { freqHz: 868_100_000, channel: 0, rxOk: 2, rxBad: 1, rssiDbm: -83.4375 },
      ],
      radioCounts: [
        { radio: 0, rxOk: 2, rxBad: 0 },
        { radio: 1, rxOk: 2, rxBad: 1, rssiDbm: -83.4375 },
      ],
    });
  });

  test("tells nothing where nothing was heard, and no plan where there is none", async () => {
    const server = new TestUdpServer();
    await server.forwarder().push(STAT);
    const status = await server.nextStatus();
    expect(Object.keys(status).sort()).toEqual(
      ["atMs", "gatewayEui", "kind", "rxBad", "rxNoCrc", "rxOk", "transmitted"].sort(),
    );
  });
});

test("a forwarder that tells ever new channels and radios fills no memory", () => {
  const tally = new ChannelTally([868_100_000]);
  for (let index = 0; index < 1000; index += 1) {
    tally.add({ isGood: true, freqHz: 863_000_000 + index, radio: index % 256 });
  }
  expect(tally.channels).toHaveLength(32);
  expect(tally.radios).toHaveLength(4);
  expect(tally.offPlan).toBe(1000);
});
