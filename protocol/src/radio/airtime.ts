/** Forward error correction as packet forwarders write it (`codr`): 4 data bits in 5 to 8 sent. */
export type CodingRate = "4/5" | "4/6" | "4/7" | "4/8";

export interface LoraDataRate {
  /** 7 … 12. */
  spreadingFactor: number;
  /** For LoRaWAN 125 000, 250 000 or 500 000. */
  bandwidthHz: number;
}

export interface AirtimeInput extends LoraDataRate {
  /** The PHYPayload, 0 … 255. */
  payloadBytes: number;
  /** Default "4/5", the only one of LoRaWAN. */
  codingRate?: CodingRate;
  /** The programmed preamble, without the 4.25 symbols that the modem adds. Default 8. */
  preambleSymbols?: number;
  /** Default true; false is the implicit header mode, used by class B beacons. */
  explicitHeader?: boolean;
  /** Default true, as for uplinks; LoRaWAN downlinks have no CRC. */
  crc?: boolean;
  /** Default: on when a symbol lasts longer than 16 ms (SF11 and SF12 at 125 kHz, SF12 at 250 kHz). */
  lowDataRateOptimize?: boolean;
}

const SYNC_QUARTER_SYMBOLS = 17;
const LOW_DATA_RATE_SYMBOL_MS = 16;
const CODED_BITS: Readonly<Record<CodingRate, number>> = { "4/5": 5, "4/6": 6, "4/7": 7, "4/8": 8 };

/**
 * LoRa time on air in milliseconds (Semtech AN1200.13, section 4; SX1276 datasheet, section 4.1.1.7).
 *
 *     symbol  = 2^SF / BW
 *     frame   = (preamble + 4.25 + 8 + max(0, ceil((8·PL − 4·SF + 28 + 16·CRC − 20·IH) / 4(SF − 2·DE)) · (CR + 4))) · symbol
 *
 * Counted in quarter symbols and divided once, so that every engine gives the same number.
 * @throws {RangeError} if a value is outside its range.
 */
export function airtimeMs(frame: AirtimeInput): number {
  checkFrame(frame);
  const { spreadingFactor, bandwidthHz, preambleSymbols = 8 } = frame;
  const quarterSymbols = 4 * (preambleSymbols + payloadSymbols(frame)) + SYNC_QUARTER_SYMBOLS;
  return (quarterSymbols * 2 ** spreadingFactor * 250) / bandwidthHz;
}

/** How long one LoRa symbol lasts, in milliseconds. */
export function symbolMs({ spreadingFactor, bandwidthHz }: LoraDataRate): number {
  return (2 ** spreadingFactor * 1000) / bandwidthHz;
}

function payloadSymbols(frame: AirtimeInput): number {
  const { spreadingFactor, payloadBytes, codingRate = "4/5", explicitHeader = true, crc = true } = frame;
  const { lowDataRateOptimize = symbolMs(frame) > LOW_DATA_RATE_SYMBOL_MS } = frame;
  const bits = 8 * payloadBytes - 4 * spreadingFactor + 28 + (crc ? 16 : 0) - (explicitHeader ? 0 : 20);
  const bitsPerBlock = 4 * (spreadingFactor - (lowDataRateOptimize ? 2 : 0));
  return 8 + Math.max(0, Math.ceil(bits / bitsPerBlock) * CODED_BITS[codingRate]);
}

function checkFrame({
  spreadingFactor,
  bandwidthHz,
  payloadBytes,
  codingRate,
  preambleSymbols = 8,
}: AirtimeInput) {
  checkInteger("spreadingFactor", spreadingFactor, 7, 12);
  checkInteger("bandwidthHz", bandwidthHz, 7_800, 1_625_000);
  checkInteger("payloadBytes", payloadBytes, 0, 255);
  checkInteger("preambleSymbols", preambleSymbols, 6, 65_535);
  if (codingRate !== undefined && !Object.hasOwn(CODED_BITS, codingRate)) {
    throw new RangeError(`codingRate is ${codingRate}, must be one of ${Object.keys(CODED_BITS).join(", ")}`);
  }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${name} is ${value}, must be an integer from ${min} to ${max}`);
}
