import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AnnouncedState,
  type Assertion,
  DRAND,
  drandEntropy,
  drandRoundAt,
  type Entropy,
  encodePacket,
  isReport,
  parametersHash,
  type ReceivedPacket,
  type ReceivedReport,
  type RegistryChange,
  registrationMessage,
  reportDeadlineMs,
  sha256,
} from "@earshot/protocol";
import { testChain } from "@earshot/protocol/drand-testing";
import { README } from "../../test/trust-table.ts";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { denialsHash } from "../bundle/registry-hash.ts";
import { manifestOf } from "../testing/test-bundle.ts";
import { type Claims, claiming, packetsOf, verified } from "../testing/test-edits.ts";
import {
  afterFirst,
  afterSecond,
  afterThird,
  agentsTell,
  bundleTells,
  chained,
  epoch,
  first,
  logTells,
  receiptTells,
  second,
  type Told,
  third,
} from "../testing/test-means.ts";
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
  witnessOf,
} from "../testing/test-network.ts";
import { runCheck } from "./check.ts";
import { checkEntropySource } from "./check-entropy-source.ts";
import { LIES, type LieId, MEANS, type Means, trusted, trustTable } from "./trust.ts";

/*
 * Each lie of the table is tried by an operator that has the network's keys and signs everything again, and every means
 * that can look at it is asked. What tells must be what the table says: no less, and no more.
 */

const startMs = epoch * 8000;
const changedAtMs = startMs - 1;
const { network } = PARAMETERS;

/* The same two epochs as a network has them that announces what it will judge by. */

const state: AnnouncedState = {
  ...{ closedEpoch: null, manifestHash: new Uint8Array(32), parametersHash: parametersHash(PARAMETERS) },
  ...{ denialsHash: denialsHash([]), registryHash: afterSecond.manifest.registryHash },
};
const stating = (list: readonly Entropy[], changes: Partial<AnnouncedState> = {}) =>
  chained(list.map((one) => ({ ...one, state: { ...state, ...changes } })));
const announcedFirst = claiming(first, { entropy: stating(afterFirst.entropy) });
const afterAnnounced = verified(announcedFirst);
const previous = {
  previousEpoch: FIRST_EPOCH,
  previousManifestHash: Uint8Array.fromHex(afterAnnounced.signed.hash),
};
/** The first bundle's from the last before the second epoch on; then what is new in the second. */
const overlapping = afterAnnounced.entropy.filter(({ index }) => index >= epoch * 4 - 1);
const newer = afterSecond.entropy.filter(({ index }) => index > (overlapping.at(-1) as Entropy).index);
const announcing = chained([...overlapping, ...newer.map((one) => ({ ...one, state }))]);
const announced = (claims: Claims = {}) =>
  claiming(second, { entropy: announcing, previous, ...claims }, afterFirst);
/** What is told of the second epoch, judged and signed again from these claims. */
const told = (claims: Claims) => bundleTells(announced(claims), afterAnnounced);

test("the honest bundles hold, each way", () => {
  expect(bundleTells(announced(), afterAnnounced)).toEqual({});
  expect(verified(announced(), { previous: afterAnnounced }).announced).toBe("compared");
  expect(bundleTells(second, afterFirst)).toEqual({});
  expect([first, second, third].map(logTells)).toEqual([{}, {}, {}]);
  expect(agentsTell(afterFirst.entropy, afterSecond.entropy)).toEqual({});
});

const own = (type: "beacon" | "witness"): ReceivedReport => {
  const reports = afterFirst.packets.filter(isReport);
  const found = reports.find(
    ({ packet, hotspotId }) => packet.type === type && hotspotId !== idOf("stranger"),
  );
  if (found === undefined) throw new TypeError(`No ${type} report`);
  return found;
};
const without = (unwanted: (packet: ReceivedPacket) => boolean) =>
  claiming(first, { packets: afterFirst.packets.filter((packet) => !unwanted(packet)) });
const receivedAt = (whose: ReceivedPacket, receivedAtMs: number) =>
  claiming(first, {
    packets: afterFirst.packets.map((one) => (one.id === whose.id ? { ...one, receivedAtMs } : one)),
  });

const honestB = assertionOf("b");
const elsewhere = { ...honestB, latE7: honestB.latE7 + 100_000 };
const registered = HOTSPOTS.find(({ id }) => id === idOf("b"))?.change as RegistryChange;
const statusOfB = (sequence: number, atMs: number, assertion: Assertion) =>
  encodePacket(statusPacket(sequence, atMs, assertion), signers.b, network);
const changeOfB = (evidence: Uint8Array, atMs = changedAtMs): RegistryChange => ({
  ...{ atMs, evidence, fromEpoch: Math.floor(atMs / 8000) + 1 },
});
const historyOfB = (...further: RegistryChange[]) =>
  new Map(HOTSPOTS.map(({ id, change }) => [id, id === idOf("b") ? [change, ...further] : [change]]));
/** Without announcements, which would show any of them. */
const changing = (...further: RegistryChange[]) =>
  bundleTells(claiming(second, { changes: historyOfB(...further) }, afterFirst), afterFirst);

/** A chain that begins with the second epoch, as if nothing had been before it. */
const anew = () =>
  claiming(second, {
    entropy: chained(
      afterSecond.entropy.filter(({ index }) => index >= epoch * 4),
      new Uint8Array(32),
    ),
    previous: { previousEpoch: null, previousManifestHash: new Uint8Array(32) },
    contactsBefore: new Map(),
    packets: afterSecond.packets.filter(
      (packet) => !isReport(packet) || packet.packet.entropyIndex >= epoch * 4,
    ),
  });

/** Every report of the test network is made up: no hotspot stands anywhere, no frame was sent, and they are paid. */
function madeUp(): Told {
  const paid = afterFirst.judgement.verdicts.filter(({ outcome }) => outcome === "paid");
  expect(new Set(paid.map(({ type }) => type))).toEqual(new Set(["beacon", "witness"]));
  return { ...bundleTells(first), ...bundleTells(second, afterFirst), ...logTells(first) };
}

type Tried = () => Told | string;

/** What each means told; of what is no operator's lie: the file whose tests try it. */
const TRIED: Record<LieId, Tried> = {
  // Left out before the index is judged: its root is without them too, and only the hotspot can tell.
  packets_omitted() {
    const packet = own("witness");
    const lie = without(({ id }) => id === packet.id);
    return { ...bundleTells(lie), ...receiptTells(lie, packet) };
  },

  beacons_omitted() {
    const packet = own("beacon");
    const lie = without((one) => one.packet.type === "beacon");
    return { ...bundleTells(lie), ...receiptTells(lie, packet) };
  },

  never_confirmed() {
    const bytes = encodePacket(witnessOf(beaconOf("b", FIRST_EPOCH, 0), 90), signers.near, network);
    expect(packetsOf(first).some((packet) => sha256(packet.bytes).toHex() === sha256(bytes).toHex())).toBe(
      false,
    );
    return { ...bundleTells(first), ...bundleTells(second, afterFirst), ...logTells(first) };
  },

  said_late() {
    const packet = own("witness");
    const lie = receivedAt(packet, reportDeadlineMs(packet.packet.entropyIndex, PARAMETERS) + 1);
    return { ...bundleTells(lie), ...receiptTells(lie, packet) };
  },

  said_early() {
    const packet = own("witness");
    const lie = receivedAt(packet, packet.packet.entropyIndex * 2000 - 1);
    return { ...bundleTells(lie), ...receiptTells(lie, packet) };
  },

  backdated() {
    const beacon = beaconOf("b", FIRST_EPOCH, 0);
    const template = own("witness");
    const bytes = encodePacket(witnessOf(beacon, 90), signers.a, network);
    const late: ReceivedPacket = {
      ...template,
      ...{ bytes, id: sha256(bytes).toHex(), hotspotId: idOf("a"), receivedAtMs: beacon.index * 2000 + 3000 },
    };
    const lie = claiming(first, { packets: [...afterFirst.packets, late] });
    expect(manifestOf(lie).counts.packets).toBe(manifestOf(first).counts.packets + 1);
    return { ...bundleTells(lie), ...logTells(lie) };
  },

  entropy_rewritten() {
    const removed = (afterSecond.entropy.at(-1) as Entropy).index - 1;
    const entropy = chained(afterSecond.entropy.filter(({ index }) => index !== removed));
    const lie = claiming(second, { entropy }, afterFirst);
    return {
      ...bundleTells(lie, afterFirst),
      ...logTells(lie),
      ...agentsTell(afterSecond.entropy, entropy),
    };
  },

  rules_backdated: () =>
    told({
      parameters: { ...PARAMETERS, version: 2, activationEpoch: epoch, poolPerEpoch: 2_000_006n },
    }),

  rules_twice() {
    const rules = { ...PARAMETERS, version: 2, activationEpoch: epoch, poolPerEpoch: 2_000_006n };
    const entropy = stating(afterAnnounced.entropy, { parametersHash: parametersHash(rules) });
    const before = claiming(first, { entropy });
    const known = verified(before);
    const from = entropy.filter(({ index }) => index >= epoch * 4 - 1);
    const claims = {
      entropy: chained([...from, ...newer.map((one) => ({ ...one, state }))]),
      previous: { ...previous, previousManifestHash: Uint8Array.fromHex(known.signed.hash) },
    };
    const judgedBy = (parameters: typeof rules) =>
      bundleTells(claiming(second, { ...claims, parameters }, afterFirst), known);
    expect(judgedBy(rules)).toEqual({});
    return judgedBy({ ...rules, poolPerEpoch: 3_000_009n });
  },

  move_backdated() {
    const changes = historyOfB(changeOfB(statusOfB(2, changedAtMs, elsewhere)));
    // Nothing else shows it.
    expect(bundleTells(claiming(second, { changes }, afterFirst), afterFirst)).toEqual({});
    return told({ changes });
  },

  payee_replayed() {
    const paid = statusOfB(9, changedAtMs - 8000, { ...honestB, payee: new Uint8Array(20).fill(5) });
    return changing(changeOfB(paid, changedAtMs - 8000), changeOfB(statusOfB(8, changedAtMs, honestB)));
  },

  place_replayed: () => changing(changeOfB(statusOfB(2, registered.atMs - 86_400_000, elsewhere))),

  payee_by_word() {
    const said = { ...honestB, payee: new Uint8Array(20).fill(6) };
    const word = { publicKey: signers.b.publicKey, atMs: changedAtMs, ...said };
    return changing(changeOfB(registrationMessage.seal(word, networkSigner, network)));
  },

  denial_backdated: () =>
    told({
      denials: [
        {
          ...{ hotspot: signers.b.publicKey, peer: null, reason: "made afterwards", evidence: "none" },
          ...{ atMs: startMs - 1, fromEpoch: epoch, untilEpoch: epoch + 1 },
        },
      ],
    }),

  closed_wrongly() {
    const draw = afterSecond.entropy.at(-1) as Entropy;
    const packets = afterSecond.packets.filter(({ receivedAtMs }) => receivedAtMs < draw.atMs);
    const early = claiming(second, { packets, closedAtMs: draw.atMs - 1 }, afterFirst);
    const { closedAtMs } = afterSecond.manifest;
    expect(bundleTells(early)).toHaveProperty("bundle");
    return bundleTells(second, afterFirst, closedAtMs - 60_001);
  },

  begun_anew() {
    const lie = anew();
    return {
      ...bundleTells(lie),
      ...logTells(lie),
      ...agentsTell(afterFirst.entropy, verified(lie).entropy),
    };
  },

  epoch_dropped() {
    const { entropy } = afterThird;
    const isKept = ({ index }: Entropy) => index < epoch * 4 || index >= (epoch + 1) * 4;
    const whole = [...afterSecond.entropy.filter(isKept), ...entropy.filter(isKept)];
    const kept = chained(whole.filter(({ index }, i) => whole.findIndex((one) => one.index === index) === i));
    const claims = {
      entropy: kept,
      previous: {
        previousEpoch: FIRST_EPOCH,
        previousManifestHash: Uint8Array.fromHex(afterFirst.signed.hash),
      },
      packets: afterThird.packets.filter(
        (packet) => !isReport(packet) || packet.packet.entropyIndex >= (epoch + 1) * 4,
      ),
      contactsBefore: afterFirst.contacts,
    };
    const lie = claiming(third, claims, afterSecond);
    return { ...bundleTells(lie, afterFirst), ...logTells(lie), ...agentsTell(afterSecond.entropy, kept) };
  },

  draw_chosen() {
    const chain = testChain();
    const chosen = (list: readonly Entropy[]) =>
      chained(list.with(-1, { ...(list.at(-1) as Entropy), value: new Uint8Array(32).fill(9) }));
    // The operator's own: nothing shows it.
    expect(
      bundleTells(claiming(second, { entropy: chosen(afterSecond.entropy) }, afterFirst), afterFirst),
    ).toEqual({});
    const parameters = { ...PARAMETERS, drandChain: chain };
    const proven = afterSecond.entropy.map((one): Entropy => {
      const round = drandRoundAt(one.atMs, chain);
      const signature = chain.sign(round);
      const source = { kind: DRAND, round, signature, counts: true };
      return { ...one, value: drandEntropy(signature, network, one.index), source };
    });
    const checked = (list: readonly Entropy[]) => runCheck(checkEntropySource(list, epoch, parameters));
    expect(checked(proven).ok).toBe(true);
    const outcome = checked(chosen(proven));
    return outcome.ok ? {} : { drand: outcome.difference.at };
  },

  two_bundles() {
    const { closedAtMs } = afterSecond.manifest;
    const lie = claiming(second, { closedAtMs: closedAtMs + 1000 }, afterFirst);
    const naming = (bundle: Bundle): Entropy => ({
      ...(afterSecond.entropy.at(-1) as Entropy),
      index: (epoch + 5) * 4,
      state: { ...state, closedEpoch: epoch, manifestHash: sha256(bundle[MANIFEST_FILE]) },
    });
    return {
      ...bundleTells(lie, afterFirst),
      ...logTells(lie),
      ...agentsTell([naming(second)], [naming(lie)]),
    };
  },

  key_ground: () => "protocol/src/beacon/chain.test.ts",
  place_asserted: madeUp,
  key_cloned: () => "protocol/src/registry/key-copies.test.ts",
  beacon_copied: () => "protocol/src/judging/witness-rules.test.ts",
  ring: madeUp,
  frames_told: madeUp,
  packets_held: () => "agent/test/answers.test.ts",
  messages_replayed: () => "agent/src/publisher/inbound-guard.test.ts",
};

const asked = (id: LieId) => LIES[id].shownBy.filter((means) => means !== "nothing").toSorted();

test.each(Object.keys(TRIED) as LieId[])("%s: what shows it is what the table says", (id) => {
  const outcome = TRIED[id]();
  if (typeof outcome === "string") {
    expect(LIES[id].by).not.toBe("the operator");
    expect(existsSync(join(import.meta.dir, "../../..", outcome))).toBe(true);
  } else expect(`${Object.keys(outcome).sort()}`).toBe(`${asked(id)}`);
});

test("the README has the table (`bun run docs` writes it)", () => {
  expect(readFileSync(README, "utf8")).toContain(`${trustTable()}\n\n`);
});

test("what is on trust is each lie of the operator that the means in use do not show", () => {
  const operators = (Object.keys(LIES) as LieId[]).filter((id) => LIES[id].by === "the operator");
  expect(trusted(new Set()).map(({ id }) => id)).toEqual(operators);
  const all = new Set(Object.keys(MEANS) as Means[]);
  all.delete("nothing");
  expect(trusted(all).map(({ id }) => id)).toEqual(["never_confirmed"]);
});
