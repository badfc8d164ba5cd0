import { expect, test } from "bun:test";
import { groupRegisters } from "./register-groups.ts";
import type { RegisterEntry } from "./register-map.ts";
import { readGroup } from "./register-value.ts";

const LIMITS = { maxRegisters: 10, maxGapRegisters: 2 };
const entry = (address: number, more: Partial<RegisterEntry> = {}): RegisterEntry => ({
  quantity: `at_${address}`,
  function: 4,
  address,
  type: "u16",
  scale: 1,
  ...more,
});

function read(more: Partial<RegisterEntry>, ...registers: number[]): number | undefined {
  const [group] = groupRegisters([entry(0, more)], LIMITS);
  const view = new DataView(new ArrayBuffer(2 * registers.length));
  for (const [i, word] of registers.entries()) view.setUint16(2 * i, word);
  return group && readGroup(group, view).at_0;
}

test.each<[Partial<RegisterEntry>, number[], number | undefined]>([
  [{ scale: 0.1 }, [2303], 230.3],
  [{ type: "s16" }, [0xfffe], -2],
  [{ type: "u32" }, [1, 2], 65_538],
  [{ type: "u32", wordOrder: "low-first", scale: 0.001 }, [2, 1], 65.538],
  [{ type: "s32" }, [0xffff, 0xffff], -1],
  [{ type: "f32" }, [0x4366, 0x3333], 230.2],
  [{ type: "f32", wordOrder: "low-first" }, [0x3333, 0x4366], 230.2],
  [{ type: "f32" }, [0x7fc0, 0], undefined],
  [{ type: "f32" }, [0x7f80, 0], undefined],
  [{ absent: 0xffff }, [0xffff], undefined],
  [{ exponentAddress: 1 }, [1234, 0xfffe], 12.34],
  [{ exponentAddress: 1 }, [1234, 2], 123_400],
  [{ exponentAddress: 1 }, [1234, 0x8000], undefined],
])("%j of %j is %d", (more, registers, value) => expect(read(more, ...registers)).toBe(value as never));

const requests = (...entries: RegisterEntry[]) =>
  groupRegisters(entries, LIMITS).map(({ request }) => [request.function, request.address, request.count]);

test("neighbours are read together, far ones and other functions apart", () => {
  expect(requests(entry(4), entry(0), entry(2, { type: "f32" }))).toEqual([[4, 0, 5]]);
  expect(requests(entry(0), entry(4))).toEqual([
    [4, 0, 1],
    [4, 4, 1],
  ]);
  expect(requests(entry(0), entry(1, { function: 3 }))).toEqual([
    [3, 1, 1],
    [4, 0, 1],
  ]);
  expect(requests(entry(0, { type: "u32" }), entry(4), entry(6), entry(9, { type: "u32" }))).toEqual([
    [4, 0, 7],
    [4, 9, 2],
  ]);
  expect(requests(entry(5, { exponentAddress: 2 }))).toEqual([[4, 2, 4]]);
});
