import { importKey, utf8, verifyEd25519 } from "@earshot/protocol";
import {
  type HeliumAmounts,
  payloadToDc,
  SPLIT_PLACES,
  splitHeliumEpoch,
} from "../src/helium/epoch-split.ts";
import { parseHeliumAddress } from "../src/helium/identity.ts";
import {
  cellDistanceM,
  cellFromDecimal,
  freeSpaceBoundDbm,
  gridCells,
  isBelowMinDistance,
  isMaxDistanceExceeded,
  isRssiTooStrong,
} from "../src/helium/link-budget.ts";
import { isFrequencyOff } from "../src/helium/link-rules.ts";
import { isNewInterval, witnessLag } from "../src/helium/timing.ts";
import { fixed, formatFixed } from "../src/math/decimal.ts";
import { beaconerUnits, witnessUnits } from "../src/rewards/rewards.ts";

/*
 * Runs a file of Helium's numbers, in the form of reference/proof-of-coverage-vectors.json, against the port. Exact:
 * what is compared is the number itself, also where it is a floating-point one.
 */

/** One number, or a few that belong together, of the file. */
export interface VectorCase {
  name: string;
  expected: unknown;
  actual: () => unknown;
}

type Json = Record<string, never>;
/** A number of any size, as JSON number or as text. */
type Decimal = string | number;

const each = <T>(section: string, cases: readonly T[], make: (item: T) => Omit<VectorCase, "name">) =>
  cases.map((item, i) => ({ name: `${section} ${i + 1}: ${JSON.stringify(item)}`, ...make(item) }));

/** Of what is known those members that the file gives, to be compared as a whole. */
const answers = <T extends object>(known: T, given: object, keys: readonly (keyof T)[]) =>
  keys.filter((key) => key in given).map((key) => [key, known[key]]);

interface Fspl {
  tx_dbm: number;
  freq_hz: number;
  distance_m: number;
  beacon_gain_ddbi: number;
  witness_gain_ddbi: number;
  expected_dbm?: number;
  bound_dbm?: number;
  signal_ddbm?: number;
  verdict?: "ok" | "bad_rssi";
}

const fspl = ({ cases }: { cases: Fspl[] }) =>
  each("fspl", cases, (given) => {
    const keys = ["expected_dbm", "bound_dbm", "verdict"] as const;
    return { expected: answers(given, given, keys), actual: () => answers(bound(given), given, keys) };
  });

function bound(given: Fspl): Partial<Fspl> {
  const dbm = freeSpaceBoundDbm({
    txPowerDbm: given.tx_dbm,
    beaconerGainDdbi: given.beacon_gain_ddbi,
    witnessGainDdbi: given.witness_gain_ddbi,
    freqHz: given.freq_hz,
    distanceM: given.distance_m,
  });
  const isBad = given.signal_ddbm !== undefined && isRssiTooStrong(given.signal_ddbm, dbm);
  return { expected_dbm: dbm, bound_dbm: dbm, verdict: isBad ? "bad_rssi" : "ok" };
}

interface Distance {
  a: string;
  b: string;
  metres?: number;
  res11_cells?: number;
  max_distance?: "ok" | "exceeded";
  min_cells?: "ok" | "below";
}

const distance = ({ cases }: { cases: Distance[] }) =>
  each("distance", cases, (given) => {
    const keys = ["metres", "res11_cells", "max_distance", "min_cells"] as const;
    return { expected: answers(given, given, keys), actual: () => answers(measured(given), given, keys) };
  });

function measured({ a, b }: Distance) {
  const [from, to] = [cellFromDecimal(a), cellFromDecimal(b)];
  const metres = cellDistanceM(from, to);
  const cells = gridCells(from, to);
  return {
    metres,
    res11_cells: cells,
    max_distance: isMaxDistanceExceeded(metres) ? "exceeded" : "ok",
    min_cells: isBelowMinDistance(cells) ? "below" : "ok",
  };
}

const witnessLags = ({ cases }: { cases: { beacon: number; first: number; this: number; ok: boolean }[] }) =>
  each("witness_lag", cases, (given) => ({
    expected: given.ok,
    actual: () => {
      const lag = witnessLag(given.beacon * 1000, given.first * 1000, given.this * 1000);
      return lag.lagMs <= lag.maxLagMs;
    },
  }));

const frequency = (section: { beacon_hz: number; cases: { delta_hz: number; ok: boolean }[] }) =>
  each("frequency", section.cases, ({ delta_hz, ok }) => ({
    expected: ok,
    actual: () => !isFrequencyOff(section.beacon_hz, section.beacon_hz + delta_hz),
  }));

const beaconSchedule = (section: {
  interval_s: number;
  last: string;
  cases: { offset_s: number; ok: boolean }[];
}) =>
  each("beacon_schedule", section.cases, ({ offset_s, ok }) => ({
    expected: ok,
    actual: () => {
      const lastMs = Date.parse(section.last);
      return isNewInterval(lastMs + offset_s * 1000, lastMs, section.interval_s * 1000);
    },
  }));

const rewardUnits = (section: { n: number[]; beaconer: Decimal[]; per_witness: Decimal[] }) =>
  section.n.map((n, i) => ({
    name: `reward_units of ${n} witnesses`,
    expected: [section.beaconer[i], section.per_witness[i]].map(String),
    actual: () => [formatFixed(beaconerUnits(n), 4), formatFixed(witnessUnits(n), 4)],
  }));

const payloads = ({ cases }: { cases: [bytes: number, dc: number][] }) =>
  each("payload_to_dc", cases, ([bytes, dc]) => ({ expected: dc, actual: () => payloadToDc(bytes) }));

interface Signed {
  pubkey_b58: string;
  message_utf8: string;
  signature_hex: string;
  valid: boolean;
}

const ed25519 = (given: Signed): VectorCase[] => [
  {
    name: `ed25519 ${given.pubkey_b58}`,
    expected: given.valid,
    actual: () => {
      const address = parseHeliumAddress(given.pubkey_b58);
      if (address?.type !== "ed25519") return false;
      const signature = Uint8Array.fromHex(given.signature_hex);
      return verifyEd25519(importKey(address.key), utf8(given.message_utf8), signature);
    },
  },
];

interface Epoch {
  shares: [Decimal, Decimal][];
  share_order: ("beacon" | "witness")[];
  emissions_bones: Decimal;
  price: { raw: Decimal; decimals: number };
  dc: Decimal[];
  out_beacon_witness_dc: ([Decimal, Decimal, Decimal] | null)[];
  unallocated: Decimal;
}

/** Every member with an `out_beacon_witness_dc` is a case; it may say itself what is otherwise common to all. */
const epochRewards = (section: Partial<Epoch> & Record<string, unknown>) =>
  Object.entries(section)
    .filter(([, value]) => typeof value === "object" && value !== null && "out_beacon_witness_dc" in value)
    .map(([name, value]) => {
      const given = { ...section, ...(value as Partial<Epoch>) } as Epoch;
      return {
        name: `epoch_rewards ${name}`,
        expected: {
          amounts: given.out_beacon_witness_dc.map((amounts) => amounts?.map(String) ?? null),
          unallocated: String(given.unallocated),
        },
        actual: () => split(given),
      };
    });

function split(given: Epoch) {
  const exact = (value: Decimal | undefined) => fixed(String(value ?? 0), SPLIT_PLACES);
  const of = (own: readonly Decimal[], side: "beacon" | "witness") =>
    exact(own[given.share_order.indexOf(side)]);
  const shares = given.shares.map((own, i) => [
    String(i).padStart(6, "0"),
    { beacon: of(own, "beacon"), witness: of(own, "witness"), dc: exact(given.dc[i]) },
  ]);
  const { amounts, unallocated } = splitHeliumEpoch({
    emissions: BigInt(given.emissions_bones),
    shares: new Map(shares as [string, { beacon: bigint; witness: bigint; dc: bigint }][]),
    price: { raw: BigInt(given.price.raw), decimals: given.price.decimals },
  });
  const text = (own: HeliumAmounts | undefined) =>
    own === undefined ? null : [own.beacon, own.witness, own.dc].map(String);
  return {
    amounts: shares.map(([id]) => text(amounts.get(id as string))),
    unallocated: String(unallocated),
  };
}

const SECTIONS: Record<string, (section: never) => VectorCase[]> = {
  fspl,
  distance,
  witness_lag: witnessLags,
  frequency,
  beacon_schedule: beaconSchedule,
  reward_units: rewardUnits,
  payload_to_dc: payloads,
  ed25519,
  epoch_rewards: epochRewards,
};

/** All cases of a file. A section that this does not know is a case that fails. */
export function vectorCases(file: Json): VectorCase[] {
  return Object.entries(file)
    .filter(([section]) => section !== "source")
    .flatMap(
      ([section, content]) =>
        SECTIONS[section]?.(content) ?? [
          { name: `section ${section}`, expected: "a check", actual: () => "none is written" },
        ],
    );
}
