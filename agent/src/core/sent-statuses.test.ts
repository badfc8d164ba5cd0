import { expect, test } from "bun:test";
import { SentStatuses } from "./sent-statuses.ts";

test("however many statuses are published without an answer, the latest 64 can be answered, and no others", () => {
  const answerable = Array.from({ length: 200 }, (_, i) => {
    const statuses = new SentStatuses();
    for (let j = 0; j < 200; j++) statuses.sent(`id ${j}`, j, 1000 * j);
    return statuses.answered(`id ${i}`) === undefined ? [] : [i];
  }).flat();
  expect(answerable).toEqual(Array.from({ length: 64 }, (_, i) => 136 + i));
});
