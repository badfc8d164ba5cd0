import { describe, expect, test } from "bun:test";
import {
  type Assertion,
  type Entropy,
  encodePacket,
  isReport,
  MAX_EVIDENCE_AGE_MS,
  type RegistryChange,
  registrationMessage,
  reportDeadlineMs,
} from "@earshot/protocol";
import type { Bundle } from "../bundle/bundle.ts";
import { testBundles } from "../testing/test-bundle.ts";
import { type Claims, claiming, verified, where } from "../testing/test-edits.ts";
import {
  assertionOf,
  beaconOf,
  FIRST_EPOCH,
  HOTSPOTS,
  idOf,
  networkSigner,
  PARAMETERS,
  signers,
  statusPacket,
} from "../testing/test-network.ts";
import { type VerifyOptions, verifyFiles } from "./verify-bundle.ts";

/*
 * Lies of an operator that holds the network's key and favours itself: everything is judged, settled and signed again
 * from what it claims, so that only the contradiction itself shows. Next to each stands what is allowed.
 */

const [first, second] = (await testBundles(2)) as [Bundle, Bundle];
/** The first bundle, as it is known when the second is looked at. */
const before = verified(first);
const epoch = FIRST_EPOCH + 1;
const startMs = epoch * 8000;
const { network, clockSkewMs } = PARAMETERS;

/** What is found in the second epoch's bundle, alone and as the successor of the first. */
function found(claims: Claims, options: VerifyOptions = {}): string {
  const lie = claiming(second, claims, before);
  const outcome = verifyFiles(lie, options);
  const inSeries = where(verifyFiles(lie, { ...options, previous: before }));
  // The bundle before may name it earlier; it never hides it.
  if (!outcome.ok) expect(inSeries).not.toBe("holds");
  return outcome.ok ? "holds" : `${where(outcome)}: ${outcome.difference.expected}`;
}

test("what is judged again from true claims is the bundle that the gateway wrote", () => {
  expect(claiming(first, {})).toEqual(first);
  expect(claiming(second, {}, before)).toEqual(second);
  expect(found({})).toBe("holds");
});

describe("receive times", () => {
  const base = verified(second);
  const drawing = base.entropy.at(-1) as Entropy;
  const receivedAt = (type: string, atMs: (index: number) => number): Claims => ({
    packets: base.packets.map((packet) => {
      const { packet: content } = packet;
      if (content.type !== type || packet.hotspotId === idOf("stranger")) return packet;
      return { ...packet, receivedAtMs: atMs((content as { entropyIndex: number }).entropyIndex) };
    }),
  });

  test.each(["beacon", "witness"])("of a %s report before its entropy existed", (type) => {
    const isOwn = (index: number) => index >= epoch * 4;
    const early = (index: number) => (isOwn(index) ? index * 2000 - 1 : startMs + 7000);
    expect(found(receivedAt(type, early))).toMatch(
      /^packets\.cbor: item \d+, packet [0-9a-f]{64}, receivedAtMs: \d+ or later, when entropy \d+ was published$/,
    );
    const at = (index: number) => (isOwn(index) ? index * 2000 : startMs + 7000);
    expect(found(receivedAt(type, at))).toBe("holds");
  });

  test("in time, of a report that is filed under a later epoch than its beacon", () => {
    const { index } = beaconOf("c", FIRST_EPOCH, 0);
    const deadlineMs = reportDeadlineMs(index, PARAMETERS);
    const lateAt = (receivedAtMs: number) => ({
      packets: base.packets.map((packet) =>
        isReport(packet) && packet.packet.entropyIndex === index ? { ...packet, receivedAtMs } : packet,
      ),
    });
    expect(found(lateAt(deadlineMs))).toEndWith(`a report filed under its own epoch, ${FIRST_EPOCH}`);
    expect(found(lateAt(deadlineMs + 1))).toBe("holds");
  });

  test("after the epoch was closed", () => {
    const closedAtMs = drawing.atMs + 1000;
    const [packet, ...rest] = base.packets;
    const late = (receivedAtMs: number) => ({
      closedAtMs,
      packets: packet === undefined ? rest : [{ ...packet, receivedAtMs }, ...rest],
    });
    expect(found(late(closedAtMs + 1))).toContain(`receivedAtMs: up to ${closedAtMs}, when the epoch closed`);
    expect(found(late(closedAtMs))).toBe("holds");
  });

  test("that fit only because entropy is said to be older than its period", () => {
    const shifted = (byMs: number): Claims => ({
      entropy: base.entropy.map((each) =>
        each.index === epoch * 4 + 1 ? { ...each, atMs: each.atMs + byMs } : each,
      ),
    });
    const at = /^entropy\.cbor: item 3, index \d+, atMs: a time in its period, from \d+ to \d+$/;
    expect(found(shifted(-1))).toMatch(at);
    expect(found(shifted(2000))).toMatch(at);
    expect(found(shifted(1999))).toBe("holds");
  });
});

describe("closing", () => {
  const draw = verified(second).entropy.at(-1) as Entropy;
  const place = "manifest.cbor: closedAtMs: ";
  const received = Math.max(...verified(second).packets.map(({ receivedAtMs }) => receivedAtMs));

  test("before the entropy that draws the last witnesses", () => {
    const packets = verified(second).packets.filter(({ receivedAtMs }) => receivedAtMs < draw.atMs);
    expect(found({ packets, closedAtMs: draw.atMs - 1 })).toBe(
      `${place}${draw.atMs} or later, when entropy ${draw.index} drew the last witnesses`,
    );
    expect(found({ packets, closedAtMs: draw.atMs })).toBe("holds");
  });

  test("in the future, by the auditor's clock, give or take a minute", () => {
    const closedAtMs = Math.max(draw.atMs, received) + 500_000;
    expect(found({ closedAtMs }, { nowMs: closedAtMs - 60_001 })).toContain("lies in the future");
    expect(found({ closedAtMs }, { nowMs: closedAtMs - 60_000 })).toBe("holds");
    expect(found({ closedAtMs })).toBe("holds");
  });

  test("before the epoch before", () => {
    const previous = verified(claiming(first, { closedAtMs: Date.UTC(2026, 0, 5) }));
    const previousManifestHash = Uint8Array.fromHex(previous.signed.hash);
    const claims = { previous: { previousEpoch: FIRST_EPOCH, previousManifestHash } };
    const outcome = verifyFiles(claiming(second, claims, before), { previous });
    expect(where(outcome)).toBe("manifest.cbor: closedAtMs");
  });
});

describe("the network's beginning", () => {
  test("claimed later than it was, so that earlier epochs count for nothing", () => {
    const previous = { previousEpoch: null, previousManifestHash: new Uint8Array(32) };
    expect(found({ previous, contactsBefore: new Map() })).toStartWith("entropy.cbor: item 1, ");
  });

  test("contacts before it, or before a hotspot was registered", () => {
    const contactsBefore = new Map([[idOf("a"), { beaconed: FIRST_EPOCH * 4 - 33, witnessed: null }]]);
    const at = `contacts.json: hotspot ${idOf("a")}: `;
    expect(found({ contactsBefore })).toBe(
      `${at}indexes from ${(FIRST_EPOCH - 8) * 4}, where it was registered`,
    );
    const none = verifyFiles(claiming(first, { contactsBefore }));
    expect(!none.ok && `${where(none)}: ${none.difference.expected}`).toBe(
      `${at}no entry: no epoch was before`,
    );
  });

  test("a contact that is older than its hotspot, whichever kind it is of", () => {
    const [registeredFrom, at] = [(FIRST_EPOCH - 8) * 4, `contacts.json: hotspot ${idOf("a")}: `];
    const contacts = (beaconed: number | null, witnessed: number | null) =>
      found({ contactsBefore: new Map([[idOf("a"), { beaconed, witnessed }]]) });
    for (const [early, other] of [
      [registeredFrom - 1, null],
      [registeredFrom - 1, epoch * 4 - 1],
    ] as const) {
      expect(contacts(early, other)).toStartWith(at);
      expect(contacts(other, early)).toStartWith(at);
    }
    for (const later of [registeredFrom, epoch * 4 - 1]) {
      const alone = claiming(second, {
        contactsBefore: new Map([[idOf("a"), { beaconed: later, witnessed: null }]]),
      });
      expect(where(verifyFiles(alone))).toBe("holds");
    }
    expect(contacts(epoch * 4, registeredFrom)).toStartWith(at);
    expect(contacts(registeredFrom, epoch * 4)).toStartWith(at);
  });

  test("contacts in an epoch that was skipped", () => {
    const previous = { previousEpoch: FIRST_EPOCH - 1, previousManifestHash: new Uint8Array(32).fill(1) };
    const contactsBefore = new Map([[idOf("a"), { beaconed: FIRST_EPOCH * 4, witnessed: null }]]);
    const [anchor, ...entropy] = verified(second).entropy;
    expect(found({ previous, contactsBefore })).toStartWith("entropy.cbor: item 1, ");
    expect([anchor?.index, entropy[0]?.index]).toEqual([epoch * 4 - 1, epoch * 4]);
  });
});

describe("changes of the registry", () => {
  const { b } = signers;
  const honest = assertionOf("b");
  const elsewhere = { ...honest, latE7: honest.latE7 + 100_000 };
  /** Just before the second epoch, in which it counts first. */
  const changedAtMs = startMs - 1;
  const status = (sequence: number, signedAtMs: number, what: Assertion) =>
    encodePacket(statusPacket(sequence, signedAtMs, what), b, network);
  const registration = (atMs: number, what: Assertion) =>
    registrationMessage.seal({ publicKey: b.publicKey, atMs, ...what }, networkSigner, network);
  const change = (evidence: Uint8Array, fields: Partial<RegistryChange> = {}): RegistryChange => ({
    atMs: changedAtMs,
    fromEpoch: epoch,
    evidence,
    ...fields,
  });
  const at = (n: number, field: string) => `registry.json: hotspot ${idOf("b")}, change ${n}: ${field}: `;
  /** What is found when b's history goes on with these changes. */
  const after = (...further: RegistryChange[]) => found({ changes: historyOfB(registered(), ...further) });
  const registered = () => HOTSPOTS.find(({ id }) => id === idOf("b"))?.change as RegistryChange;
  const historyOfB = (...changes: RegistryChange[]) =>
    new Map(HOTSPOTS.map(({ id, change: own }) => [id, id === idOf("b") ? changes : [own]]));

  test("older than the signed evidence for it, beyond what clocks may differ", () => {
    const signed = (aheadMs: number) => after(change(status(2, changedAtMs + aheadMs, elsewhere)));
    expect(signed(clockSkewMs + 1)).toStartWith(at(2, "evidence, time of signing"));
    expect(signed(clockSkewMs)).toBe("holds");
    const first = registered();
    const older = (atMs: number) => found({ changes: historyOfB({ ...first, atMs }) });
    expect(older(first.atMs - clockSkewMs - 1)).toStartWith(at(1, "evidence, time of signing"));
    // The operator's word is dated by the network's own clock.
    const said = (aheadMs: number) => after(change(registration(changedAtMs + aheadMs, elsewhere)));
    expect(said(1)).toStartWith(at(2, "evidence, time of signing"));
    expect(said(0)).toBe("holds");
  });

  test("to a place that was signed long ago, by the owner or the operator", () => {
    const signed = (ageMs: number) => after(change(status(2, changedAtMs - ageMs, elsewhere)));
    expect(signed(MAX_EVIDENCE_AGE_MS + 1)).toBe(
      `${at(2, "evidence, time of signing")}from ${changedAtMs - MAX_EVIDENCE_AGE_MS} to ${changedAtMs + clockSkewMs}, for a change at ${changedAtMs}`,
    );
    expect(signed(MAX_EVIDENCE_AGE_MS)).toBe("holds");
    const said = (ageMs: number) => after(change(registration(changedAtMs - ageMs, elsewhere)));
    expect(said(MAX_EVIDENCE_AGE_MS + 1)).toStartWith(at(2, "evidence, time of signing"));
    const registering = { ...registered(), evidence: status(1, registered().atMs - 86_400_000, honest) };
    expect(found({ changes: historyOfB(registering) })).toStartWith(at(1, "evidence, time of signing"));
  });

  test("by an older assertion, or one that was used before, in the guise of a newer change", () => {
    const two = (sequence: number, what: Assertion) => [
      change(status(7, changedAtMs - 8000, elsewhere), { atMs: changedAtMs - 8000, fromEpoch: epoch - 1 }),
      change(status(sequence, changedAtMs, what)),
    ];
    const superseded = `${at(3, "evidence, sequence number")}above 7, that of the owner's newest assertion`;
    expect(after(...two(6, honest))).toBe(superseded);
    expect(after(...two(7, honest))).toBe(superseded);
    expect(after(...two(8, honest))).toBe("holds");
    expect(after(change(registered().evidence))).toStartWith(at(2, "evidence, sequence number"));
    // The operator's word in between does not make it new.
    const [owner, replayed] = two(6, honest) as [RegistryChange, RegistryChange];
    const word = change(registration(changedAtMs - 8001, elsewhere), {
      atMs: changedAtMs - 8001,
      fromEpoch: epoch - 1,
    });
    const ownerBefore = { ...owner, atMs: owner.atMs - 8000, fromEpoch: epoch - 2 };
    const evidence = status(7, ownerBefore.atMs, elsewhere);
    expect(after({ ...ownerBefore, evidence }, word, replayed)).toStartWith(
      at(4, "evidence, sequence number"),
    );
  });

  test("that take a payee back by an older assertion", () => {
    const paid = change(status(9, changedAtMs - 8000, { ...honest, payee: new Uint8Array(20).fill(5) }), {
      atMs: changedAtMs - 8000,
      fromEpoch: epoch - 1,
    });
    expect(after(paid, change(status(8, changedAtMs, honest)))).toStartWith(
      at(3, "evidence, sequence number"),
    );
  });

  test("by a will, which has no number of its own", () => {
    const evidence = status(0, registered().atMs, honest);
    expect(found({ changes: historyOfB({ ...registered(), evidence }) })).toBe(
      `${at(1, "evidence, sequence number")}1 or more`,
    );
  });

  test("of an owner's payee, or of its want, by the operator's word", () => {
    const payee = new Uint8Array(20).fill(6);
    const said = (what: Assertion) => after(change(registration(changedAtMs, what)));
    const refused = at(2, "evidence, payee");
    expect(said({ ...honest, payee })).toMatch(/change 2: evidence, payee: 0x\w{40}, as the owner asserted/);
    expect(said({ ...honest, payee: null })).toStartWith(refused);
    expect(said(elsewhere)).toBe("holds");
    const none = { ...registered(), evidence: status(1, registered().atMs, { ...honest, payee: null }) };
    const given = change(registration(changedAtMs, { ...honest, payee }));
    expect(found({ changes: historyOfB(none, given) })).toStartWith(refused);
    // Where the owner never said anything, the operator's word is all there is.
    const listed = { ...registered(), evidence: registration(registered().atMs, honest) };
    expect(found({ changes: historyOfB(listed, given) })).toBe("holds");
    expect(found({ changes: historyOfB(listed, change(status(1, changedAtMs, honest))) })).toBe("holds");
  });

  test("dated so that a cooldown is over, or counted in another epoch than the next", () => {
    const moved = (atMs: number, fromEpoch = epoch) =>
      after(change(status(2, atMs, elsewhere), { atMs, fromEpoch }));
    const allowed = `${at(2, "atMs")}a time from ${startMs - 8000} to ${startMs - 1}, before epoch ${epoch} began`;
    expect([moved(startMs - 8001), moved(startMs)]).toEqual([allowed, allowed]);
    expect(moved(startMs - 8000)).toBe("holds");
    const registering = { ...registered(), fromEpoch: epoch };
    const { closedAtMs } = before.manifest;
    expect(found({ changes: historyOfB(registering), closedAtMs })).toBe(
      `${at(1, "atMs")}a time from ${startMs - 8000} to ${closedAtMs}, when the epoch closed`,
    );
  });

  test("out of order", () => {
    const registering = {
      ...registered(),
      atMs: changedAtMs,
      evidence: status(1, changedAtMs, honest),
    };
    const then = (atMs: number) =>
      found({ changes: historyOfB(registering, change(status(2, changedAtMs, elsewhere), { atMs })) });
    expect(then(changedAtMs)).toBe(`${at(2, "atMs")}a time after that of the change before, ${changedAtMs}`);
    expect(then(changedAtMs - 1)).toStartWith(at(2, "atMs"));
    const earlier = { ...registering, atMs: changedAtMs - 1 };
    expect(found({ changes: historyOfB(earlier, change(status(2, changedAtMs, elsewhere))) })).toBe("holds");
  });
});
