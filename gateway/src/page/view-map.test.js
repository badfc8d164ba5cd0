import { describe, expect, test } from "bun:test";
import fc from "fast-check";
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

  test("goes on showing links of that kind when others are judged", async () => {
    await page.go("#/");
    const button = (text) =>
      page.all("[aria-label='Links shown'] button").find((each) => each.textContent === text);
    await page.click(button("Refused"));
    const before = shownLinks().length;
    const drawn = groups("links");
    await page.advance(6000);
    await page.say("verdicts");
    await page.advance(1500);
    expect(groups("links")[0]).not.toBe(drawn[0]);
    expect([shownLinks().length, groups("links").length]).toEqual([before, drawn.length]);
    await page.click(button("All"));
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

describe("its layers", () => {
  const screen = ({ x, y }) => ({ x: x * 800, y: y * 600 });

  /** Labels of markers at these places, as [left, right, y]; a letter is 7.3 wide. */
  async function labels(places) {
    const { hotspotLayer } = await import("./map-layers.js");
    const recent = { paid: 0, judged: 0 };
    const hotspots = places.map((_, i) => ({ id: `h${i}`, name: "abcdefghij", online: true, recent }));
    const points = new Map(places.map((place, i) => [`h${i}`, place]));
    const layer = hotspotLayer(hotspots, points, () => {});
    layer.place(screen, 800, 600);
    return [...layer.element.querySelectorAll("text.label")].map((label, i) => {
      if (label.hasAttribute("hidden")) return undefined;
      const [at, x] = [screen(places[i]), Number(label.getAttribute("x"))];
      const isRight = label.getAttribute("text-anchor") === "start";
      expect(x > 0).toBe(isRight);
      return isRight ? [at.x + x, at.x + x + 73, at.y] : [at.x + x - 73, at.x + x, at.y];
    });
  }

  test("label a marker right of it, left where there is no room, and not at all where it is out of sight", async () => {
    expect(await labels([{ x: 0.5, y: 0.5 }])).toEqual([[411, 484, 300]]);
    expect(await labels([{ x: 0.99, y: 0.5 }])).toEqual([[708, 781, 300]]);
    for (const place of [
      { x: 0, y: 0.5 },
      { x: 1, y: 0.5 },
      { x: 0.5, y: 0 },
      { x: 0.5, y: 1 },
      { x: -1, y: 0.5 },
    ]) {
      expect(await labels([place])).toEqual([undefined]);
    }
    // The zoom buttons stand in the upper right corner.
    expect(await labels([{ x: 0.86, y: 0.1 }])).toEqual([[604, 677, 60]]);
  });

  test("label nothing over another label or marker", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            x: fc.double({ min: 0, max: 1, noNaN: true }),
            y: fc.double({ min: 0, max: 1, noNaN: true }),
          }),
          { maxLength: 25 },
        ),
        async (places) => {
          const found = await labels(places);
          const shown = found.filter((label) => label !== undefined);
          for (const [i, [left, right, y]] of shown.entries()) {
            expect(left > 0 && right < 800).toBe(true);
            for (const [l, r, otherY] of shown.slice(i + 1)) {
              expect(left > r || right < l || Math.abs(y - otherY) > 14).toBe(true);
            }
            for (const place of places) {
              const at = screen(place);
              const isOver = at.x + 6 > left && at.x - 6 < right && Math.abs(at.y - y) < 12;
              expect(isOver).toBe(false);
            }
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test("draw a line at each whole step of the degrees that are seen", async () => {
    const { drawGrid } = await import("./map-layers.js");
    const { gridStep, project, toScreen } = await import("./projection.js");
    const view = { ...project(45.19, 5.72), zoom: 9 };
    const group = page.window.document.createElementNS("http://www.w3.org/2000/svg", "g");
    drawGrid(group, view, (point) => toScreen(point, view, 800, 600), 800, 600);
    const step = gridStep(9);
    const lines = [...group.children]
      .filter(({ tagName }) => tagName === "path")
      .map((path) => path.getAttribute("d"));
    const texts = [...group.children].filter(({ tagName }) => tagName === "text");
    expect(texts).toHaveLength(lines.length);
    const at = (latitude, longitude) => toScreen(project(latitude, longitude), view, 800, 600);
    const expected = [];
    for (let i = Math.ceil(-180 / step); i * step <= 180; i++) {
      const { x } = at(0, i * step);
      if (x >= 0 && x <= 800) expected.push(`M${x.toFixed(1)} 0V600`);
    }
    for (let i = Math.ceil(-85 / step); i * step <= 85; i++) {
      const { y } = at(i * step, 0);
      if (y >= 0 && y <= 600) expected.push(`M0 ${y.toFixed(1)}H800`);
    }
    expect(expected.length).toBeGreaterThan(4);
    expect(lines).toEqual(expected);
  });
});
