import { expect, test } from "bun:test";
import { Mutex } from "./mutex.ts";

test("jobs run one after the other, in the order in which they came; one that fails holds up nobody", async () => {
  const mutex = new Mutex();
  const told: string[] = [];
  const first = Promise.withResolvers<void>();
  const jobs = [
    mutex.run(async () => {
      told.push("a begins");
      await first.promise;
      told.push("a ends");
      throw new Error("a failed");
    }),
    mutex.run(async () => told.push("b")),
  ];
  await Promise.resolve();
  expect(told).toEqual(["a begins"]);
  first.resolve();
  await expect(jobs[0]).rejects.toThrow("a failed");
  expect(await jobs[1]).toBe(3);
  expect(told).toEqual(["a begins", "a ends", "b"]);
});
