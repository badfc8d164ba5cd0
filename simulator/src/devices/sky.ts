import type { Position, Random } from "@earshot/protocol";
import { offset } from "../placement/offset.ts";
import { between, normal, randomFor } from "../radio/random.ts";

/** One satellite above the horizon. */
export interface SkySatellite {
  system: "G" | "R" | "E";
  /** Number within the constellation. */
  id: number;
  elevationDeg: number;
  azimuthDeg: number;
  cn0DbHz: number;
  used: boolean;
}

/** What a receiver computes each second. */
export interface Fix {
  timeMs: number;
  /** The true position and noise. */
  position: Position;
  altitudeMslM: number;
  geoidSeparationM: number;
  hdop: number;
  vdop: number;
  pdop: number;
  /** 1 sigma. */
  horizontalErrorM: number;
  verticalErrorM: number;
  satellites: SkySatellite[];
}

export interface SkyOptions {
  seed: number;
  /** Of the receiver: each one has its own noise under the same sky. */
  id: string;
  position: Position;
  altitudeMslM: number;
  geoidSeparationM: number;
}

const MIN_USED_CN0_DB_HZ = 26;
/** Noise of a fixed receiver, metres: a slow wander of several minutes and a little from second to second. */
const WANDER_M = 1.2;
const WANDER_PERIOD_MS = 400_000;
const JITTER_M = 0.15;

/** Simulated satellites and fixes: the same seed, receiver and second always give the same fix. */
export class Sky {
  readonly #options: SkyOptions;
  readonly #satellites: Omit<SkySatellite, "used">[];
  readonly #phases: readonly [number, number, number];

  constructor(options: SkyOptions) {
    this.#options = options;
    const random = randomFor("sky", options.seed);
    this.#satellites = [
      ...someSatellites(random, "G", 32, 9),
      ...someSatellites(random, "R", 24, 5),
      ...someSatellites(random, "E", 30, 5),
    ];
    const own = randomFor("receiver", options.seed, options.id);
    this.#phases = [own(), own(), own()];
  }

  /** The fix of the second that has begun last. */
  at(nowMs: number): Fix {
    const { seed, id, position, altitudeMslM, geoidSeparationM } = this.#options;
    const timeMs = Math.floor(nowMs / 1000) * 1000;
    const random = randomFor("fix", seed, id, timeMs);
    const wander = (phase: number) =>
      WANDER_M * Math.sin(2 * Math.PI * (timeMs / WANDER_PERIOD_MS + phase)) + JITTER_M * normal(random);
    const [north, east, up] = this.#phases;
    return {
      timeMs,
      position: offset(position, wander(north), wander(east)),
      altitudeMslM: altitudeMslM + 1.6 * wander(up),
      geoidSeparationM,
      hdop: 0.8,
      vdop: 1.2,
      pdop: 1.4,
      horizontalErrorM: 1.5,
      verticalErrorM: 2.4,
      satellites: this.#satellites.map((satellite) => tracked(satellite, random)),
    };
  }
}

function someSatellites(
  random: Random,
  system: SkySatellite["system"],
  numbers: number,
  count: number,
): Omit<SkySatellite, "used">[] {
  const step = Math.floor(numbers / count);
  return Array.from({ length: count }, (_, index) => {
    const elevationDeg = Math.round(between(random, 6, 85));
    return {
      system,
      id: 1 + index * step + Math.floor(random() * step),
      elevationDeg,
      azimuthDeg: Math.floor(random() * 360),
      // High satellites come in louder: some 30 dB-Hz at the horizon, 46 overhead.
      cn0DbHz: 28 + elevationDeg / 5,
    };
  });
}

function tracked(satellite: Omit<SkySatellite, "used">, random: Random): SkySatellite {
  const cn0DbHz = Math.round(satellite.cn0DbHz + 1.5 * normal(random));
  return { ...satellite, cn0DbHz, used: cn0DbHz >= MIN_USED_CN0_DB_HZ && satellite.elevationDeg >= 8 };
}
