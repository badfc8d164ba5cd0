import { describe, expect, test } from "bun:test";
import { fuzz, watched } from "./main.ts";

describe("mutated bytes at every door are answered and never taken for genuine", () => {
  test.each(["bun", "deno"] as const)("on %s", async (runtime) => {
    expect(await fuzz(runtime, 9, 0, 3)).toBeUndefined();
  });
});

test("the watch itself ends what hangs, and says so", async () => {
  const { hung } = await watched(["-e", 'console.log("begun"); for (;;);'], 1000);
  expect(hung).toBe(true);
});
