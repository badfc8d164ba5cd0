import type { LatestContacts } from "../src/judging/contacts.ts";
import type { EpochInputs } from "../src/judging/epoch-context.ts";
import { Scenario } from "../src/judging/scenario.ts";
import type { ReceivedBeacon, ReceivedPacket } from "../src/judging/types.ts";
import type { Denial } from "../src/network/denial.ts";
import { DRAND } from "../src/network/entropy.ts";
import type { BeaconPacket, Gnss, HeardWitness } from "../src/packet/packet.ts";
import { DEFAULT_PARAMETERS, type NetworkParameters } from "../src/parameters/parameters.ts";
import type { Hotspot } from "../src/registry/registry.ts";
import type { SettlementInputs } from "../src/rewards/settlement.ts";
import { reportDeadlineMs } from "../src/time/schedule.ts";

/*
 * An epoch that meets every reason there is, the same each time: 30 stations in a line, honest rounds in both
 * windows, and besides them one report changed in each way that a rule refuses.
 */

/** The last has been met by nobody yet. */
const HONEST = [0, 2, 3, 4, 5, 6, 7, 8, 26];
const NEWCOMER = 26;
/** Nobody has heard the one for too long, and the other has heard nobody. */
const [UNHEARD, DEAF] = [27, 28];
/** Its key was replaced. */
const RETIRED = 29;
const [NEIGHBOUR, DISTANT, DENIED, MOVED, FOREIGN, STRANGER, OTHER_PLAN, LOUD_PLACE] = [
  1, 9, 10, 11, 12, 13, 14, 25,
];
/** Stations that send the changed reports: none of them beacons or hears otherwise. */
const BENDERS = [15, 16, 17, 18, 19, 20, 21, 22, 23, 24];
const UNCOMMITTED = BENDERS[1];
const DISTANCES_M = [
  0, 120, 3000, 6000, 9000, 12_000, 15_000, 18_000, 21_000, 104_000, 8000, 7000, 11_000, 5000, 14_000, 4000,
  4500, 5500, 6500, 7500, 8500, 9500, 10_500, 11_500, 12_500, 3400, 13_500, 16_500, 17_500, 14_500,
];

const PARAMETERS: Partial<NetworkParameters> = {
  maxPaidWitnesses: 5,
  gnssRequired: 1,
  reciprocityPeriods: 30,
  minWitnessVersion: 2,
  regions: DEFAULT_PARAMETERS.regions.filter(({ id }) => id !== "KR920"),
};

/** Of a period in which drand did not answer. */
const UNPROVEN = { kind: DRAND, round: 1, signature: null, counts: false };

export interface DeterminismEpoch {
  inputs: EpochInputs;
  settlement: SettlementInputs;
}

export function determinismEpoch(): DeterminismEpoch {
  const scenario = new Scenario(DISTANCES_M, PARAMETERS);
  const rest = new Epoch(scenario);
  rest.honestRounds();
  rest.bentWitnesses();
  rest.oddHotspots();
  rest.bentBeacons();
  const hotspots = registry(scenario);
  const inputs = scenario.inputs(rest.packets, {
    hotspots,
    denials: denials(scenario),
    contactsBefore: contactsBefore(scenario),
    usedSequences: new Map([[scenario.hotspot(BENDERS[0] as number).id, [{ first: 900, last: 910 }]]]),
  });
  const before = new Map(HONEST.map((who) => [scenario.hotspot(who).id, BigInt(who) * 10n ** 20n]));
  return {
    inputs: {
      ...inputs,
      entropy: inputs.entropy
        .filter(({ index }) => index !== rest.unknownIndex)
        .map((one) => (one.index === rest.unprovenIndex ? { ...one, source: UNPROVEN } : one)),
    },
    settlement: { parameters: scenario.parameters, hotspots, before },
  };
}

function registry(scenario: Scenario): Hotspot[] {
  return scenario.stations.flatMap(({ hotspot }, who): Hotspot[] => {
    if (who === STRANGER) return [];
    if (who === MOVED) return [{ ...hotspot, relocatedAtMs: scenario.beacon(who).atMs - 3_600_000 }];
    if (who === FOREIGN) return [{ ...hotspot, region: "KR920" }];
    if (who === OTHER_PLAN) return [{ ...hotspot, region: "EU433" }];
    if (who === UNCOMMITTED) return [{ ...hotspot, commitments: [] }];
    if (who === LOUD_PLACE) return [{ ...hotspot, antennaGainDdbi: 150 }];
    if (who === RETIRED) return [{ ...hotspot, retired: { fromEpoch: scenario.epoch, successor: null } }];
    const payee = who % 3 === 0 ? new Uint8Array(20).fill(who + 1) : null;
    return [{ ...hotspot, payee }];
  });
}

function contactsBefore({ stations, epoch, parameters }: Scenario): Map<string, LatestContacts> {
  const last = epoch * parameters.epochPeriods - 1;
  const lately = { beaconed: last, witnessed: last };
  const contacts = stations.map(({ hotspot }, who): [string, LatestContacts] => {
    if (who === UNHEARD) return [hotspot.id, { ...lately, beaconed: last - 100 }];
    return [hotspot.id, who === DEAF ? { ...lately, witnessed: null } : lately];
  });
  return new Map(contacts.filter((_, who) => who !== NEWCOMER));
}

function denials(scenario: Scenario): Denial[] {
  const keyOf = (who: number) => scenario.hotspot(who).publicKey;
  const [hotspot, peer] = [keyOf(3), keyOf(4)].sort((a, b) => (a.toHex() < b.toHex() ? -1 : 1));
  const shared = { reason: "test", evidence: "case 1", atMs: 1_780_000_000_000 };
  const span = { fromEpoch: scenario.epoch - 1, untilEpoch: scenario.epoch + 1 };
  return [
    { hotspot: keyOf(DENIED), peer: null, ...shared, ...span },
    { hotspot: hotspot as Uint8Array, peer: peer as Uint8Array, ...shared, ...span },
    { hotspot: keyOf(5), peer: null, ...shared, fromEpoch: scenario.epoch - 2, untilEpoch: scenario.epoch },
  ];
}

type BentWitness = Partial<HeardWitness> | ((packet: HeardWitness) => Partial<HeardWitness>);

class Epoch {
  readonly packets: ReceivedPacket[] = [];
  unknownIndex: number | undefined;
  unprovenIndex: number | undefined;
  readonly #scenario: Scenario;
  readonly #heard: { of: number; packet: BeaconPacket }[] = [];
  #bent = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  honestRounds(): void {
    const { window } = this.#scenario;
    const second = [0, 7, 2, 4].map((of) => ({ of, at: window + 1 }));
    for (const { of, at } of [...HONEST.map((of) => ({ of, at: window })), ...second]) {
      const packet = this.#scenario.beacon(of, at);
      this.#beacon(of, packet);
      for (const who of HONEST) if (who !== of) this.#witness(who, of, packet);
      this.#heard.push({ of, packet });
    }
  }

  /** Each by another pair of beaconer and witness, so that none is another's duplicate. */
  bentWitnesses(): void {
    const bends: BentWitness[] = [
      ({ frame }) => ({ frame: frame.map((byte, i) => (i === 30 ? byte ^ 1 : byte)) }),
      ({ freqHz }) => ({ freqHz: freqHz + 200_000 }),
      ({ spreadingFactor }) => ({ spreadingFactor: spreadingFactor === 7 ? 8 : 7 }),
      { rssiDbm: 20 },
      { snrDdb: 300 },
      { snrDdb: -390 },
      { rssiDbm: -170 },
      { rssiDbm: -120, snrDdb: 150 },
      ({ atMs }) => ({ atMs: atMs + 60_000 }),
      ({ atMs }) => ({ atMs: atMs - 60_000 }),
      ...[1, 2, 4, 8, 16].map((integrityFlags) => this.#gnss({ integrityFlags })),
      { gnss: null },
      this.#gnss({ fixMode: 1 }),
      this.#gnss({ satellitesUsed: 2 }),
      this.#gnss({ latE7: 0 }),
    ];
    for (const bend of bends) this.#bentWitness(bend);
    this.#bentWitness({}, { version: 1 });
    const sent = this.#heard.map(({ packet }) => packet);
    const last = Math.max(...sent.map(({ entropyIndex }) => entropyIndex));
    const late = reportDeadlineMs(last, this.#scenario.parameters) + 1;
    this.#bentWitness({}, { receivedAtMs: late });
    this.#bentWitness(({ atMs }) => ({ atMs: atMs + 5000 }), {
      receivedAtMs: Math.min(...sent.map(({ atMs }) => atMs)) - 3000,
    });
    this.#sequences();
    this.#counters();
  }

  #sequences(): void {
    const [who, other] = [BENDERS[0] as number, BENDERS[1] as number];
    const { of, packet } = this.#heard[8] as { of: number; packet: BeaconPacket };
    this.#witness(who, of, packet, {}, { sequence: 905 });
    this.#witness(other, of, packet, {}, { sequence: 950 });
    this.#witness(other, of, packet, { tmstUs: 7 }, { sequence: 950 });
    this.#witness(other, of, packet, { tmstUs: 8 }, { sequence: 951 });
    this.#witness(of, of, packet);
  }

  /** Two reports of one concentrator whose counter stood still while the clock went on for minutes. */
  #counters(): void {
    const who = BENDERS[2] as number;
    const [first, second] = this.#heard.slice(8).toSorted((a, b) => a.packet.atMs - b.packet.atMs);
    if (first === undefined || second === undefined) throw new RangeError("Two rounds are needed");
    this.#witness(who, first.of, first.packet, { tmstUs: 4_000_000_000 });
    this.#witness(who, second.of, second.packet, { tmstUs: 4_000_000_001 });
  }

  /** Honest reports of hotspots about which something is not as it should be. */
  oddHotspots(): void {
    const { of, packet } = this.#heard[0] as { of: number; packet: BeaconPacket };
    for (const who of [NEIGHBOUR, DISTANT, DENIED, MOVED, FOREIGN, STRANGER, OTHER_PLAN, UNHEARD, RETIRED]) {
      this.#witness(who, of, packet);
    }
    const loud = this.#heard[1] as { of: number; packet: BeaconPacket };
    this.#witness(LOUD_PLACE, loud.of, loud.packet, { rssiDbm: -50, snrDdb: -50 });
    this.#witness(BENDERS[3] as number, STRANGER, this.#scenario.beacon(STRANGER));
    this.#beacon(FOREIGN, this.#scenario.beacon(FOREIGN));
    this.#beacon(DEAF, this.#scenario.beacon(DEAF));
    this.#witness(of, DEAF, this.#scenario.beacon(DEAF));
  }

  bentBeacons(): void {
    const honest = (i: number) => this.#scenario.beacon(BENDERS[i] as number);
    const bent: BeaconPacket[] = [
      { ...honest(0), value: new Uint8Array(32) },
      honest(1),
      { ...honest(2), atMs: honest(2).atMs + 200_000 },
      { ...honest(3), freqHz: honest(3).freqHz + 200_000 },
      { ...honest(4), spreadingFactor: honest(4).spreadingFactor === 7 ? 8 : 7 },
      { ...honest(5), powerDbm: 27 },
      honest(6),
    ];
    for (const [i, packet] of bent.entries()) this.#beacon(BENDERS[i] as number, packet);
    this.#beacon(BENDERS[6] as number, { ...honest(6), tmstUs: 1 });
    this.#revealedEarly(BENDERS[8] as number);
    this.#witness(2, BENDERS[5] as number, honest(5));
    this.unknownIndex = this.#uselessEntropy(BENDERS[7] as number);
    this.unprovenIndex = this.#uselessEntropy(BENDERS[8] as number);
    this.#twoInAWindow();
  }

  /** In a period whose entropy nobody else's beacon or draw needs. */
  #uselessEntropy(who: number): number {
    const window = this.#scenario.window + 1;
    const taken = new Set([
      ...this.#heard.map(({ packet }) => packet.entropyIndex),
      window * 10,
      this.unknownIndex,
    ]);
    const free =
      [9, 8, 7, 6, 5, 4].map((i) => window * 10 + i).find((index) => !taken.has(index)) ?? window * 10;
    this.#beacon(who, this.#scenario.beaconAt(who, free));
    return free;
  }

  /** At the very moment until which its witnesses might report. */
  #revealedEarly(who: number): void {
    const packet = this.#scenario.beacon(who, this.#scenario.window + 1);
    const receivedAtMs = reportDeadlineMs(packet.entropyIndex, this.#scenario.parameters);
    this.#beacon(who, packet, { receivedAtMs });
  }

  #twoInAWindow(): void {
    const scheduled = [...HONEST, ...BENDERS]
      .map((who) => ({ who, packet: this.#scenario.beacon(who, this.#scenario.window + 1) }))
      .find(
        ({ who, packet }) =>
          who > 16 &&
          who !== BENDERS[9] &&
          packet.entropyIndex % 10 > 0 &&
          ![this.unknownIndex, this.unprovenIndex].includes(packet.entropyIndex),
      );
    if (scheduled === undefined) throw new RangeError("No station beacons after its window's first period");
    const { who, packet } = scheduled;
    this.#beacon(who, packet);
    this.#beacon(who, this.#scenario.beaconAt(who, packet.entropyIndex - 1));
  }

  #bentWitness(bend: BentWitness, how: { receivedAtMs?: number; version?: number } = {}): void {
    const { of, packet } = this.#heard[this.#bent % 8] as { of: number; packet: BeaconPacket };
    const who = BENDERS[Math.floor(this.#bent / 8)] as number;
    this.#bent += 1;
    this.#witness(who, of, packet, bend, how);
  }

  #witness(who: number, of: number, sent: BeaconPacket, bend: BentWitness = {}, how = {}): void {
    const packet = { ...this.#scenario.witness(who, of, sent), gnss: this.#fix(who) };
    const changes = typeof bend === "function" ? bend(packet) : bend;
    this.packets.push(this.#scenario.receive(who, { ...packet, ...changes }, { version: 2, ...how }));
  }

  #beacon(who: number, packet: BeaconPacket, how: { receivedAtMs?: number } = {}): void {
    const received: ReceivedBeacon = this.#scenario.receive(who, { ...packet, gnss: this.#fix(who) }, how);
    this.packets.push(received);
  }

  #gnss =
    (change: Partial<Gnss>): BentWitness =>
    ({ gnss }) => ({ gnss: { ...(gnss as Gnss), ...change } });

  #fix(who: number): Gnss {
    const { latE7, lonE7 } = this.#scenario.hotspot(who);
    const quality = { fixMode: 3, satellitesUsed: 9, horizontalErrorDm: 20, integrityFlags: 0 } as const;
    return { ...quality, latE7, lonE7, altitudeM: 10 };
  }
}
