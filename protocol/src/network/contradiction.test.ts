import { expect, test } from "bun:test";
import { contradictionOf } from "./contradiction.ts";
import type { AnnouncedState, Entropy } from "./entropy.ts";

const bytes = (n: number) => new Uint8Array(32).fill(n);

const state = (closedEpoch: number | null, manifest = 1): AnnouncedState => ({
  closedEpoch,
  manifestHash: bytes(manifest),
  parametersHash: bytes(2),
  denialsHash: bytes(3),
  registryHash: bytes(4),
});

const entropy = (index: number, announced: AnnouncedState | null): Entropy => ({
  index,
  atMs: index * 60_000,
  value: bytes(index),
  previousHash: bytes(0),
  periodMs: 60_000,
  validityMs: 180_000,
  windowPeriods: 360,
  reportDeadlineMs: null,
  revealDeadlineMs: null,
  windowValue: bytes(5),
  source: null,
  state: announced,
});

test.each<[string, Entropy, Entropy, ReturnType<typeof contradictionOf>]>([
  ["the same message", entropy(1, state(7)), entropy(1, state(7)), undefined],
  ["another value for a period", entropy(1, null), { ...entropy(1, null), value: bytes(9) }, "two_messages"],
  ["another state for a period", entropy(1, state(7)), entropy(1, state(8)), "two_messages"],
  ["one epoch more", entropy(1, state(7)), entropy(2, state(8, 6)), undefined],
  ["the first epoch", entropy(1, state(null)), entropy(2, state(8)), undefined],
  ["no epoch more", entropy(1, state(7)), entropy(2, state(7)), undefined],
  ["a manifest changed", entropy(1, state(7)), entropy(2, state(7, 6)), "manifest_changed"],
  ["epochs taken back", entropy(1, state(7)), entropy(2, state(6)), "epochs_taken_back"],
  ["begun anew", entropy(1, state(7)), entropy(2, state(null)), "epochs_taken_back"],
  ["announced no more", entropy(1, state(7)), entropy(2, null), "state_left_out"],
  ["announced from now on", entropy(1, null), entropy(2, state(7)), undefined],
])("%s", (_what, one, other, found) => {
  expect(contradictionOf(one, other)).toBe(found);
  expect(contradictionOf(other, one)).toBe(found);
});
