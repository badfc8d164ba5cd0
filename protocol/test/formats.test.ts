import { expect, test } from "bun:test";
import { HOTSPOT_FORMATS } from "../src/network/hotspot-formats.ts";
import { NETWORK_FORMATS } from "../src/network/network-formats.ts";
import { formatsOf } from "../src/packet/formats.ts";
import { PACKET_FORMATS } from "../src/packet/shapes.ts";
import { messages } from "./sample-messages.ts";

test("a type that is not known has version 0", () => {
  expect(formatsOf([])).toEqual([]);
  expect(
    formatsOf([
      { typeNumber: 5, version: 2 },
      { typeNumber: 2, version: 7 },
    ]),
  ).toEqual([0, 7, 0, 0, 2]);
});

test("a gateway says of every type that there is which version it knows, an agent of those that it uses", () => {
  const codecs = [...PACKET_FORMATS, ...Object.values(messages).map(({ codec }) => codec)];
  for (const { typeNumber, version } of codecs) expect(NETWORK_FORMATS[typeNumber - 1]).toBe(version);
  expect(NETWORK_FORMATS.filter((version) => version > 0)).toHaveLength(codecs.length + 1);
  for (const [i, version] of HOTSPOT_FORMATS.entries()) expect([0, NETWORK_FORMATS[i]]).toContain(version);
  // Beacon, witness, status, reading; entropy, login token, verdicts, receipt.
  expect(HOTSPOT_FORMATS.slice(0, 8).every((version) => version > 0)).toBe(true);
});
