import { expect, test } from "bun:test";
import fc from "fast-check";
import { generate, type IPublishPacket } from "mqtt-packet";
import { decode, type ProtocolVersion, pubacks } from "../mqtt/codec.ts";
import { readPublish } from "./publish.ts";

const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });
const properties = fc.record(
  {
    messageExpiryInterval: fc.nat(),
    contentType: text,
    responseTopic: text,
    correlationData: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    // The library writes nothing at all where there are none.
    userProperties: fc.dictionary(text, text, { minKeys: 1, maxKeys: 9 }),
  },
  { requiredKeys: [] },
);
const packet = fc.record({
  topic: text,
  payload: fc.uint8Array({ maxLength: 300 }),
  qos: fc.constantFrom(0, 1, 2),
  messageId: fc.integer({ min: 1, max: 0xffff }),
  properties,
});

test("a PUBLISH is read as the library writes it, whatever its publisher put into its properties", () => {
  const version = fc.constantFrom<ProtocolVersion>(4, 5);
  fc.assert(
    fc.property(packet, version, ({ payload, qos, messageId, ...rest }, protocolVersion) => {
      const written: IPublishPacket = {
        ...{
          cmd: "publish",
          dup: false,
          retain: false,
          payload: Buffer.from(payload),
          qos: qos as 0 | 1 | 2,
        },
        ...(qos === 0 ? {} : { messageId }),
        ...rest,
      };
      const read = readPublish(generate(written, { protocolVersion }), protocolVersion);
      expect(read).toEqual({ topic: rest.topic, payload, qos, messageId: qos === 0 ? 0 : messageId });
    }),
  );
});

test("bytes of any kind are read, or are not, and never throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 2, maxLength: 60 }), fc.constantFrom(4, 5), (bytes, version) => {
      bytes[1] = bytes.length - 2;
      readPublish(Buffer.from(bytes), version as ProtocolVersion);
      decode(Buffer.from(bytes), version as ProtocolVersion);
    }),
    { numRuns: 2000 },
  );
});

test("PUBACKs in one piece are what the library reads one by one", () => {
  const bytes = pubacks([1, 256, 0xffff]);
  const read = [0, 4, 8].map((at) => decode(bytes.subarray(at, at + 4), 5));
  expect(read).toMatchObject(
    [1, 256, 0xffff].map((messageId) => ({ cmd: "puback", messageId, reasonCode: 0 })),
  );
});
