import { expect, test } from "bun:test";
import fc from "fast-check";
import { InboundGuard, MAX_INBOUND_PACKET_BYTES } from "./inbound-guard.ts";

/** A packet with that first byte and body (MQTT 3.1.1 §2.2). */
function packet(first: number, bodyBytes: number): Uint8Array {
  const length: number[] = [];
  let rest = bodyBytes;
  do {
    length.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  // A body that itself looks like headers.
  return Uint8Array.of(first, ...length, ...new Uint8Array(bodyBytes).fill(0xff));
}

const QOS_0_1 = fc.constantFrom(0x30, 0x31, 0x32, 0x3a, 0x40, 0x20, 0x90, 0xd0);

test("packets as the network sends them pass, however the stream is cut", () => {
  const packets = fc.array(fc.record({ first: QOS_0_1, bodyBytes: fc.nat({ max: 300 }) }), { maxLength: 20 });
  fc.assert(
    fc.property(packets, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (all, cuts) => {
      const stream = Buffer.concat(all.map(({ first, bodyBytes }) => packet(first, bodyBytes)));
      const guard = new InboundGuard();
      for (let at = 0, i = 0; at < stream.length; i++) {
        const next = at + (cuts[i % cuts.length] as number);
        expect(guard.check(stream.subarray(at, next))).toBeUndefined();
        at = next;
      }
    }),
  );
});

test("the longest passes; one byte more is refused by its header alone", () => {
  const headerBytes = 4;
  const longest = MAX_INBOUND_PACKET_BYTES - headerBytes;
  expect(new InboundGuard().check(packet(0x30, longest))).toBeUndefined();
  const header = packet(0x30, longest + 1).subarray(0, headerBytes);
  expect(new InboundGuard().check(header)).toContain(`a packet of ${MAX_INBOUND_PACKET_BYTES + 1} bytes`);
  expect(new InboundGuard().check(packet(0x30, 300_000).subarray(0, 4))).toContain("300004 bytes");
});

test("QoS 2, 3 and a length without end are refused", () => {
  expect(new InboundGuard().check(Uint8Array.of(0x34))).toContain("QoS 2");
  expect(new InboundGuard().check(Uint8Array.of(0x36))).toContain("QoS 2");
  expect(new InboundGuard().check(Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0xff))).toContain("is not MQTT");
});
