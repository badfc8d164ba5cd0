import type { EpochPart } from "./nmea-sentence.ts";
import type { ActiveSatellites, NmeaSky } from "./nmea-sky.ts";
import type { FixMode, GpsReading } from "./reading.ts";
import type { ReceiverCalendar } from "./receiver-calendar.ts";
import { defined } from "./satellites.ts";

/** What the sentences of one epoch have said so far. */
export class NmeaEpoch {
  #part: EpochPart = {};
  #active: Omit<ActiveSatellites, "used"> | undefined;
  #used: Set<string> | undefined;
  #addresses = new Set<string>();
  #atMs = 0;

  /** Whether this sentence opens the next epoch: it tells another time, or is the second of its address. */
  isEndedBy(address: string, part: EpochPart): boolean {
    const [own, other] = [this.#part.timeOfDayMs, part.timeOfDayMs];
    return this.#addresses.has(address) || (own !== undefined && other !== undefined && own !== other);
  }

  /** A sentence that carries a time. */
  addTimed(address: string, part: EpochPart, atMs: number): void {
    this.#addresses.add(address);
    // One sentence that doubts the position outweighs the others.
    const fixed = this.#part.fixed === false ? false : (part.fixed ?? this.#part.fixed);
    this.#part = { ...this.#part, ...defined(part), fixed };
    this.#atMs = atMs;
  }

  addActive(active: ActiveSatellites): void {
    const { used, ...rest } = active;
    const mode = Math.max(this.#active?.mode ?? 0, active.mode) as FixMode;
    this.#active = { ...this.#active, ...defined(rest), mode };
    this.#used = new Set([...(this.#used ?? []), ...used]);
  }

  /** The finished epoch, or undefined when no sentence carried its time. */
  reading(sky: NmeaSky, calendar: ReceiverCalendar): GpsReading | undefined {
    if (this.#addresses.size === 0) return undefined;
    const mode = this.#mode();
    const { horizontalErrorM, verticalErrorM } = this.#part;
    return defined<GpsReading>({
      kind: "gps",
      atMs: this.#atMs,
      timeMs: this.#timeMs(calendar),
      mode,
      ...(mode >= 2 ? { ...this.#position(mode), horizontalErrorM, verticalErrorM } : {}),
      satellitesUsed: this.#satellitesUsed(),
      satellites: sky.satellites(this.#used),
      hdop: this.#active?.hdop ?? this.#part.hdop,
      vdop: this.#active?.vdop,
      pdop: this.#active?.pdop,
    });
  }

  #mode(): FixMode {
    const { fixed, altMslM, latDeg } = this.#part;
    if (fixed === false || this.#active?.mode === 1) return 1;
    if (fixed === undefined || latDeg === undefined) return 0;
    return this.#active?.mode || (altMslM === undefined ? 2 : 3);
  }

  /** The height of a two-dimensional fix is an old or assumed one. */
  #position(mode: FixMode): Partial<GpsReading> {
    const { latDeg, lonDeg, altMslM, geoidSeparationM } = this.#part;
    if (mode === 2 || altMslM === undefined) return { latDeg, lonDeg };
    const altHaeM = geoidSeparationM === undefined ? undefined : altMslM + geoidSeparationM;
    return { latDeg, lonDeg, altMslM, altHaeM };
  }

  /** GGA of many receivers stops counting at 12; GSA names them all. */
  #satellitesUsed(): number | undefined {
    const { satellitesUsed } = this.#part;
    if (this.#used === undefined) return satellitesUsed;
    return Math.max(satellitesUsed ?? 0, this.#used.size);
  }

  #timeMs(calendar: ReceiverCalendar): number | undefined {
    const { timeOfDayMs, dayMs, fixed } = this.#part;
    const trusted = dayMs !== undefined || fixed === true;
    return timeOfDayMs === undefined || !trusted ? undefined : calendar.timeMs(timeOfDayMs, dayMs);
  }
}
