import { expect, test } from "bun:test";
import { sourceFiles, withoutComments } from "./source-files.ts";

/** Everything else is handed a `Clock` and a `Random`. A socket's own idle limit is its method `setTimeout`. */
const GLOBAL_TIME_AND_CHANCE =
  /(?<!\bsocket\.)\b(Date\.now|performance\.now|process\.hrtime|setTimeout|setInterval|Math\.random|Bun\.sleep)\b|new Date\(\)/g;

const isExempt = (path: string): boolean =>
  /\/main\.ts$/.test(path) || path.includes("/bench/") || path === "protocol/src/system-clock.ts";

test("time and chance are global only in each main.ts, the system clock and benchmarks", async () => {
  const files = await sourceFiles();
  const uses = files
    .filter(({ path }) => !isExempt(path) && path !== "simulator/test/time.test.ts")
    .flatMap(({ path, text }) =>
      [...withoutComments(text).matchAll(GLOBAL_TIME_AND_CHANCE)].map(([use]) => `${path}: ${use}`),
    );
  expect(uses).toEqual([]);
});

test("the check would see a use", async () => {
  const files = await sourceFiles();
  const clock = files.find(({ path }) => path === "protocol/src/system-clock.ts");
  expect(withoutComments(clock?.text ?? "").match(GLOBAL_TIME_AND_CHANCE)).toContain("Date.now");
});
