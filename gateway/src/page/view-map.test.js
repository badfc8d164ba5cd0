import { describe, expect, test } from "bun:test";
import { plain, usePage } from "../testing/test-page.js";
import { percent } from "./format.js";

const page = usePage();

describe("the map", () => {
  const groups = (kind) => page.all(`g.${kind} > *`);
  const shownLinks = () => page.all("g.links > g").filter((group) => !group.hasAttribute("hidden"));
  const places = () => page.all("g.hotspots > g").map((group) => group.getAttribute("transform"));

  test("shows every hotspot, its hexes and links, and how the fleet does", async () => {
    await page.go("#/hotspots");
    await page.go("#/");
    const { hotspots } = await page.api("hotspots?limit=500");
    const { cells } = await page.api("cells");
    const { links, total } = await page.api("links?limit=600");
    expect([groups("hotspots"), groups("cells"), groups("links")].map(({ length }) => length)).toEqual([
      hotspots.length,
      cells.length,
      links.length,
    ]);
    const [online, share, ofLinks] = page.all(".stat b").map(({ textContent }) => plain(textContent));
    expect(online).toBe(`${hotspots.filter((each) => each.online).length} / ${hotspots.length}`);
    const sum = (what) => hotspots.reduce((all, { recent }) => all + recent[what], 0);
    expect(share).toBe(plain(percent(sum("paid") / sum("judged"))));
    expect(ofLinks).toBe(String(total));
    expect(page.text("#view")).toContain(
      `heard by ${(await page.api("beacons?limit=8")).beacons[0].paidWitnesses.length}`,
    );
  });

  test("shows links of one kind, or none", async () => {
    await page.go("#/");
    const { links } = await page.api("links?limit=600");
    const kinds = {
      Paid: ({ paid }) => paid > 0,
      Refused: ({ paid, refused }) => paid === 0 && refused > 0,
      Unpaid: ({ paid, refused }) => paid === 0 && refused === 0,
      None: () => false,
      All: () => true,
    };
    for (const [text, isOf] of Object.entries(kinds)) {
      await page.click(
        page.all("[aria-label='Links shown'] button").find((each) => each.textContent === text),
      );
      expect([text, shownLinks().length]).toEqual([text, links.filter(isOf).length]);
    }
  });

  test("brings out what is chosen by click or key, with its links, until it is cleared", async () => {
    await page.go("#/");
    const { links } = await page.api("links?limit=600");
    const [{ beaconer }] = links;
    const marker = () => page.one(`[data-key="marker ${beaconer}"]`);
    await page.press(marker(), "x");
    expect(page.all(".selection")).toEqual([]);
    await page.press(marker(), "Enter");
    expect(page.all(".hotspots .chosen")).toEqual([marker()]);
    const own = links.filter((link) => link.beaconer === beaconer || link.witness === beaconer);
    expect(page.all(".links .chosen")).toHaveLength(own.length);
    expect(page.one(".selection .button[href]").getAttribute("href")).toBe(`#/hotspots/${beaconer}`);
    await page.click(page.button("Clear"));
    expect([page.all(".chosen").length, page.all(".selection").length]).toEqual([0, 0]);
    await page.click(groups("links")[0]);
    expect([page.text(".selection h2"), page.all(".links .chosen").length]).toEqual(["Link", 1]);
    await page.click(groups("cells")[0]);
    expect(page.text(".selection h2")).toContain("in this hex");
  });

  test("is zoomed about its middle by its buttons, moved by keys, and shown whole again", async () => {
    await page.go("#/hotspots");
    await page.go("#/");
    const whole = places();
    expect(new Set(whole).size).toBeGreaterThan(1);
    const spread = () => {
      const xs = places().map((place) => Number(/\((-?[\d.]+)/.exec(place)[1]));
      return Math.max(...xs) - Math.min(...xs);
    };
    const before = spread();
    await page.click(page.one("[aria-label='Zoom in']"));
    expect(spread() / before).toBeCloseTo(2 ** 0.7, 1);
    await page.click(page.one("[aria-label='Zoom out']"));
    expect(spread()).toBeCloseTo(before, 0);
    page
      .one("svg.canvas")
      .dispatchEvent(new page.window.KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
    await page.settled();
    expect(places()).not.toEqual(whole);
    await page.click(page.one("[aria-label='Show the whole fleet']"));
    expect(places()).toEqual(whole);
  });
});
