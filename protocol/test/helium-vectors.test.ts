import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { vectorCases } from "./helium-vectors.ts";

/** Other numbers of the same form can be given instead. */
const FILE =
  process.env.EARSHOT_HELIUM_VECTORS ??
  fileURLToPath(new URL("../../../shared/reference/proof-of-coverage-vectors.json", import.meta.url));

describe("helium-2026 gives Helium's own numbers", () => {
  if (!existsSync(FILE)) {
    test.skip(`no vectors: ${FILE} is absent`, () => {});
    return;
  }
  for (const { name, expected, actual } of vectorCases(JSON.parse(readFileSync(FILE, "utf8")))) {
    test(name, () => expect(actual()).toEqual(expected));
  }
});
