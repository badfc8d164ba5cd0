import { beforeAll, describe, expect, test } from "bun:test";
import { plain, usePage } from "../testing/test-page.js";

const page = usePage();
const sortedBy = (list, value) => [...list].sort((a, b) => value(a) - value(b) || (a.id < b.id ? -1 : 1));

describe("a hotspot", () => {
  const [mostRefused, leastKnown] = [
    () => sortedBy(page.members(), ({ id }) => refusals.get(id) ?? 0).at(-1),
    () => page.members()[5],
  ];
  const refusals = new Map();
  beforeAll(async () => {
    for (const { id, recent } of (await page.api("hotspots?limit=500")).hotspots) {
      refusals.set(
        id,
        Object.values(recent.refusedByReason).reduce((sum, count) => sum + count, 0),
      );
    }
  });
  const items = () => page.all("ol.verdicts > li");

  test("shows its newest verdicts with sentence and numbers, and older ones when asked", async () => {
    const { id } = mostRefused();
    await page.go(`#/hotspots/${id}`);
    const { verdicts } = await page.api(`hotspots/${id}/verdicts?limit=100`);
    expect(items()).toHaveLength(25);
    for (const [i, item] of items().entries()) {
      const { outcome, sentence, measurements, epoch } = verdicts[i];
      expect(item.className).toBe(`verdict ${outcome}`);
      expect(item.querySelector(".pill").textContent).toBe(
        { paid: "Paid", unpaid: "Valid, not paid", refused: "Refused" }[outcome],
      );
      expect(item.querySelector(".sentence")?.textContent).toBe(outcome === "paid" ? undefined : sentence);
      expect(item.querySelectorAll(".numbers li")).toHaveLength(measurements.length);
      expect(item.querySelector(".source a").getAttribute("href")).toBe(`#/epochs/${epoch}`);
    }
    await page.click(page.button("Show older"));
    expect(items()).toHaveLength(Math.min(75, verdicts.length));
    for (let more = page.button("Show older"); more !== undefined; more = page.button("Show older")) {
      const shown = items().length;
      await page.click(more);
      expect(items().length).toBeGreaterThan(shown);
    }
    let all = 0;
    for (let next = ""; next !== null; ) {
      const older = await page.api(`hotspots/${id}/verdicts?limit=100${next && `&after=${next}`}`);
      all += older.verdicts.length;
      next = older.next;
    }
    expect(items()).toHaveLength(all);
  });

  test("shows those that are not paid, or refused, alone", async () => {
    const { id } = mostRefused();
    await page.go(`#/hotspots/${id}`);
    const { verdicts } = await page.api(`hotspots/${id}/verdicts?limit=200`);
    for (const [text, outcome] of [
      ["Refused", "refused"],
      ["Not paid", "unpaid"],
    ]) {
      await page.click(
        page.all("[aria-label='Verdicts shown'] button").find(({ textContent }) => textContent === text),
      );
      const own = verdicts.filter((verdict) => verdict.outcome === outcome);
      expect(items()).toHaveLength(Math.min(25, own.length));
      expect(items().every((item) => item.className === `verdict ${outcome}`)).toBe(true);
    }
  });

  test("says what it earned, what its reports were refused for, and where it stands", async () => {
    const { id } = mostRefused();
    await page.go(`#/hotspots/${id}`);
    const { hotspot, earned } = await page.api(`hotspots/${id}`);
    const digits = (text) => text.replace(/\D/g, "");
    const [share, , money] = page.all(".top-card > div").map(({ textContent }) => plain(textContent));
    expect(share).toContain(`${hotspot.recent.paid} of ${hotspot.recent.judged}`);
    expect(digits(money)).toBe(`${earned.cumulative}${earned.delta}${earned.epoch}`);
    const tags = page.all(".tags li b").map(({ textContent }) => Number(textContent));
    expect(tags).toEqual(Object.values(hotspot.recent.refusedByReason).sort((a, b) => b - a));
    expect(page.text("#view")).toContain(
      `${hotspot.elevationM} m above ground, ${hotspot.antennaGainDbi} dBi`,
    );
  });

  test("that never sent a status says so", async () => {
    await page.go(`#/hotspots/${leastKnown().id}`);
    expect(page.text("#view")).toContain("No status yet");
    expect(page.text(".who-header")).toContain("seen never");
  });

  test("that nobody knows is told with what the gateway says, and can be tried again", async () => {
    await page.go("#/hotspots/z6MkNobody");
    expect(page.text("[role=alert] strong")).toBe("Not found");
    expect(page.one(".columns").hidden).toBe(true);
    page.askedNow();
    await page.click(page.button("Try again"));
    expect(page.askedNow()).toContain("hotspots/z6MkNobody");
    page.network.isDown = true;
    await page.click(page.button("Try again"));
    expect(page.text("[role=alert]")).toContain("The gateway does not answer.");
    page.network.isDown = false;
  });
});
