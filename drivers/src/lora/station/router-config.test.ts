import { describe, expect, test } from "bun:test";
import { REGION_IDS, REGIONS } from "@earshot/protocol";
import fc from "fast-check";
import { MAX_OFFSET_HZ, planRadios } from "./radio-plan.ts";
import { routerConfig } from "./router-config.ts";
import { dataRateIndex, STATION_REGIONS } from "./station-regions.ts";

interface WrittenConfig {
  region: string;
  DRs: [number, number, number][];
  freq_range: [number, number];
  max_eirp: number;
  MuxTime: number;
  sx1301_conf: [
    Record<string, { enable: boolean; freq: number; radio: number; if: number; antenna_gain: number }>,
  ];
}

const written = (region: (typeof REGION_IDS)[number], powerDbm = 10): WrittenConfig =>
  JSON.parse(JSON.stringify(routerConfig({ region, powerDbm, nowMs: 1_795_253_552_204 })));

describe.each(REGION_IDS.map((id) => [id] as const))("%s", (id) => {
  const region = REGIONS[id];
  const config = written(id);
  const [concentrator] = config.sx1301_conf;

  test("every channel is heard, within the bandwidth of its radio", () => {
    const demodulators = Array.from({ length: 8 }, (_, index) => concentrator[`chan_multiSF_${index}`]);
    const heard = demodulators
      .filter((channel) => channel?.enable === true)
      .map((channel) => {
        const radio = concentrator[`radio_${channel?.radio}`];
        expect(radio?.enable).toBe(true);
        expect(Math.abs(channel?.if ?? Number.NaN)).toBeLessThanOrEqual(MAX_OFFSET_HZ);
        return (radio?.freq ?? 0) + (channel?.if ?? 0);
      });
    expect(heard).toEqual([...region.beaconChannelsHz]);
  });

  test("every beacon's data rate can be sent and heard", () => {
    for (const { spreadingFactor, bandwidthHz } of region.beaconDataRates) {
      const index = dataRateIndex(STATION_REGIONS[id], spreadingFactor, bandwidthHz);
      expect(config.DRs[index ?? -1]).toEqual([spreadingFactor, bandwidthHz / 1000, 0]);
    }
  });

  test("there are 16 data rates, and no two uplink ones are the same", () => {
    expect(config.DRs).toHaveLength(16);
    const uplinks = config.DRs.filter(([factor, , downlinkOnly]) => factor >= 0 && downlinkOnly === 0);
    expect(new Set(uplinks.map(String)).size).toBe(uplinks.length);
    // Station takes SF5 and SF6 for something else.
    for (const [factor] of config.DRs) expect([-1, 0, 7, 8, 9, 10, 11, 12]).toContain(factor);
  });

  test("frequencies and power keep the region's limits", () => {
    expect(config.freq_range).toEqual([...region.rangeHz]);
    const gain = concentrator.radio_0?.antenna_gain ?? 0;
    expect(STATION_REGIONS[id].eirpDbm - gain).toBeCloseTo(10, 6);
    expect(config.max_eirp).toBe(STATION_REGIONS[id].eirpDbm);
  });
});

test("EU868 is laid out as RP002-1.0.4 says", () => {
  const config = written("EU868");
  expect(config.DRs.slice(0, 9)).toEqual([
    [12, 125, 0],
    [11, 125, 0],
    [10, 125, 0],
    [9, 125, 0],
    [8, 125, 0],
    [7, 125, 0],
    [7, 250, 0],
    [0, 0, 0],
    [-1, 0, 0],
  ]);
  expect(config.sx1301_conf[0].radio_0?.freq).toBe(867_400_000);
  expect(config.sx1301_conf[0].radio_1?.freq).toBe(868_200_000);
  expect(config.MuxTime).toBe(1_795_253_552.204);
});

test("US915 sends to devices at SF12 to SF7, 500 kHz, on DR8 to DR13", () => {
  expect(written("US915").DRs).toEqual([
    [10, 125, 0],
    [9, 125, 0],
    [8, 125, 0],
    [7, 125, 0],
    [8, 500, 0],
    [-1, 0, 0],
    [-1, 0, 0],
    [-1, 0, 0],
    [12, 500, 1],
    [11, 500, 1],
    [10, 500, 1],
    [9, 500, 1],
    [8, 500, 1],
    [7, 500, 1],
    [-1, 0, 0],
    [-1, 0, 0],
  ]);
});

test("two radios cover any eight channels that they can, and say when they cannot", () => {
  const group = (baseHz: number) =>
    fc.array(
      fc.integer({ min: 0, max: 800_000 }).map((hz) => baseHz + hz),
      { minLength: 1, maxLength: 4 },
    );
  fc.assert(
    fc.property(group(902_000_000), group(905_000_000), (low, high) => {
      const channels = [...high, ...low];
      const plan = planRadios(channels);
      expect(plan.channels.map(({ radio, offsetHz }) => plan.radioHz[radio] + offsetHz)).toEqual(channels);
    }),
  );
  expect(() => planRadios([900_000_000, 902_000_000, 904_000_000])).toThrow("allowed are 400000");
  expect(() => planRadios([])).toThrow("a concentrator takes 1 to 8");
  expect(planRadios([868_100_000]).channels).toEqual([{ freqHz: 868_100_000, radio: 0, offsetHz: 0 }]);
});
