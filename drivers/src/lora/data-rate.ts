/** Bandwidths of LoRa chips in kHz as `datr` writes them: SX127x, SX126x and SX130x, then SX1280 (2.4 GHz). */
const BANDWIDTHS_KHZ = new Set([
  7.8, 10.4, 15.6, 20.8, 31.25, 41.7, 62.5, 125, 250, 500, 200, 203, 400, 406, 800, 812, 1600, 1625,
]);

export interface LoraDataRate {
  spreadingFactor: number;
  bandwidthHz: number;
}

/** "SF12BW125", in either case ("SF12Bw125" exists), SF5 and SF6 included. */
export function parseLoraDataRate(datr: string): LoraDataRate | undefined {
  const match = /^SF([5-9]|1[0-2])BW(\d{1,4}(?:\.\d{1,2})?)$/i.exec(datr);
  if (match === null || !BANDWIDTHS_KHZ.has(Number(match[2]))) return undefined;
  return { spreadingFactor: Number(match[1]), bandwidthHz: Math.round(Number(match[2]) * 1000) };
}

/** @throws {RangeError} for a data rate that no LoRa chip has. */
export function formatLoraDataRate(dataRate: LoraDataRate): string {
  const { spreadingFactor, bandwidthHz } = dataRate;
  const datr = `SF${spreadingFactor}BW${bandwidthHz / 1000}`;
  if (parseLoraDataRate(datr) === undefined) {
    throw new RangeError(
      `Data rate is SF ${spreadingFactor} at ${bandwidthHz} Hz; allowed are SF 5 to 12 at a LoRa bandwidth such as 125000`,
    );
  }
  return datr;
}

/** LR-FHSS channel width in Hz: "M0CW137" is 137 kHz. */
export function parseLrFhssWidthHz(datr: string): number | undefined {
  const match = /^M[0-7]CW(137|336|1523)$/i.exec(datr);
  return match === null ? undefined : Number(match[1]) * 1000;
}
