import { describe, expect, test } from "bun:test";
import { usePage } from "../testing/test-page.js";

const page = usePage();

describe("the frame", () => {
  test("says which network it is of, and how long ago it heard of it", async () => {
    expect(page.streams.map(({ url }) => url)).toContain("/api/v1/events");
    expect(page.text("#live")).toBe("Live, heard 15 s ago");
    await page.advance(1000);
    expect([page.text("#network"), page.text("#live"), page.one("#lost").hidden]).toEqual([
      "test",
      "Live",
      true,
    ]);
  });

  test("names the view in the title and among the tabs, and moves the reader to its heading", async () => {
    const current = () => page.all("[aria-current]").map(({ dataset }) => dataset.view);
    for (const [hash, title, tab] of [
      ["#/hotspots", "Hotspots", "hotspots"],
      [
        `#/hotspots/${page.members()[0].id}`,
        (await page.api(`hotspots/${page.members()[0].id}`)).hotspot.name,
        "hotspots",
      ],
      ["#/epochs", "Epochs", "epochs"],
      ["#/elsewhere", "Nothing here", "map"],
      ["#/beacons", "Nothing here", "map"],
      ["#/", "Map", "map"],
    ]) {
      await page.go(hash);
      expect([page.window.document.title, current()]).toEqual([`${title} · Earshot`, [tab]]);
      if (tab !== "hotspots" || title === "Hotspots")
        expect(page.window.document.activeElement.tagName).toBe("H1");
    }
  });

  test("reads again what an event may have changed, but not all the time, and all of it after a minute", async () => {
    await page.go("#/epochs");
    page.askedNow();
    await page.advance(5000);
    expect(page.askedNow()).toEqual([]);
    await page.say("entropy", { nowMs: page.gateway.fleet.nowMs });
    await page.say("hotspot", { hotspotId: page.members()[0].id, online: true, atMs: 1 });
    expect(page.askedNow()).toEqual([]);
    await page.say("epoch");
    await page.advance(0);
    expect(page.askedNow()).toEqual(["epochs?limit=50"]);
    for (let i = 0; i < 5; i++) await page.say("verdicts");
    await page.advance(1400);
    expect(page.askedNow()).toEqual([]);
    await page.advance(100);
    expect(page.askedNow()).toEqual(["epochs?limit=50"]);
    for (let i = 0; i < 4; i++) {
      await page.advance(14_900);
      await page.say("heartbeat", { nowMs: page.gateway.fleet.nowMs });
    }
    expect(page.askedNow()).toEqual([]);
    await page.advance(2000);
    expect(page.askedNow()).toEqual(["epochs?limit=50"]);
  });

  test("tells a lost connection with the age of what is shown, and reads all again when it is back", async () => {
    await page.go("#/hotspots");
    await page.say("heartbeat");
    page.askedNow();
    page.streams.at(-1).onerror();
    expect(page.one("#lost").hidden).toBe(true);
    page.network.isDown = true;
    await page.advance(4000);
    expect(page.streams.at(-2).isClosed).toBe(true);
    expect([page.text("#live"), page.one("#lost").hidden]).toEqual(["Connection lost", false]);
    expect(page.text("#lost")).toContain("What you see is 4 s old");
    await page.advance(57_000);
    expect(page.text("#lost-age")).toBe("1 min");
    await page.advance(10_000);
    expect(page.askedNow()).toContain("hotspots?limit=500");
    expect(page.rows()).toHaveLength(page.members().length);
    page.network.isDown = false;
    page.askedNow();
    await page.say("hello", { nowMs: page.gateway.fleet.nowMs });
    await page.advance(1500);
    expect([page.text("#live"), page.one("#lost").hidden]).toEqual(["Live", true]);
    expect(page.askedNow()).toContain("hotspots?limit=500");
  });

  test("tells ages by the gateway's clock, and lets them grow", async () => {
    await page.go("#/epochs");
    await page.go("#/hotspots");
    const seen = () => page.rows().map((row) => row[2]);
    const agesMs = (await page.api("hotspots?limit=500")).hotspots.map(({ lastSeenAtMs }) => lastSeenAtMs);
    expect(seen().filter((text) => text === "never")).toHaveLength(agesMs.filter((at) => at === null).length);
    const before = seen();
    expect(before).toContain("44 s ago");
    await page.advance(20_000);
    expect(seen()[before.indexOf("44 s ago")]).toBe("1 min ago");
  });
});
