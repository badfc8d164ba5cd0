import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatEui, formatId6, parseRouterId } from "./router-id.ts";

test("all forms of one id are one EUI", () => {
  const forms = [
    "b8:27:eb:ff:fe:c7:71:f2",
    "B8-27-EB-FF-FE-C7-71-F2",
    "b827ebfffec771f2",
    "b827:ebff:fec7:71f2",
    "router-b827:ebff:fec7:71f2",
    0xb827ebfffec771f2n,
  ];
  for (const form of forms) expect(parseRouterId(form)).toBe("b827ebfffec771f2");
});

test("ID6 leaves out zero groups", () => {
  expect(parseRouterId("::1")).toBe("0000000000000001");
  expect(parseRouterId("1::")).toBe("0001000000000000");
  expect(parseRouterId("a::b:c")).toBe("000a0000000b000c");
  expect(parseRouterId("::a:b:c")).toBe("0000000a000b000c");
  expect(parseRouterId("router-::1")).toBe("0000000000000001");
  expect(parseRouterId(1)).toBe("0000000000000001");
});

test("what is no id is refused", () => {
  const wrong = [
    "",
    "::",
    "0:0:0:0",
    0,
    -1,
    1.5,
    2 ** 60,
    1n << 64n,
    null,
    {},
    "1:2:3",
    "1:2:3:4:5",
    "1::2::3",
    "12345::1",
    "a:b:c::d",
    "xyz",
    "b827ebfffec771f",
    "b8-27-EB",
    ":::",
    "router-1",
    "g::1",
  ];
  for (const id of wrong) expect(parseRouterId(id)).toBeUndefined();
});

test("every EUI survives every form", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }), (value) => {
      const eui = value.toString(16).padStart(16, "0");
      for (const form of [value, eui, formatEui(eui), formatId6(eui)]) expect(parseRouterId(form)).toBe(eui);
    }),
  );
});

test("no text throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:-]*$/)), (id) => void parseRouterId(id)),
  );
});
