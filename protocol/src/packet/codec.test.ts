import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeBeaconFrame, witnessClaim } from "../beacon/frame.ts";
import { MAX_PACKET_BYTES, sealFields } from "../cose.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { anyPacket, packetsOfType } from "./arbitraries.ts";
import { decodePacket, encodePacket, verifyPacket } from "./codec.ts";
import type { Gnss, Packet, PacketType, ReadingPacket } from "./packet.ts";
import { longestPackets, typicalPackets } from "./samples.ts";

const NETWORK = "testnet-1";
const signer = signerFromSeed(new Uint8Array(32).fill(7));
const sizeOf = (packet: Packet) => encodePacket(packet, signer, NETWORK).length;

describe("packet sizes", () => {
  test("typical and longest", () => {
    const sizes = (packets: Partial<Record<PacketType, Packet>>) =>
      Object.values(packets).map((packet) => `${packet.type} ${sizeOf(packet)}`);
    console.log(`bytes, typical: ${sizes(typicalPackets).join(", ")}`);
    console.log(`bytes, longest: ${sizes(longestPackets).join(", ")}`);
    for (const packet of [...Object.values(typicalPackets), ...Object.values(longestPackets)]) {
      expect(sizeOf(packet)).toBeLessThanOrEqual(MAX_PACKET_BYTES);
    }
  });

  test("a witness packet with all that a radio may tell and the 32-byte key inside stays under 240 bytes", () => {
    expect(sizeOf(longestPackets.witness)).toBeLessThan(240);
    fc.assert(fc.property(packetsOfType.witness, (packet) => sizeOf(packet) < 240));
  });

  test("a reading that does not fit is a mistake of the caller", () => {
    const quantity = { name: "n".repeat(32), exponent: -12, min: -1e14, mean: -1e14, max: -1e14, count: 1e9 };
    const packet: ReadingPacket = { ...typicalPackets.reading, quantities: new Array(16).fill(quantity) };
    expect(() => sizeOf(packet)).toThrow(
      /^Cannot encode reading packet: it has 1\d{3} bytes; at most 1024 are allowed$/,
    );
  });
});

describe("what may not be sent is named, with its value and what is allowed", () => {
  const { status, witness } = typicalPackets;
  const { gnss } = witness;
  test.each<[Packet, string]>([
    [{ ...status, uptimeS: Number.NaN }, "status packet: uptimeS is NaN; whole numbers from 0 to 4294967295"],
    [{ ...status, atMs: 0 }, "status packet: atMs is 0; whole numbers from 946684800000 to 4102444800000"],
    [{ ...status, version: "1\n" }, 'status packet: version is "1\\n"; at most 32 bytes of UTF-8'],
    [{ ...witness, rssiDbm: 51 }, "witness packet: rssiDbm is 51; whole numbers from -200 to 50"],
    [
      { ...witness, gnss: { ...gnss, integrityFlags: 65_536 } as Gnss },
      "gnss.integrityFlags is 65536; whole numbers from 0 to 65535",
    ],
    [{ ...witness, claim: new Uint8Array(3) }, "claim is 3 bytes; 16 bytes are allowed"],
  ])("%#", (packet, told) => expect(() => sizeOf(packet)).toThrow(told));

  test("any flags together can be sent", () => {
    for (let integrityFlags = 0; integrityFlags < 32; integrityFlags++) {
      const packet = { ...witness, gnss: { ...gnss, integrityFlags } as Gnss };
      const read = decodePacket(encodePacket(packet, signer, NETWORK));
      expect(read.ok && read.decoded.packet).toEqual(packet);
    }
  });
});

describe.each(Object.keys(packetsOfType) as PacketType[])("%s packets", (type) => {
  const packets: fc.Arbitrary<Packet> = packetsOfType[type];

  test("come back as they were, with key and id", () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const bytes = encodePacket(packet, signer, NETWORK);
        const result = verifyPacket(bytes, NETWORK);
        if (!result.ok) throw new Error(result.code);
        expect(result.decoded.packet).toEqual(packet);
        expect(result.decoded.publicKey).toEqual(signer.publicKey);
        expect(result.decoded.id).toEqual(sha256(bytes));
        expect(result.decoded.bytes).toBe(bytes);
      }),
    );
  });

  test("any one flipped bit is refused", () => {
    fc.assert(
      fc.property(packets, fc.nat(), (packet, position) => {
        const bytes = encodePacket(packet, signer, NETWORK);
        const bit = position % (bytes.length * 8);
        bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(verifyPacket(bytes, NETWORK).ok).toBe(false);
      }),
    );
  });
});

test("everything that decodes says the same when it is encoded again", () => {
  const byte = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
  fc.assert(
    fc.property(anyPacket, fc.array(byte, { minLength: 1, maxLength: 2 }), (packet, edits) => {
      const bytes = encodePacket(packet, signer, NETWORK);
      for (const [position, value] of edits) bytes[position % bytes.length] = value;
      const result = decodePacket(bytes);
      if (!result.ok) return;
      const { packet: decoded, publicKey, signature } = result.decoded;
      const again = decodePacket(encodePacket(decoded, { publicKey, sign: () => signature }, NETWORK));
      expect(again.ok && again.decoded.packet).toEqual(decoded);
    }),
    { numRuns: 2000 },
  );
});

test("every single bit of one witness packet matters", () => {
  const bytes = encodePacket(longestPackets.witness, signer, NETWORK);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(verifyPacket(flipped, NETWORK).ok).toBe(false);
  }
});

test("every truncation is refused as truncated", () => {
  for (const packet of Object.values(typicalPackets)) {
    const bytes = encodePacket(packet, signer, NETWORK);
    for (let length = 0; length < bytes.length; length++) {
      expect(decodePacket(bytes.subarray(0, length))).toEqual({ ok: false, code: "truncated" });
    }
  }
});

test("a packet made for another network says so", () => {
  const bytes = encodePacket(typicalPackets.witness, signer, "other");
  expect(verifyPacket(bytes, NETWORK)).toEqual({ ok: false, code: "bad_signature" });
  const named = verifyPacket(bytes, NETWORK, { otherNetworks: ["third", "other"] });
  expect(named).toEqual({ ok: false, code: "wrong_network" });
});

test("a key of small order, under which anything verifies somewhere, is not admitted", () => {
  const publicKey = Uint8Array.of(1, ...new Uint8Array(31));
  const signature = Uint8Array.from([...publicKey, ...new Uint8Array(32)]);
  const bytes = encodePacket(typicalPackets.beacon, { publicKey, sign: () => signature }, NETWORK);
  expect(verifyPacket(bytes, NETWORK)).toEqual({ ok: false, code: "inadmissible_key" });
});

describe("payloads that are no packet", () => {
  const code = (fields: Parameters<typeof sealFields>[0]) => {
    const result = decodePacket(sealFields(fields, signer, NETWORK));
    return result.ok ? "ok" : result.code;
  };
  test.each([
    [0, "wrong_type"],
    ["beacon", "wrong_type"],
    [null, "wrong_type"],
    [[], "wrong_type"],
    [["1"], "wrong_type"],
    [[1n + 2n ** 60n], "wrong_type"],
    [[0, 1], "out_of_range"],
    [[5, 1], "out_of_range"],
    [[1, 0], "out_of_range"],
    [[1], "wrong_type"],
    [[1, 1], "wrong_type"],
  ] as const)("%p is refused as %s", (fields, expected) => {
    expect(code(fields)).toBe(expected);
  });

  test("a witness report as heard tells what the frame says, and only a hash of the rest", () => {
    const tag = new Uint8Array(16).fill(0x77);
    const { entropyIndex: _, shortId: __, claim: ___, ...heard } = typicalPackets.witness;
    const frame = encodeBeaconFrame({ entropyIndex: 7, shortId: new Uint8Array(8).fill(3), tag });
    const told = (other: Uint8Array) => () => encodePacket({ ...heard, frame: other }, signer, NETWORK);
    for (const index of [0, 1, 2]) {
      expect(told(frame.with(index, 0x40))).toThrow("frame is 31 bytes; only the 31 bytes of a beacon are");
    }
    expect(told(frame.subarray(1))).toThrow("frame is 30 bytes; only the 31 bytes of a beacon are allowed");
    const read = decodePacket(told(frame)());
    expect(read.ok && read.decoded.packet).toEqual({
      ...heard,
      entropyIndex: 7,
      shortId: new Uint8Array(8).fill(3),
      claim: witnessClaim(frame, signer.publicKey),
    });
  });
});

test("random bytes never throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => !verifyPacket(bytes, NETWORK).ok));
});
