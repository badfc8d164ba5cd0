import { expect, test } from "bun:test";
import fc from "fast-check";
import { hotspotId } from "../crypto/did-key.ts";
import type { PacketType } from "../packet/packet.ts";
import { allUpFilter, downFilter, downTopic, entropyTopic, parseUpTopic, upTopic } from "./topics.ts";

const network = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/);
const hotspot = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hotspotId);
const type = fc.constantFrom<PacketType[]>("beacon", "witness", "status", "reading");

test("the topics of the design", () => {
  expect(upTopic("demo", "z6Mk1", "beacon")).toBe("earshot/1/demo/z6Mk1/up/beacon");
  expect(downTopic("demo", "z6Mk1", "verdict")).toBe("earshot/1/demo/z6Mk1/down/verdict");
  expect(downTopic("demo", "z6Mk1", "receipt")).toBe("earshot/1/demo/z6Mk1/down/receipt");
  expect(downFilter("demo", "z6Mk1")).toBe("earshot/1/demo/z6Mk1/down/+");
  expect(allUpFilter("demo")).toBe("earshot/1/demo/+/up/+");
  expect(entropyTopic("demo")).toBe("earshot/1/demo/entropy");
});

test("an up topic is parsed into its parts", () => {
  fc.assert(
    fc.property(network, hotspot, type, (name, id, kind) => {
      expect(parseUpTopic(upTopic(name, id, kind))).toEqual({ network: name, hotspot: id, type: kind });
    }),
  );
});

test("whatever is parsed formats to the same topic", () => {
  const level = fc.oneof(
    fc.constantFrom(
      "earshot",
      "1",
      "up",
      "down",
      "beacon",
      "reading",
      "constructor",
      "__proto__",
      "+",
      "#",
      "",
    ),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(level, { minLength: 4, maxLength: 8 }), (levels) => {
      const topic = levels.join("/");
      const parsed = parseUpTopic(topic);
      if (parsed !== undefined) expect(upTopic(parsed.network, parsed.hotspot, parsed.type)).toBe(topic);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  "",
  "earshot/1/demo/entropy",
  "earshot/1/demo/z6Mk1/down/verdict",
  "earshot/1/demo/z6Mk1/up/verdict",
  "earshot/1/demo/z6Mk1/up/constructor",
  "earshot/1/demo/z6Mk1/up/beacon/",
  "earshot/1/demo/z6Mk1/up/Beacon",
  "/earshot/1/demo/z6Mk1/up/beacon",
  "earshot/2/demo/z6Mk1/up/beacon",
  "earshot/1//z6Mk1/up/beacon",
  "earshot/1/demo//up/beacon",
  "earshot/1/demo/+/up/beacon",
  "earshot/1/demo/#/up/beacon",
])("%p is no up topic", (topic) => expect(parseUpTopic(topic)).toBeUndefined());
