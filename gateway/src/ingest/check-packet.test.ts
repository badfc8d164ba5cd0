import { describe, expect, test } from "bun:test";
import { encodePacket, hotspotId, type PacketToSign, type Signer, upTopic } from "@earshot/protocol";
import { KeyCache } from "../access/key-cache.ts";
import {
  beaconOf,
  FIRST_EPOCH,
  idOf,
  PARAMETERS,
  signers,
  statusPacket,
  witnessOf,
} from "../testing/test-network.ts";
import { checkPacket as checkSent, openSent, type PacketChecks } from "./check-packet.ts";
import { SenderCache } from "./sender-cache.ts";
import { verifyNow } from "./signature-queue.ts";

const { network } = PARAMETERS;
const nowMs = FIRST_EPOCH * 8000;
const beacon = beaconOf("a", FIRST_EPOCH, 7);
const checks: PacketChecks = {
  network,
  senders: new SenderCache(network, new KeyCache()),
  isAllowed: () => true,
  latestIndex: beacon.index,
  quota: { admits: () => true, admitsReport: () => true },
};
const signed = (packet: PacketToSign, signer: Signer = signers.a, of = network) =>
  encodePacket(packet, signer, of);
const topicOf = (packet: PacketToSign, id = idOf("a")) => upTopic(network, id, packet.type);
const status = statusPacket(1, nowMs);

function checkPacket(topic: string, bytes: Uint8Array, these: PacketChecks, sender?: string) {
  const opened = openSent(topic, bytes, these, sender);
  return opened.ok ? checkSent(opened.sent, verifyNow(opened.sent), these) : opened;
}

function reasonOf(topic: string, bytes: Uint8Array, changes: Partial<PacketChecks> = {}, sender?: string) {
  const result = checkPacket(topic, bytes, { ...checks, ...changes }, sender);
  return result.ok ? "ok" : result.reason;
}

describe("a packet that stands", () => {
  test("names what it is about", () => {
    const { frame, ...heard } = witnessOf(beacon, 3);
    const topic = topicOf({ ...heard, frame }, idOf("b"));
    const result = checkPacket(topic, signed({ ...heard, frame }, signers.b), checks, idOf("b"));
    expect(result).toMatchObject({
      ok: true,
      checked: { hotspotId: idOf("b"), about: { entropyIndex: beacon.index }, decoded: { packet: heard } },
    });
    const own = checkPacket(topicOf(beacon.packet), signed(beacon.packet), checks);
    expect(own.ok && own.checked.about).toEqual({
      ...(result.ok ? result.checked.about : undefined),
      type: "beacon",
    } as never);
  });

  test("of a status there is nothing that it is about", () => {
    const result = checkPacket(topicOf(status), signed(status), checks);
    expect(result.ok && result.checked.about).toBeUndefined();
  });

  test("an offline status without a number is the last will; other packets need a number", () => {
    const will = { ...status, sequence: 0, state: "offline" } as const;
    expect(reasonOf(topicOf(will), signed(will))).toBe("ok");
    expect(reasonOf(topicOf(status), signed({ ...status, sequence: 0 }))).toBe("out_of_range");
    const witness = witnessOf(beacon, 0);
    expect(reasonOf(topicOf(witness), signed(witness))).toBe("out_of_range");
  });
});

describe("refused", () => {
  const bytes = signed(status);
  const flipped = bytes.slice();
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  const smallOrder = hotspotId(new Uint8Array(32).fill(0, 1).fill(1, 0, 1));
  const cases: Record<string, () => string> = {
    "wrong_topic: not an up topic": () => reasonOf(`earshot/1/${network}/entropy`, bytes),
    "wrong_topic: another hotspot's": () => reasonOf(topicOf(status, idOf("b")), bytes),
    "wrong_topic: another type's": () => reasonOf(upTopic(network, idOf("a"), "reading"), bytes),
    "wrong_topic: of no hotspot": () => reasonOf(topicOf(status, "nobody"), bytes),
    "wrong_topic: published by another": () => reasonOf(topicOf(status), bytes, {}, idOf("b")),
    "wrong_network: of the topic": () => reasonOf(upTopic("elsewhere", idOf("a"), "status"), bytes),
    "bad_signature: of another network": () => reasonOf(topicOf(status), signed(status, signers.a, "other")),
    "bad_signature: one bit": () => reasonOf(topicOf(status), flipped),
    "unknown_hotspot: not listed": () => reasonOf(topicOf(status), bytes, { isAllowed: () => false }),
    "inadmissible_key: of small order": () => reasonOf(topicOf(status, smallOrder), bytes),
    "too_large: more than a packet": () => reasonOf(topicOf(status), new Uint8Array(1025)),
    "from_future: about entropy that is not published": () =>
      reasonOf(topicOf(beacon.packet), signed(beacon.packet), { latestIndex: beacon.index - 1 }),
    "rate_limited: whatever is sent": () =>
      reasonOf(topicOf(status), new Uint8Array(3), { quota: { ...checks.quota, admits: () => false } }),
    "too_many_reports: on one period": () =>
      reasonOf(topicOf(beacon.packet), signed(beacon.packet), {
        quota: { ...checks.quota, admitsReport: () => false },
      }),
  };
  for (const [what, reason] of Object.entries(cases)) {
    test(what, () => expect(reason()).toBe(what.split(":")[0] as string));
  }
});
