import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatEvmAddress, parseEvmAddress } from "./evm-address.ts";

/** The test cases of ERC-55. */
const ERC_55 = [
  "0x52908400098527886E0F7030069857D2E4169EE7",
  "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
  "0xde709f2102306220921060314715629080e2fb77",
  "0x27b1fdb04752bbc536007a920d24acb045561c26",
  "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
  "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
  "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
  "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
];

const anyAddress = fc.uint8Array({ minLength: 20, maxLength: 20 });

test.each(ERC_55)("%s", (text) => {
  const bytes = parseEvmAddress(text) as Uint8Array;
  expect(bytes).toEqual(new Uint8Array(Buffer.from(text.slice(2), "hex")));
  expect(formatEvmAddress(bytes)).toBe(text);
  expect(parseEvmAddress(text.toLowerCase())).toEqual(bytes);
});

test("format and parse are inverse", () => {
  fc.assert(
    fc.property(anyAddress, (bytes) => {
      expect(parseEvmAddress(formatEvmAddress(bytes))).toEqual(bytes);
    }),
  );
});

test("changing the case of any letter of a mixed-case address breaks its checksum", () => {
  const swapCase = (c: string) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase());
  fc.assert(
    fc.property(anyAddress, fc.integer({ min: 2, max: 41 }), (bytes, i) => {
      const text = formatEvmAddress(bytes);
      const changed = text.slice(0, i) + swapCase(text[i] as string) + text.slice(i + 1);
      fc.pre(changed !== text && changed !== changed.toLowerCase());
      expect(parseEvmAddress(changed)).toBeUndefined();
    }),
  );
});

test("what is not an address is refused", () => {
  const address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
  const refused = [
    "",
    "0x",
    address.slice(2),
    `${address}0`,
    address.slice(0, -1),
    ` ${address}`,
    `${address}\n`,
    address.replace("0x", "0X"),
    `0x${address.slice(2).toUpperCase()}`,
    address.replace("5a", "5g"),
    address.replace("5a", "6a"),
  ];
  for (const text of refused) expect(parseEvmAddress(text)).toBeUndefined();
});

test("any text is judged without throwing", () => {
  fc.assert(fc.property(fc.string({ maxLength: 64 }), (text) => parseEvmAddress(text) === undefined));
});

test("bytes of another length are a mistake of the caller", () => {
  expect(() => formatEvmAddress(new Uint8Array(19))).toThrow("EVM address has 19 bytes, must have 20");
});
