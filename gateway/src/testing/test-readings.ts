import {
  encodePacket,
  hotspotId,
  type Quantity,
  quantityFacts,
  type Random,
  type ReadingPacket,
  type Signer,
  sha256,
} from "@earshot/protocol";
import type { StoredPacket } from "../store/records.ts";

/** Made-up devices for tests and for looking at the page: what they would send, without a number yet. */
export type UnnumberedReading = Omit<ReadingPacket, "sequence">;

export interface Stretch {
  /** End of the last period. */
  untilMs: number;
  periods: number;
  periodMs: number;
}

/** A quantity's mean at a time, and how far its smallest and largest value lie from it. */
interface Course {
  mean(atMs: number, period: number): number;
  spread: number;
}

const HOUR_MS = 3_600_000;
const dayShare = (atMs: number) => Math.sin((atMs / (24 * HOUR_MS)) * 2 * Math.PI);

/** As the agent sends it: integers of the quantity's last digit. */
export function quantityOf(name: string, mean: number, spread = 0, count = 60): Quantity {
  const { exponent } = quantityFacts(name);
  const digits = (value: number) => Math.round(value * 10 ** -exponent) + 0;
  return {
    name,
    exponent,
    min: digits(mean - spread),
    mean: digits(mean),
    max: digits(mean + spread),
    count,
  };
}

export const readingsOf = (
  source: string,
  { untilMs, periods, periodMs }: Stretch,
  courses: Readonly<Record<string, Course>>,
): UnnumberedReading[] =>
  Array.from({ length: periods }, (_, i) => {
    const atMs = untilMs - (periods - 1 - i) * periodMs;
    const quantities = Object.entries(courses).map(([name, { mean, spread }]) =>
      quantityOf(name, mean(atMs, i), spread),
    );
    return { type: "reading", atMs, source, periodMs, quantities };
  });

/** A house's meter: more power in the evening, energy that only grows. */
export function meterReadings(stretch: Stretch, random: Random): UnnumberedReading[] {
  let energyWh = 4_210_000;
  let powerW = 0;
  return readingsOf("meter", stretch, {
    power_w: {
      mean: (atMs) => {
        powerW = 620 + 380 * dayShare(atMs) + 240 * random() + (random() < 0.06 ? 1900 : 0);
        return powerW;
      },
      spread: 140,
    },
    voltage_v: { mean: (atMs) => 230.5 - 2 * dayShare(atMs) + random(), spread: 1.1 },
    current_a: { mean: () => powerW / 229, spread: 0.6 },
    frequency_hz: { mean: () => 49.98 + 0.04 * random(), spread: 0.02 },
    energy_wh: {
      mean: () => {
        energyWh += (powerW * stretch.periodMs) / HOUR_MS;
        return energyWh;
      },
      spread: 0,
    },
  });
}

/** Particles; from `stuckFrom` (number of the period) on the sensor says the same for ever. */
export function airReadings(
  stretch: Stretch,
  random: Random,
  stuckFrom = Number.POSITIVE_INFINITY,
): UnnumberedReading[] {
  const drift =
    (base: number, swing: number): Course["mean"] =>
    (atMs) =>
      Math.max(0.4, base + swing * dayShare(atMs - 5 * HOUR_MS) + 2 * random());
  const course = (mean: Course["mean"], spread: number): Course => ({ mean, spread });
  const courses = {
    pm2_5_ug_per_m3: course(drift(9, 4), 0.4),
    pm10_ug_per_m3: course(drift(15, 6), 0.4),
    temperature_c: course((atMs) => 14 + 6 * dayShare(atMs - 8 * HOUR_MS) + 0.3 * random(), 0.2),
    humidity_percent: course((atMs) => 62 - 14 * dayShare(atMs - 8 * HOUR_MS) + random(), 0.5),
  };
  const readings = readingsOf("air", stretch, courses);
  const stuck = readings[stuckFrom]?.quantities.filter(({ name }) => name.startsWith("pm")) ?? [];
  const held = new Map(stuck.map((each) => [each.name, { ...each, min: each.mean, max: each.mean }]));
  return readings.map((reading, i) =>
    i < stuckFrom
      ? reading
      : { ...reading, quantities: reading.quantities.map((each) => held.get(each.name) ?? each) },
  );
}

/** Signed and numbered from `first` on, as the gateway files them. */
export const filedReadings = (
  readings: readonly UnnumberedReading[],
  signer: Signer,
  network: string,
  first = 1,
): StoredPacket[] =>
  readings.map((reading, i) => {
    const sequence = first + i;
    const bytes = encodePacket({ ...reading, sequence }, signer, network);
    return {
      id: sha256(bytes).toHex(),
      hotspotId: hotspotId(signer.publicKey),
      type: "reading",
      sequence,
      receivedAtMs: reading.atMs + 200,
      bytes,
      entropyIndex: null,
      beaconKey: null,
      epoch: null,
      isLate: false,
      reading: { source: reading.source, atMs: reading.atMs },
    };
  });
