import type { GpsReading } from "../gps-reading.ts";
import { satelliteKey } from "../satellites.ts";
import type { IntegrityFinding, WatchReport } from "./integrity-summary.ts";
import { mean, median, RecentValues, round } from "./recent-values.ts";
import { INTEGRITY_THRESHOLDS as T } from "./thresholds.ts";

interface Epoch {
  satellites: number;
  meanDbHz: number;
  spreadDb: number;
}

interface Fall {
  satellites: number;
  dropDb: number;
  /** Noise or interference rose with it. */
  disturbed: boolean;
}

const MIN_AGE_MS = 30_000;
const FORGOTTEN_MS = 120_000;
/** More than all constellations together have in view. */
const MAX_SATELLITES = 256;

/** How strong the signals are: alike, or falling together. */
export class SignalWatch {
  readonly #epochs = new RecentValues<Epoch>(T.windowMs);
  readonly #falls = new RecentValues<Fall>(T.windowMs);
  readonly #satellites = new Map<string, RunningMean>();
  #noise: RunningMean | undefined;
  #indicator: RunningMean | undefined;

  add(reading: GpsReading): void {
    const { atMs, satellites } = reading;
    const epoch = epochOf(reading);
    if (epoch !== undefined) this.#epochs.add(atMs, epoch);
    const tracked = satellites.filter(({ cn0DbHz }) => cn0DbHz !== undefined);
    const drops = tracked.flatMap((one) => this.#dropOf(satelliteKey(one), one.cn0DbHz ?? 0, atMs));
    const disturbed = this.#disturbance(reading);
    if (drops.length >= T.commonDropMinSatellites) {
      this.#falls.add(atMs, { satellites: drops.length, dropDb: median(drops), disturbed });
    }
    this.#forget(atMs);
  }

  report(elapsedMs: number): WatchReport {
    const epochs = this.#epochs.values(elapsedMs);
    const fall = this.#falls.values(elapsedMs).toSorted((a, b) => b.dropDb - a.dropDb)[0];
    const findings = [uniformFinding(epochs), fall && fallFinding(fall)].filter((one) => one !== undefined);
    const cn0 = typical(epochs);
    return {
      facts: { ...(cn0 && { cn0 }), ...(fall && { dropDb: round(fall.dropDb, 1) }) },
      findings,
    };
  }

  /** How far below its own mean the signal of a satellite is, once that is known. */
  #dropOf(key: string, cn0DbHz: number, atMs: number): number[] {
    const own = this.#satellites.get(key);
    if (own === undefined || own.silentMs(atMs) > FORGOTTEN_MS) {
      this.#satellites.set(key, new RunningMean(cn0DbHz, atMs));
      return [];
    }
    const drop = own.ageMs >= MIN_AGE_MS ? [own.value - cn0DbHz] : [];
    own.add(cn0DbHz, atMs);
    return drop;
  }

  #disturbance({ atMs, rfBlocks, jamming, jammingIndicator }: GpsReading): boolean {
    const noise = rfBlocks === undefined ? undefined : Math.max(...rfBlocks.map((one) => one.noisePerMs));
    const before = { noise: this.#noise?.value, indicator: this.#indicator?.value };
    this.#noise = added(this.#noise, noise, atMs);
    this.#indicator = added(this.#indicator, jammingIndicator, atMs);
    const isLoud = (noise ?? 0) > (before.noise ?? Number.POSITIVE_INFINITY) * T.noiseRise;
    const isNarrow =
      (jammingIndicator ?? 0) > (before.indicator ?? Number.POSITIVE_INFINITY) + T.indicatorRise;
    return isLoud || isNarrow || jamming === "warning" || jamming === "critical";
  }

  #forget(elapsedMs: number): void {
    for (const [key, own] of this.#satellites) {
      if (own.silentMs(elapsedMs) > FORGOTTEN_MS || this.#satellites.size > MAX_SATELLITES) {
        this.#satellites.delete(key);
      }
    }
  }
}

function added(
  own: RunningMean | undefined,
  value: number | undefined,
  atMs: number,
): RunningMean | undefined {
  if (value === undefined || !Number.isFinite(value)) return own;
  if (own === undefined) return new RunningMean(value, atMs);
  own.add(value, atMs);
  return own;
}

function epochOf({ satellites }: GpsReading): Epoch | undefined {
  const tracked = satellites.filter(({ cn0DbHz }) => cn0DbHz !== undefined);
  const used = tracked.filter((one) => one.used === true);
  const values = (used.length > 0 ? used : tracked).map(({ cn0DbHz }) => cn0DbHz ?? 0);
  if (values.length < 2) return undefined;
  const meanDbHz = mean(values);
  const spreadDb = Math.sqrt(mean(values.map((value) => (value - meanDbHz) ** 2)));
  return { satellites: values.length, meanDbHz, spreadDb };
}

/** Of each number the median. */
function typical(epochs: readonly Epoch[]): Epoch | undefined {
  if (epochs.length === 0) return undefined;
  return {
    satellites: round(median(epochs.map((one) => one.satellites))),
    meanDbHz: round(median(epochs.map((one) => one.meanDbHz)), 1),
    spreadDb: round(median(epochs.map((one) => one.spreadDb)), 1),
  };
}

const isUniform = ({ satellites, meanDbHz, spreadDb }: Epoch): boolean =>
  satellites >= T.uniformMinSatellites && meanDbHz >= T.uniformMinMeanDbHz && spreadDb < T.uniformSpreadDb;

function uniformFinding(epochs: readonly Epoch[]): IntegrityFinding | undefined {
  const uniform = epochs.filter(isUniform);
  const typicalOne = typical(uniform);
  if (typicalOne === undefined || uniform.length < T.uniformMinReadings) return undefined;
  if (uniform.length < T.uniformShare * epochs.length) return undefined;
  const { satellites, meanDbHz, spreadDb } = typicalOne;
  return {
    code: "signals_uniform",
    flag: "spoofing",
    text: `All ${satellites} signals are equally strong (${meanDbHz} dB-Hz, spread ${spreadDb} dB), as a simulator makes them and no sky does`,
    measured: { satellites, meanDbHz, spreadDb, limitDb: T.uniformSpreadDb },
  };
}

function fallFinding({ satellites, dropDb, disturbed }: Fall): IntegrityFinding | undefined {
  if (dropDb < T.commonDropDb) return undefined;
  const measured = { satellites, dropDb: round(dropDb, 1), limitDb: T.commonDropDb };
  const fell = `${satellites} signals fell together by ${measured.dropDb} dB`;
  return disturbed
    ? { code: "jammed", flag: "jamming", text: `${fell} while noise and interference rose`, measured }
    : { code: "signals_fell", text: `${fell}: something covers the antenna, or its cable is bad`, measured };
}

const TIME_CONSTANT_MS = 60_000;
/** Receivers that report ten times a second say the same ten times. */
const MIN_STEP_MS = 900;

/** The mean of one quantity over about the last minute, against which a sudden change is measured. */
export class RunningMean {
  #mean: number;
  readonly #sinceMs: number;
  #lastMs: number;

  constructor(value: number, atMs: number) {
    this.#mean = value;
    this.#sinceMs = atMs;
    this.#lastMs = atMs;
  }

  get value(): number {
    return this.#mean;
  }

  /** How long it was measured, up to the last time. */
  get ageMs(): number {
    return this.#lastMs - this.#sinceMs;
  }

  silentMs(elapsedMs: number): number {
    return elapsedMs - this.#lastMs;
  }

  add(value: number, atMs: number): void {
    const stepMs = atMs - this.#lastMs;
    if (stepMs < MIN_STEP_MS) return;
    this.#lastMs = atMs;
    const weight = 1 - Math.exp(-stepMs / TIME_CONSTANT_MS);
    this.#mean += weight * (value - this.#mean);
  }
}
