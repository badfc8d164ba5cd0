/** How far a 125 kHz channel may lie from the centre of its radio (SX1301 and SX1302 HAL: 925 kHz usable bandwidth). */
export const MAX_OFFSET_HZ = 400_000;
const MULTI_SF_DEMODULATORS = 8;

interface PlannedChannel {
  freqHz: number;
  radio: 0 | 1;
  /** From the centre of its radio. */
  offsetHz: number;
}

/** What the two radios of a concentrator are tuned to. */
export interface RadioPlan {
  radioHz: readonly [number, number];
  /** In the order of the channels given: the index is the demodulator. */
  channels: readonly PlannedChannel[];
}

/**
 * Tunes two radios so that they cover all channels, each as near to the middle as can be: of all ways to part the
 * channels by frequency, the one whose widest part is narrowest.
 *
 * @throws {RangeError} when there are none or more than eight, or two radios cannot cover them.
 */
export function planRadios(channelsHz: readonly number[]): RadioPlan {
  if (channelsHz.length < 1 || channelsHz.length > MULTI_SF_DEMODULATORS) {
    throw new RangeError(`There are ${channelsHz.length} channels; a concentrator takes 1 to 8`);
  }
  const sorted = channelsHz.toSorted((one, other) => one - other);
  const cut = narrowestCut(sorted);
  const low = sorted.slice(0, cut);
  const lowHz = middle(low);
  const radioHz = [lowHz, cut < sorted.length ? middle(sorted.slice(cut)) : lowHz] as const;
  const channels = channelsHz.map((freqHz): PlannedChannel => {
    const radio = low.includes(freqHz) ? 0 : 1;
    return { freqHz, radio, offsetHz: freqHz - radioHz[radio] };
  });
  const widest = Math.max(...channels.map(({ offsetHz }) => Math.abs(offsetHz)));
  if (widest > MAX_OFFSET_HZ) {
    throw new RangeError(
      `A channel lies ${widest} Hz from the centre of its radio; allowed are ${MAX_OFFSET_HZ}`,
    );
  }
  return { radioHz, channels };
}

/** How many channels the lower radio gets. */
function narrowestCut(sorted: readonly number[]): number {
  let best = sorted.length;
  for (let cut = sorted.length; cut >= 1; cut--) {
    if (widestPart(sorted, cut) < widestPart(sorted, best)) best = cut;
  }
  return best;
}

function widestPart(sorted: readonly number[], cut: number): number {
  return Math.max(span(sorted.slice(0, cut)), span(sorted.slice(cut)));
}

const span = (sorted: readonly number[]): number => (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);

const middle = (sorted: readonly number[]): number =>
  Math.round(((sorted[0] ?? 0) + (sorted.at(-1) ?? 0)) / 2);
