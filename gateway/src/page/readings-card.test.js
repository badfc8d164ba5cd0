import { beforeAll, expect, test } from "bun:test";
import { seededRandom } from "@earshot/protocol/testing";
import { FLEET_PARAMETERS } from "../testing/seeded-fleet.ts";
import { plain, usePage } from "../testing/test-page.js";
import { airReadings, filedReadings, meterReadings } from "../testing/test-readings.ts";

const page = usePage();
const MINUTE_MS = 60_000;
/** Of the hotspot that has a meter, which works, and a dust sensor, which is stuck and then silent. */
let member;

beforeAll(async () => {
  member = page.gateway.fleet.members[2];
  const { nowMs } = page.gateway.fleet;
  const random = seededRandom(1);
  const stretch = (untilMs) => ({ untilMs, periods: 40, periodMs: MINUTE_MS });
  const meter = meterReadings(stretch(nowMs - 1000), random);
  const air = airReadings(stretch(nowMs - 10 * MINUTE_MS), random, 5);
  const filed = filedReadings([...meter, ...air], member.signer, FLEET_PARAMETERS.network, 500);
  await page.gateway.store.addPackets(filed);
});

const devices = () =>
  Object.fromEntries(page.all("details.device").map((each) => [each.querySelector("h3").textContent, each]));

test("each device has its newest values with a chart of these hours, and says when it is silent", async () => {
  await page.go(`#/hotspots/${member.hotspot.id}`);
  expect(page.one(".readings").hidden).toBe(false);
  const { meter, air } = devices();
  expect(plain(meter.querySelector(".pill").textContent)).toEndWith("ound");
  expect(air.querySelector(".pill").textContent).toBe("Silent");
  const { sources } = await page.api(`hotspots/${member.hotspot.id}/readings`);
  const labels = [...meter.querySelectorAll(".label")].map(({ textContent }) => textContent);
  expect(labels).toHaveLength(sources.find(({ source }) => source === "meter").quantities.length);
  const chart = meter.querySelector("svg.chart");
  expect(plain(chart.getAttribute("aria-label"))).toMatch(/^\w.*: .+ to .+ in these hours$/);
  const points = chart
    .querySelector(".mean")
    .getAttribute("d")
    .slice(1)
    .split("L")
    .map((point) => point.split(" ").map(Number));
  expect(points.length).toBeGreaterThan(20);
  // From left to right, within the chart.
  expect(points.map(([x]) => x)).toEqual(points.map(([x]) => x).toSorted((a, b) => a - b));
  expect(points.every(([x, y]) => x >= 0 && x <= 160 && y >= 3 && y <= 35)).toBe(true);
  const band = chart.querySelector(".band").getAttribute("d");
  expect(band).toMatch(/^M.*Z$/);
  const ys = band
    .slice(1, -1)
    .split("L")
    .map((point) => Number(point.split(" ")[1]));
  expect([Math.min(...ys), Math.max(...ys)]).toEqual([3, 35]);
});

test("a sensor that says the same for ever is told beside its values", async () => {
  await page.go(`#/hotspots/${member.hotspot.id}`);
  const faults = [...devices().air.querySelectorAll(".reasons li")].map(({ textContent }) =>
    plain(textContent),
  );
  const { sources } = await page.api(`hotspots/${member.hotspot.id}/readings`);
  const told = sources.flatMap(({ quantities }) =>
    quantities.flatMap(({ quality }) => quality.faults.map(({ sentence }) => sentence)),
  );
  expect(told.length).toBeGreaterThan(0);
  for (const fault of faults)
    expect(told.some((sentence) => fault.toLowerCase().startsWith(sentence.toLowerCase()))).toBe(true);
});

test("other hours are read when they are asked for, and a device that says nothing new is not read again", async () => {
  await page.go(`#/hotspots/${member.hotspot.id}`);
  page.askedNow();
  await page.click(page.button("6 h"));
  const asked = page.askedNow().filter((path) => path.includes("/readings/"));
  expect(asked.map((path) => path.split(/[/?]/)[3]).sort()).toEqual(["air", "meter"]);
  expect(
    page.all("[aria-label='Hours shown'] [aria-pressed=true]").map(({ textContent }) => textContent),
  ).toEqual(["6 h"]);
  await page.advance(31_000);
  await page.say("verdicts");
  await page.advance(1500);
  const again = page.askedNow();
  expect(again).toContain(`hotspots/${member.hotspot.id}/readings`);
  expect(again.filter((path) => path.includes("/readings/"))).toEqual([]);
});
