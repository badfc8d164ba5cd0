import { omitUndefined } from "@earshot/protocol/runtime";
import type { FixMode, GpsReading } from "./gps-reading.ts";
import { type EpochPart, saysFix, type TimedSentence } from "./nmea-sentence.ts";
import type { ActiveSatellites, NmeaSky } from "./nmea-sky.ts";
import { hostClockOffset, type ReceiverCalendar, type ReceiverTime } from "./receiver-calendar.ts";

const DAY_MS = 86_400_000;
/** A ZDA or GST stamped so near to positions is no epoch of its own. Some receivers stamp ZDA for the next pulse. */
const COMPANION_MS = 10_000;

/** What the sentences of one epoch contained so far. */
export class NmeaEpoch {
  #part: EpochPart = {};
  #active: Omit<ActiveSatellites, "used"> | undefined;
  #used: Set<string> | undefined;
  #addresses = new Set<string>();
  #saysFix = false;
  /** When its first sentence with a time came, and its last. */
  #firstAtMs = 0;
  #atMs = 0;

  /** Whether this sentence opens the next epoch: it reports another time, or is the second of its address. */
  isEndedBy(address: string, part: EpochPart): boolean {
    return this.#addresses.has(address) || this.#isApartFrom(part);
  }

  /** Whether this sentence reports the date of another moment than the one that has positions here. */
  isOnlyDatedBy(type: string, part: EpochPart): boolean {
    return type === "ZDA" && this.#saysFix && this.#isApartFrom(part) && this.#isNear(part);
  }

  /** Whether it reported date or errors only, and the positions that it belongs to come with this sentence. */
  isCompanionOf(type: string, part: EpochPart): boolean {
    return !this.#saysFix && saysFix(type) && this.#isNear(part);
  }

  /** Whether this reported date has the time of this epoch. */
  isAtTimeOf(part: EpochPart): boolean {
    return this.#part.timeOfDayMs !== undefined && this.#part.timeOfDayMs === part.timeOfDayMs;
  }

  /** A sentence that carries a time. */
  addTimed({ address, type, part }: TimedSentence, atMs: number): void {
    if (this.#addresses.size === 0) this.#firstAtMs = atMs;
    this.#addresses.add(address);
    this.#saysFix ||= saysFix(type);
    // One sentence that doubts the position outweighs the others.
    const fixed = this.#part.fixed === false ? false : (part.fixed ?? this.#part.fixed);
    // A Telit reports GGA once for each system, with its own satellites only.
    const counts = [this.#part.satellitesUsed, part.satellitesUsed].filter((one) => one !== undefined);
    const satellitesUsed = counts.length === 0 ? undefined : Math.max(...counts);
    this.#part = { ...this.#part, ...omitUndefined(part), fixed, satellitesUsed };
    this.#atMs = atMs;
  }

  /** The content of a sentence without a time. */
  addUntimed(part: EpochPart): void {
    this.#part = { ...this.#part, ...omitUndefined(part) };
  }

  #isApartFrom({ timeOfDayMs: other }: EpochPart): boolean {
    const own = this.#part.timeOfDayMs;
    return own !== undefined && other !== undefined && own !== other;
  }

  #isNear({ timeOfDayMs: other }: EpochPart): boolean {
    const own = this.#part.timeOfDayMs;
    if (own === undefined || other === undefined) return false;
    const apartMs = Math.abs(own - other);
    return Math.min(apartMs, DAY_MS - apartMs) <= COMPANION_MS;
  }

  addActive(active: ActiveSatellites): void {
    const { used, ...rest } = active;
    const mode = Math.max(this.#active?.mode ?? 0, active.mode) as FixMode;
    this.#active = { ...this.#active, ...omitUndefined(rest), mode };
    this.#used = new Set([...(this.#used ?? []), ...used]);
  }

  /** The finished epoch, or undefined when no sentence carried its time. */
  reading(sky: NmeaSky, calendar: ReceiverCalendar): GpsReading | undefined {
    if (this.#addresses.size === 0) return undefined;
    const mode = this.#mode();
    const { horizontalErrorM, verticalErrorM, groundSpeedMps } = this.#part;
    const time = this.#time(calendar);
    return omitUndefined<GpsReading>({
      kind: "gps",
      atMs: this.#atMs,
      ...time,
      mode,
      ...(mode >= 2 ? { ...this.#position(mode), horizontalErrorM, verticalErrorM, groundSpeedMps } : {}),
      ...(mode >= 2 && time !== undefined ? hostClockOffset(this.#firstAtMs, time.timeMs) : {}),
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

  #time(calendar: ReceiverCalendar): ReceiverTime | undefined {
    const { timeOfDayMs, dayMs, fixed } = this.#part;
    const trusted = dayMs !== undefined || fixed === true;
    return timeOfDayMs === undefined || !trusted ? undefined : calendar.time(timeOfDayMs, dayMs);
  }
}
