import { describe, expect, test } from "bun:test";
import { usePage } from "../testing/test-page.js";

const page = usePage();
const sortedBy = (list, value) => [...list].sort((a, b) => value(a) - value(b) || (a.id < b.id ? -1 : 1));

describe("hotspots", () => {
  const names = () => page.rows().map(([who]) => who);
  const found = async () => (await page.api("hotspots?limit=500")).hotspots;
  const isNamed = (row, { name }) => row.startsWith(name);

  test("are all listed by name, each with what the API says of it", async () => {
    await page.go("#/hotspots");
    const hotspots = [...(await found())].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(page.text("#view [role=status]")).toBe(`${hotspots.length} registered`);
    expect(page.rows()).toHaveLength(hotspots.length);
    for (const [i, [who, state, , paid, refused]] of page.rows().entries()) {
      const { name, online, recent } = hotspots[i];
      expect(isNamed(who, { name })).toBe(true);
      expect([state, paid]).toEqual([online ? "Online" : "Offline", `${recent.paid} of ${recent.judged}`]);
      const most = Math.max(0, ...Object.values(recent.refusedByReason));
      expect(refused).toEndWith(most === 0 ? "–" : `(${most})`);
    }
  });

  test("are sorted by a column, the worst or largest first, and the other way round when asked again", async () => {
    await page.go("#/hotspots");
    const hotspots = await found();
    const share = ({ recent }) => recent.paid / recent.judged;
    const by = async (text) => {
      await page.click(page.button(text));
      return names();
    };
    const expectOrder = (shown, order) =>
      expect(order.map((hotspot, i) => isNamed(shown[i], hotspot))).toEqual(order.map(() => true));
    expectOrder(
      await by("Reports paid"),
      sortedBy(hotspots, (each) => -share(each)),
    );
    expect(page.one("[aria-sort]").textContent).toBe("Reports paid");
    expect(page.one("[aria-sort]").getAttribute("aria-sort")).toBe("descending");
    expectOrder(await by("Reports paid"), sortedBy(hotspots, share));
    expectOrder(
      await by("Last seen"),
      sortedBy(hotspots, ({ lastSeenAtMs }) => -(lastSeenAtMs ?? 0)),
    );
    const most = ({ recent }) => Math.max(0, ...Object.values(recent.refusedByReason));
    expectOrder(
      await by("Refused for"),
      sortedBy(hotspots, (each) => -most(each)),
    );
    expectOrder(
      await by("State"),
      sortedBy(hotspots, ({ online }) => (online ? 0 : 1)),
    );
    expectOrder(
      await by("Hotspot"),
      [...hotspots].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    expectOrder(
      await by("Hotspot"),
      [...hotspots].sort((a, b) => (a.name < b.name ? 1 : -1)),
    );
  });

  test("are found by words of name, id or hex, and by presence", async () => {
    await page.go("#/hotspots");
    const hotspots = await found();
    const [{ name, id, cell }] = hotspots;
    const search = page.one("input[type=search]");
    const searched = async (query) => {
      search.value = query;
      search.dispatchEvent(new page.window.Event("input"));
      await page.settled();
      return names();
    };
    for (const query of [name, id, name.toUpperCase().split("-").reverse().join("  ")]) {
      const shown = await searched(query);
      expect([shown.length, isNamed(shown[0], { name })]).toEqual([1, true]);
      expect(page.text("#view [role=status]")).toBe(`1 of ${hotspots.length}`);
    }
    expect(await searched(cell)).toHaveLength(hotspots.filter((each) => each.cell === cell).length);
    expect(await searched("nobody has this")).toEqual([]);
    expect(page.text("#view")).toContain("No hotspot fits");
    await searched("");
    await page.click(page.button("Offline"));
    expect(names()).toHaveLength(hotspots.filter(({ online }) => !online).length);
    await page.click(page.button("Online"));
    expect(names()).toHaveLength(hotspots.filter(({ online }) => online).length);
    await page.click(page.button("All"));
    expect(names()).toHaveLength(hotspots.length);
  });

  test("come and go as events say, without waiting for the whole list", async () => {
    await page.go("#/hotspots");
    const online = (await found()).find((each) => each.online);
    const state = () => page.rows().find(([who]) => isNamed(who, online))[1];
    expect(state()).toBe("Online");
    await page.advance(2000);
    page.askedNow();
    await page.say("hotspot", { hotspotId: online.id, online: false, atMs: page.gateway.fleet.nowMs });
    await page.advance(0);
    expect([state(), page.askedNow()]).toEqual(["Offline", []]);
    await page.say("hotspot", { hotspotId: online.id, online: true, atMs: page.gateway.fleet.nowMs });
    await page.advance(1500);
    expect([state(), page.askedNow()]).toEqual(["Online", []]);
    await page.say("hotspot", { hotspotId: "of nobody that is known", online: true, atMs: 1 });
    await page.advance(1500);
    expect(page.askedNow()).toEqual(["hotspots?limit=500"]);
  });
});
