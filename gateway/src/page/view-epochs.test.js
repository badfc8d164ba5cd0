import { describe, expect, spyOn, test } from "bun:test";
import { plain, usePage } from "../testing/test-page.js";

const page = usePage();

describe("epochs", () => {
  test("are listed with their share of the pool, the open one with how much of it is judged", async () => {
    await page.go("#/epochs");
    const { epochs, open } = await page.api("epochs?limit=50");
    expect(page.rows()).toHaveLength(epochs.length);
    for (const [i, row] of page.rows().entries()) {
      const { epoch, paid, root } = epochs[i];
      expect(row[0].replace(/\D/g, "")).toBe(String(epoch));
      expect(row[2].replaceAll(" ", "")).toBe(String(paid));
      expect(root.startsWith(row[4].split("…")[0])).toBe(true);
    }
    expect(plain(page.text(".open-epoch .under"))).toStartWith(`${Math.floor(open.judgedShare * 100)} %`);
  });

  test("by rules that the gateway does not have are announced", async () => {
    const { versions } = page.gateway.deps;
    const told = "From epoch 20700 on nothing can be judged: the rule set is earshot-9";
    const announced = spyOn(versions, "announcedProblem").mockReturnValue(told);
    await page.gateway.clock.advance(5000);
    await page.go("#/");
    await page.go("#/epochs");
    announced.mockRestore();
    expect(page.text("[aria-label=Rules]")).toBe(`This gateway needs an update${told}.`);
    await page.gateway.clock.advance(5000);
    await page.go("#/");
    await page.go("#/epochs");
    expect(page.all("[aria-label=Rules]")).toEqual([]);
  });

  test("show who was paid, the most first, and each claim's proof", async () => {
    const { epochs } = await page.api("epochs?limit=1");
    await page.go(`#/epochs/${epochs[0].epoch}`);
    const { payments } = await page.api(`epochs/${epochs[0].epoch}`);
    const paid = payments.filter(({ delta }) => delta !== "0").map(({ delta }) => BigInt(delta));
    const shown = page
      .all("tbody .number .who")
      .map((cell) => BigInt(cell.firstChild.textContent.replace(/\D/g, "")));
    expect(shown).toEqual(paid.sort((a, b) => (a < b ? 1 : -1)));
    const claims = page.all("tbody a").filter(({ textContent }) => textContent === "proof");
    expect(claims).toHaveLength(shown.length);
    expect((await page.gateway.json(claims[0].getAttribute("href"))).body).toMatchObject({
      delta: String(shown[0]),
    });
    page.askedNow();
    await page.advance(61_000);
    expect(page.askedNow()).toEqual([]);
  });

  test("that cannot be read are told, and asked for again", async () => {
    await page.go("#/");
    page.network.isDown = true;
    await page.go("#/epochs");
    expect(page.text("[role=alert]")).toContain("The gateway does not answer.");
    page.network.isDown = false;
    await page.click(page.button("Try again"));
    expect(page.rows().length).toBeGreaterThan(0);
  });

  test("that are not there are told", async () => {
    await page.go("#/epochs/7");
    expect(page.text("[role=alert] strong")).toBe("Not found");
  });

  test("give their root to be copied, by hand where the browser has no clipboard", async () => {
    const [{ epoch, root }] = (await page.api("epochs?limit=1")).epochs;
    await page.go(`#/epochs/${epoch}`);
    const button = page.one(`[data-key="copy ${root}"]`);
    await page.click(button);
    expect([button.textContent, await page.window.navigator.clipboard.readText()]).toEqual(["Copied", root]);
    button.dispatchEvent(new page.window.Event("blur"));
    expect(button.textContent).toBe("Copy");
    Object.defineProperty(page.window.navigator, "clipboard", { value: undefined });
    await page.click(button);
    expect([button.textContent, page.copied]).toEqual(["Select and copy", [root]]);
  });
});
