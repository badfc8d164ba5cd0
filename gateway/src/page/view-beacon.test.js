import { describe, expect, test } from "bun:test";
import { storeReception } from "../testing/seeded-fleet.ts";
import { usePage } from "../testing/test-page.js";

const page = usePage();

describe("a beacon", () => {
  test("shows who sent it, who heard it, and what became of each report, the same outcomes together", async () => {
    const [{ key }] = (await page.api("beacons?limit=1")).beacons;
    await page.go(`#/beacons/${key}`);
    const { beaconReports, witnessReports } = await page.api(`beacons/${key}`);
    const paid = witnessReports.filter(({ outcome }) => outcome === "paid").length;
    expect(page.text("#view h2")).toBe(`Heard by ${witnessReports.length}, ${paid} paid`);
    const outcomes = page.all("ol.verdicts > li").map(({ className }) => className.split(" ")[1]);
    const sorted = witnessReports.map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual([...beaconReports.map(({ outcome }) => outcome), ...sorted]);
    expect(page.all("g.links > g")).toHaveLength(witnessReports.length);
    expect(page.all("g.hotspots > g")).toHaveLength(witnessReports.length + 1);
  });

  test("shows how its witnesses' radios heard it, as far as they tell", async () => {
    const { store } = page.gateway;
    const [{ beaconKey }] = await store.recentBeacons({ limit: 2 }).then((found) => found.slice(-1));
    const verdict = (await store.verdictsOfBeacon(beaconKey)).find(({ type }) => type === "witness");
    await storeReception(store, verdict);
    await page.go(`#/beacons/${beaconKey}`);
    expect(page.text(".receptions p")).toBe(
      "-112 dBm of the signal, SNR -7.5 dB, carrier -1 203 Hz, at 123 456 789 ns of its second, " +
        "concentrator aa555a0000000001, antenna 0",
    );
  });
});
