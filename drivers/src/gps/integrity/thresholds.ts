/**
 * From when on a measurement is a finding. `integrity-recordings.test.ts` measures what honest, standing receivers do
 * and checks the distance to these numbers; the figures below are from it (nine recordings, 548 epochs).
 */
export const INTEGRITY_THRESHOLDS = {
  /** A summary looks back so far. */
  windowMs: 60_000,
  /** A jump or a step is reported so long: afterwards the new position is the median, and the new time is consistent. */
  heldMs: 300_000,

  /**
   * All signals equally strong: the standard deviation of C/N0 over the satellites in use is below this, in dB. Under
   * an open sky low satellites are 10 dB and more weaker than high ones: with a mean of 35 dB-Hz or more the
   * recordings have at least 4.3 dB (57 epochs). A simulator on one cable makes 0 to 1 dB.
   */
  uniformSpreadDb: 1.5,
  uniformMinSatellites: 6,
  /** Of weak signals, near the limit of tracking, only similar ones are left: the recordings have 1.0 dB at 20 dB-Hz. */
  uniformMinMeanDbHz: 35,
  uniformMinReadings: 30,
  /** Of the readings of the window. */
  uniformShare: 0.8,

  /**
   * Signals fell together: median over at least 4 satellites against each one's own mean of the minute before. Undisturbed
   * recordings fall by at most 1.7 dB; one that lost its fix for a while fell by more than this. So this alone is no proof of
   * jamming: a flag also needs more noise, or a warning of the receiver's own.
   */
  commonDropDb: 8,
  commonDropMinSatellites: 4,
  /** Noise level against its own mean. */
  noiseRise: 1.5,
  /** u-blox's indicator (0 to 255) against its own mean; the recordings stay between 0 and 20. */
  indicatorRise: 60,

  /**
   * Off the running median, metres, on top of three times the error that the receiver itself reports. Honest fixes are
   * at most 21 m off, that one behind a loss of the fix.
   */
  jumpM: 50,
  jumpErrors: 3,
  /** Fixes in a row: gpsd's manual advises to verify three before believing one. */
  jumpFixes: 3,
  /** The median is over so many positions, one each 5 s. */
  medianPositions: 120,
  medianPeriodMs: 5000,
  medianMinPositions: 12,

  /** Speed over the ground of a fixed antenna: the recordings have at most 1.7 m/s, with weak signals. */
  movingMps: 5,
  movingReadings: 10,
  movingMs: 5000,

  /**
   * Receiver time against the host's. A receiver that has not heard the almanac for 12.5 minutes may be off by the leap
   * seconds announced since its firmware was made, 3 at most in the last decade; a busy serial line adds less than 0.5 s.
   */
  clockStepMs: 3500,
  /** Readings at the new time before it is a step and no glitch. */
  clockStepReadings: 3,
} as const;
