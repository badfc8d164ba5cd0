import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { hotspotId } from "./did-key.ts";
import { hotspotName } from "./hotspot-name.ts";

const ID = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";
const NAME = /^[a-z]+(-[a-z]+){2}$/;

test("the published example of the word lists", () => {
  expect(hotspotName("my ugly input string")).toBe("rapid-grey-rattlesnake");
});

test("every id has a name of lower-case words, always the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const id = hotspotId(key);
      expect(hotspotName(id)).toMatch(NAME);
      expect(hotspotName(id)).toBe(hotspotName(id));
    }),
  );
});

test("Deno gives the same name", () => {
  const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));
  const module = new URL("./hotspot-name.ts", import.meta.url).href;
  const program = `import { hotspotName } from ${JSON.stringify(module)}; console.log(hotspotName("${ID}"));`;
  const run = spawnSync(deno, ["eval", "--ext=ts", program], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("..", import.meta.url)),
  });
  expect({ status: run.status, name: run.stdout.trim(), stderr: run.status === 0 ? "" : run.stderr }).toEqual(
    {
      status: 0,
      name: hotspotName(ID),
      stderr: "",
    },
  );
});
